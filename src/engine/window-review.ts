// windows.confirm, unconfirm, reopen.
import type { Payload } from '../../protocol/commands/registry.ts';
import type { Decision } from './decision.ts';
import type { State } from './state.ts';

export function confirm(state: State, name: string, ask: Payload<'windows.confirm'>): Decision {
  throw new Error(`unwritten ${state} ${name} ${ask}`);
}
export function unconfirm(state: State, name: string, ask: Payload<'windows.unconfirm'>): Decision {
  throw new Error(`unwritten ${state} ${name} ${ask}`);
}
export function reopen(state: State, name: string, ask: Payload<'windows.reopen'>): Decision {
  throw new Error(`unwritten ${state} ${name} ${ask}`);
}
