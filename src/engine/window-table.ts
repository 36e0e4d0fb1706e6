// windows.put, accept, unaccept, cancel.
import type { Payload } from '../../protocol/commands/registry.ts';
import type { Decision } from './decision.ts';
import type { State } from './state.ts';

export function put(state: State, name: string, ask: Payload<'windows.put'>): Decision {
  throw new Error(`unwritten ${state} ${name} ${ask}`);
}
export function acceptTable(state: State, name: string, ask: Payload<'windows.accept'>): Decision {
  throw new Error(`unwritten ${state} ${name} ${ask}`);
}
export function unaccept(state: State, name: string, ask: Payload<'windows.unaccept'>): Decision {
  throw new Error(`unwritten ${state} ${name} ${ask}`);
}
export function cancelWindow(state: State, name: string, ask: Payload<'windows.cancel'>): Decision {
  throw new Error(`unwritten ${state} ${name} ${ask}`);
}
