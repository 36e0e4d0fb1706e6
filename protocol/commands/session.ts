// session.*: who is on the socket and what it listens to. Answered by the gateway.

import { z } from 'zod';
import { amountOrZero, playerId, timeMs } from '../fields.ts';
import {
  CHANNEL_LENGTH_MAX,
  CHANNELS_PER_COMMAND_MAX,
  REALM_LENGTH_MAX,
  TOKEN_LENGTH_MAX,
} from '../limits.ts';
import { text } from '../text.ts';
import type { CommandSpec } from './spec.ts';

export const role = z.enum(['guest', 'standard', 'premium', 'service']);
export type Role = z.infer<typeof role>;

/** Where a channel stood: the epoch and sequence of the last frame received on it. */
const position = z.strictObject({ epoch: amountOrZero, sequence: amountOrZero });

const channels = z
  .array(text({ max: CHANNEL_LENGTH_MAX }))
  .min(1)
  .max(CHANNELS_PER_COMMAND_MAX);

/** What is left of the player's rate limit, and when all of it is back. `null`: unlimited. */
export const budget = z
  .strictObject({ remaining: amountOrZero, refillMs: amountOrZero })
  .nullable();
export type Budget = z.infer<typeof budget>;

export const sessionCommands = {
  /**
   * The first command on a socket, within 5 s; sent again to renew the token of the same player.
   * `token` may be left out when the upgrade carried it. `resume` continues the private feed after
   * a lost connection; `budget: true` adds the remaining budget to each reply as a fourth element.
   */
  'session.open': {
    answeredBy: 'session',
    payload: z.strictObject({
      token: text({ max: TOKEN_LENGTH_MAX, min: 1 }).optional(),
      resume: position.optional(),
      budget: z.boolean().optional(),
    }),
    result: z.strictObject({
      player: playerId,
      role,
      protocol: z.int(),
      realm: z.string().max(REALM_LENGTH_MAX),
      epoch: amountOrZero,
      serverTimeMs: timeMs,
      expiresAtMs: timeMs,
      budget,
      /** True when the private feed goes on where `resume` says; false: subscribe to `me` again. */
      resumed: z.boolean(),
    }),
  },
  /** Each new channel then sends a snapshot in band, followed by its deltas or events. */
  'session.subscribe': {
    answeredBy: 'session',
    payload: z.strictObject({ channels }),
    result: z.strictObject({ channels }),
  },
  'session.unsubscribe': {
    answeredBy: 'session',
    payload: z.strictObject({ channels }),
    result: z.strictObject({ channels }),
  },
  /** After a gap: each channel sends a fresh snapshot in band. */
  'session.resync': {
    answeredBy: 'session',
    payload: z.strictObject({ channels }),
    result: z.strictObject({ channels }),
  },
  'session.ping': {
    answeredBy: 'session',
    payload: z.strictObject({}),
    result: z.strictObject({ serverTimeMs: timeMs }),
  },
} as const satisfies Record<string, CommandSpec>;
