// windows.invite, join, decline, block, unblock, privacy.
import type { Payload } from '../../protocol/commands/registry.ts';
import type { Decision } from './decision.ts';
import type { State } from './state.ts';

export function invite(state: State, name: string, ask: Payload<'windows.invite'>): Decision {
  throw new Error(`unwritten ${state} ${name} ${ask}`);
}
export function join(state: State, name: string, ask: Payload<'windows.join'>): Decision {
  throw new Error(`unwritten ${state} ${name} ${ask}`);
}
export function decline(state: State, name: string, ask: Payload<'windows.decline'>): Decision {
  throw new Error(`unwritten ${state} ${name} ${ask}`);
}
export function block(state: State, name: string, ask: Payload<'windows.block'>): Decision {
  throw new Error(`unwritten ${state} ${name} ${ask}`);
}
export function unblock(state: State, name: string, ask: Payload<'windows.unblock'>): Decision {
  throw new Error(`unwritten ${state} ${name} ${ask}`);
}
export function setPrivacy(state: State, name: string, ask: Payload<'windows.privacy'>): Decision {
  throw new Error(`unwritten ${state} ${name} ${ask}`);
}
