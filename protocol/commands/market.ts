// market.*: what everybody may know about one market, as of the last thing its channel announced.

import { z } from 'zod';
import { bookSides, tickerState, tradePrint } from '../events.ts';
import { amountOrZero, itemId, locationId } from '../fields.ts';
import { BOOK_DEPTH_MAX, TRADES_SNAPSHOT_MAX } from '../limits.ts';
import type { CommandSpec } from './spec.ts';

const market = { item: itemId, location: locationId.optional() };

/** Where the channel of this market stands; compare with the frames received on it. */
const standing = { epoch: amountOrZero, sequence: amountOrZero };

export const marketCommands = {
  'market.book': {
    answeredBy: 'read',
    payload: z.strictObject({ ...market, depth: z.int().min(1).max(BOOK_DEPTH_MAX).optional() }),
    result: z.strictObject({ ...standing, ...bookSides.shape }),
  },
  'market.trades': {
    answeredBy: 'read',
    payload: z.strictObject({
      ...market,
      limit: z.int().min(1).max(TRADES_SNAPSHOT_MAX).optional(),
    }),
    result: z.strictObject({ ...standing, trades: z.array(tradePrint).max(TRADES_SNAPSHOT_MAX) }),
  },
  'market.ticker': {
    answeredBy: 'read',
    payload: z.strictObject(market),
    result: z.strictObject({ ...standing, ...tickerState.shape }),
  },
} as const satisfies Record<string, CommandSpec>;
