// offers.*: a directed proposal: give this, want that. The other player need not be online. What
// is given is held while the offer is open; accepting moves all of it, or nothing.

import { z } from 'zod';
import { lines, offerMessage, offerStatus, offerView, sharesAsset } from '../direct.ts';
import { playerId, recordId, rowsUpTo, timeMs } from '../fields.ts';
import { TRADE_ROWS_MAX } from '../limits.ts';
import type { CommandSpec } from './spec.ts';

const terms = {
  give: lines,
  want: lines,
  /** Without it: a week from now. */
  expiresAtMs: timeMs.optional(),
  message: offerMessage.optional(),
};

type Terms = z.infer<z.ZodObject<typeof terms>>;

const asksForSomething = {
  rule: ({ give, want }: Terms) => give.length + want.length > 0,
  message: { message: 'both sides are empty', path: ['give'] },
};
const isNoExchangeOfSame = {
  rule: ({ give, want }: Terms) => !sharesAsset(give, want),
  message: { message: 'an asset stands on one side only', path: ['want'] },
};

const justOffer = z.strictObject({ offer: recordId });
const ended = z.strictObject({ offer: recordId, status: offerStatus });

export const offerCommands = {
  'offers.create': {
    answeredBy: 'engine',
    payload: z
      .strictObject({ to: playerId, ...terms })
      .refine(asksForSomething.rule, asksForSomething.message)
      .refine(isNoExchangeOfSame.rule, isNoExchangeOfSame.message),
    result: z.strictObject({ offer: recordId, expiresAtMs: timeMs }),
  },
  /** By the player it is for: everything that is wanted must be available from him. */
  'offers.accept': { answeredBy: 'engine', payload: justOffer, result: ended },
  'offers.decline': { answeredBy: 'engine', payload: justOffer, result: ended },
  /** By its maker. */
  'offers.cancel': { answeredBy: 'engine', payload: justOffer, result: ended },
  /** Declines an offer and makes the opposite one, in one step. `give` is the caller's. */
  'offers.counter': {
    answeredBy: 'engine',
    payload: z
      .strictObject({ offer: recordId, ...terms })
      .refine(asksForSomething.rule, asksForSomething.message)
      .refine(isNoExchangeOfSame.rule, isNoExchangeOfSame.message),
    result: z.strictObject({ offer: recordId, countered: recordId, expiresAtMs: timeMs }),
  },
  /** An offer from or to the caller, also after it ended. */
  'offers.get': { answeredBy: 'read', payload: justOffer, result: offerView },
  /** The caller's offers in both directions or one, newest first; open ones unless `all: true`. */
  'offers.mine': {
    answeredBy: 'read',
    payload: z.strictObject({
      direction: z.enum(['sent', 'received']).optional(),
      all: z.boolean().optional(),
      before: recordId.optional(),
      limit: rowsUpTo(TRADE_ROWS_MAX),
    }),
    result: z.strictObject({
      offers: z.array(offerView).max(TRADE_ROWS_MAX),
      next: recordId.nullable(),
    }),
  },
} as const satisfies Record<string, CommandSpec>;
