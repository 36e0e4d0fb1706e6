// history.*: what a player did, from the tables, page by page, newest first.

import { z } from 'zod';
import { pageLimit, playerId, recordId, tradeView } from '../fields.ts';
import { PAGE_ROWS_MAX } from '../limits.ts';
import type { CommandSpec } from './spec.ts';

export const historyCommands = {
  /** The caller's trades; another player's for the service role. `next` goes into `before`. */
  'history.trades': {
    answeredBy: 'read',
    payload: z.strictObject({
      player: playerId.optional(),
      before: recordId.optional(),
      limit: pageLimit,
    }),
    result: z.strictObject({
      trades: z.array(tradeView).max(PAGE_ROWS_MAX),
      next: recordId.nullable(),
    }),
  },
} as const satisfies Record<string, CommandSpec>;
