// What is known of a key before its command is decided: the first answer, that it is fresh, or that
// nobody can say. Invariant: a key that was executed is never taken for fresh again.
//
// Above the watermark of its player (keys.ts) all is remembered, so what is not is fresh. Below it,
// a player's own key is too old. Keys of the service role are kept by the tables for a day, so the
// engine asks for a lookup, and the command comes again with what the tables said at one moment:
// that the key was decided; or that it was not, which counts when the key was below the watermark
// at that moment already (so that it can have been decided since only as a late key), when every
// late key that is not here is in those tables, and when the tables have dropped no key so great.

import { keyTimeMs } from '../../protocol/key.ts';
import { KEY_AHEAD_MAX_MS } from '../../protocol/limits.ts';
import type { Answered, Recalled, Sender } from './entry.ts';
import type { State } from './state.ts';

/**
 * 'late': fresh as well, but below the watermark. 'ahead': its time is too far in the future.
 * 'recall': the tables must be asked, or asked again.
 */
export type Known = Answered | 'fresh' | 'late' | 'expired' | 'ahead' | 'recall';

export interface Asked {
  readonly player: string;
  readonly sender?: Sender;
  readonly recalled?: Recalled | null;
}

export function knownOf(state: State, asked: Asked, key: string): Known {
  const { keys, lateKeys } = state;
  const player = state.players.find(asked.player);
  if (player >= 0) {
    const at = keys.find(player, key);
    if (at >= 0) return { digest: keys.digest(at), ok: keys.ok(at), body: keys.body(at) };
    if (keys.isForgotten(player, key)) {
      if (asked.sender === undefined || asked.sender === 'player') return 'expired';
      return lateKeys.find(player, key) ?? saidByTables(asked.recalled ?? null, key, state);
    }
  }
  return keyTimeMs(key) > state.nowMs + KEY_AHEAD_MAX_MS ? 'ahead' : 'fresh';
}

function saidByTables(recalled: Recalled | null, key: string, state: State): Known {
  if (recalled === null) return 'recall';
  if (recalled.answered !== null) return recalled.answered;
  const isBelow = recalled.watermark !== null && key <= recalled.watermark;
  if (!isBelow || recalled.sequence < state.lateKeys.neededSequence) return 'recall';
  const isDropped = recalled.floor !== null && key <= recalled.floor;
  return isDropped ? 'expired' : 'late';
}
