// sales.create: sell now, the mirror of a purchase. All or nothing unless `partial: true`.

import { z } from 'zod';
import { amount, amountOrZero, fills, itemId, locationId, recordId } from '../fields.ts';
import type { CommandSpec } from './spec.ts';

/** Into one bid, at its price. */
const intoBid = z.strictObject({
  bid: recordId,
  quantity: amount,
  minUnitPrice: amount.optional(),
  partial: z.boolean().optional(),
});

/** Into the best bids downward, never below `minUnitPrice` each or `minTotal` in all, after fee. */
const intoBook = z
  .strictObject({
    item: itemId,
    location: locationId.optional(),
    quantity: amount,
    minUnitPrice: amount.optional(),
    minTotal: amount.optional(),
    partial: z.boolean().optional(),
  })
  .refine(bounds => bounds.minUnitPrice !== undefined || bounds.minTotal !== undefined, {
    message: 'minUnitPrice or minTotal is needed',
    path: ['minUnitPrice'],
  });

export const saleCommands = {
  'sales.create': {
    answeredBy: 'engine',
    payload: z.union([intoBid, intoBook]),
    branch: fields => ('bid' in fields ? intoBid : intoBook),
    result: z.strictObject({
      quantity: amount,
      /** What was received, net of the fee. */
      proceeds: amountOrZero,
      fee: amountOrZero,
      trades: fills,
    }),
  },
} as const satisfies Record<string, CommandSpec>;
