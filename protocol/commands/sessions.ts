// sessions.*: what the game server does about the sessions of a player. Answered by the gateway,
// kept in the database, and obeyed by every node within two seconds.

import { z } from 'zod';
import { playerId, timeMs } from '../fields.ts';
import type { CommandSpec } from './spec.ts';

export const sessionsCommands = {
  /**
   * Closes every socket of a player with `ended`, and refuses tokens whose `iat` is before
   * `issuedFromMs`, on all nodes and after any restart. A token that is made later is good.
   */
  'sessions.end': {
    answeredBy: 'session',
    role: 'service',
    payload: z.strictObject({ player: playerId }),
    result: z.strictObject({ player: playerId, issuedFromMs: timeMs }),
  },
} as const satisfies Record<string, CommandSpec>;
