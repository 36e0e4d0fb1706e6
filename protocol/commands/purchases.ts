// purchases.create: buy now. All or nothing unless `partial: true`.

import { z } from 'zod';
import { amount, amountOrZero, fills, itemId, locationId, recordId } from '../fields.ts';
import type { CommandSpec } from './spec.ts';

/** From one listing, at its price. */
const fromListing = z.strictObject({
  listing: recordId,
  quantity: amount,
  /** Refuses a listing that has become dearer than what the player saw. */
  maxUnitPrice: amount.optional(),
  partial: z.boolean().optional(),
});

/** From the best asks upward, never above `maxUnitPrice` each or `maxTotal` in all, with fee. */
const fromBook = z
  .strictObject({
    item: itemId,
    location: locationId.optional(),
    quantity: amount,
    maxUnitPrice: amount.optional(),
    maxTotal: amount.optional(),
    partial: z.boolean().optional(),
  })
  .refine(bounds => bounds.maxUnitPrice !== undefined || bounds.maxTotal !== undefined, {
    message: 'maxUnitPrice or maxTotal is needed',
    path: ['maxUnitPrice'],
  });

export const purchaseCommands = {
  'purchases.create': {
    answeredBy: 'engine',
    payload: z.union([fromListing, fromBook]),
    branch: fields => ('listing' in fields ? fromListing : fromBook),
    result: z.strictObject({
      quantity: amount,
      /** What was paid, fee included. */
      total: amount,
      fee: amountOrZero,
      trades: fills,
    }),
  },
} as const satisfies Record<string, CommandSpec>;
