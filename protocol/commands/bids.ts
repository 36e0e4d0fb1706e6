// bids.*: public buy orders. A bid holds price times remaining, and the fee when the buyer pays it.

import { z } from 'zod';
import {
  amount,
  amountOrZero,
  fills,
  itemId,
  locationId,
  orderStatus,
  orderView,
  pageLimit,
  recordId,
  timeInForce,
  timeMs,
} from '../fields.ts';
import { PAGE_ROWS_MAX } from '../limits.ts';
import { expiryGoesWithGtd, expiryRule, postOnlyRests, postOnlyRule } from './listings.ts';
import type { CommandSpec } from './spec.ts';

/** What became of a bid that was created or updated. `cost` includes `fee`. */
const placed = z.strictObject({
  bid: recordId,
  status: orderStatus,
  filled: amountOrZero,
  remaining: amountOrZero,
  cost: amountOrZero,
  fee: amountOrZero,
  trades: fills,
});

export const bidCommands = {
  /** Buys at `price` or better: fills what crosses at the listings' prices, then rests. */
  'bids.create': {
    answeredBy: 'engine',
    payload: z
      .strictObject({
        item: itemId,
        quantity: amount,
        price: amount,
        location: locationId.optional(),
        timeInForce: timeInForce.optional(),
        expiresAtMs: timeMs.optional(),
        postOnly: z.boolean().optional(),
      })
      .refine(expiryGoesWithGtd, expiryRule)
      .refine(postOnlyRests, postOnlyRule),
    result: placed,
  },
  /** As listings.update. */
  'bids.update': {
    answeredBy: 'engine',
    payload: z
      .strictObject({
        bid: recordId,
        price: amount.optional(),
        quantity: amount.optional(),
        expiresAtMs: timeMs.optional(),
      })
      .refine(
        change =>
          change.price !== undefined ||
          change.quantity !== undefined ||
          change.expiresAtMs !== undefined,
        { message: 'nothing to change' },
      ),
    result: placed,
  },
  /** Releases what is left. `released` counts money. */
  'bids.cancel': {
    answeredBy: 'engine',
    payload: z.strictObject({ bid: recordId }),
    result: z.strictObject({ bid: recordId, released: amount }),
  },
  /** The caller's bids, newest first; `open` alone unless `all: true`. */
  'bids.mine': {
    answeredBy: 'read',
    payload: z.strictObject({
      all: z.boolean().optional(),
      before: recordId.optional(),
      limit: pageLimit,
    }),
    result: z.strictObject({
      bids: z.array(orderView).max(PAGE_ROWS_MAX),
      next: recordId.nullable(),
    }),
  },
} as const satisfies Record<string, CommandSpec>;
