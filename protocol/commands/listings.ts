// listings.*: public asks. A listing holds its goods until it is filled, cancelled or expired.

import { z } from 'zod';
import {
  amount,
  amountOrZero,
  assetId,
  fills,
  locationId,
  orderStatus,
  orderView,
  pageLimit,
  recordId,
  timeInForce,
  timeMs,
} from '../fields.ts';
import { PAGE_ROWS_MAX } from '../limits.ts';
import type { CommandSpec } from './spec.ts';

/** What became of a listing that was created or updated. `proceeds` are net of `fee`. */
const placed = {
  listing: recordId,
  status: orderStatus,
  filled: amountOrZero,
  remaining: amountOrZero,
  proceeds: amountOrZero,
  fee: amountOrZero,
  trades: fills,
};

export const expiryGoesWithGtd = (order: {
  timeInForce?: string | undefined;
  expiresAtMs?: number | undefined;
}): boolean => (order.timeInForce === 'gtd') === (order.expiresAtMs !== undefined);

export const expiryRule = {
  message: 'expiresAtMs goes with timeInForce gtd, and only with it',
  path: ['expiresAtMs'],
};

export const postOnlyRests = (order: {
  timeInForce?: string | undefined;
  postOnly?: boolean | undefined;
}): boolean =>
  order.postOnly !== true || (order.timeInForce !== 'ioc' && order.timeInForce !== 'fok');

export const postOnlyRule = {
  message: 'a post-only order must be able to rest',
  path: ['postOnly'],
};

export const listingCommands = {
  /** Sells at `price` or better: fills what crosses at the bids' prices, then rests. */
  'listings.create': {
    answeredBy: 'engine',
    payload: z
      .strictObject({
        item: assetId,
        quantity: amount,
        price: amount,
        location: locationId.optional(),
        timeInForce: timeInForce.optional(),
        expiresAtMs: timeMs.optional(),
        postOnly: z.boolean().optional(),
      })
      .refine(expiryGoesWithGtd, expiryRule)
      .refine(postOnlyRests, postOnlyRule),
    result: z.strictObject({ ...placed, listingFee: amountOrZero }),
  },
  /**
   * Changes price, total quantity (what was filled included) or expiry of an open listing. Reducing
   * the quantity keeps priority; raising it or changing the price takes a new place and may fill.
   */
  'listings.update': {
    answeredBy: 'engine',
    payload: z
      .strictObject({
        listing: recordId,
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
    result: z.strictObject(placed),
  },
  /** Releases what is left. `released` counts units. */
  'listings.cancel': {
    answeredBy: 'engine',
    payload: z.strictObject({ listing: recordId }),
    result: z.strictObject({ listing: recordId, released: amount }),
  },
  /** Any listing by id, whoever's it is, also after it closed. */
  'listings.get': {
    answeredBy: 'read',
    payload: z.strictObject({ listing: recordId }),
    result: orderView,
  },
  /** The caller's listings, newest first; `open` alone unless `all: true`. */
  'listings.mine': {
    answeredBy: 'read',
    payload: z.strictObject({
      all: z.boolean().optional(),
      before: recordId.optional(),
      limit: pageLimit,
    }),
    result: z.strictObject({
      listings: z.array(orderView).max(PAGE_ROWS_MAX),
      next: recordId.nullable(),
    }),
  },
} as const satisfies Record<string, CommandSpec>;
