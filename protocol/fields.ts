// The fields that many commands share. Ids are the game's own lower-case strings; amounts are
// integers in minor units; what people write is a text (text.ts). Anchored, bounded patterns only:
// they run on hostile input. Each says in words what it expects.

import { z } from 'zod';
import { KEY_PATTERN } from './key.ts';
import {
  AMOUNT_MAX,
  ATTRIBUTE_LENGTH_MAX,
  ATTRIBUTES_MAX,
  FILLS_MAX,
  PAGE_ROWS_MAX,
} from './limits.ts';
import { type TextRule, text, whyNoText } from './text.ts';

/** Where goods lie when nothing else is said, and where all money lies. */
export const DEFAULT_LOCATION = 'main';

/** An item or currency. */
export const itemId = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, {
  error: 'expected 1 to 64 of a-z, 0-9, ".", "_" and "-", with a letter or digit first',
});

/** An item, a currency, or one instance of a unique item: `item#serial`. */
export const assetId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}(?:#[a-z0-9][a-z0-9._-]{0,31})?$/, {
    error: 'expected an item, such as "sword", or an instance with its serial, such as "sword#1"',
  });

export const locationId = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, {
  error: 'expected 1 to 64 of a-z, 0-9, ".", "_" and "-", with a letter or digit first',
});

/** A player: the token's `sub`. */
export const PLAYER_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._:@|-]{0,63}$/;
export const playerId = z.string().regex(PLAYER_PATTERN, {
  error: 'expected 1 to 64 of a-z, A-Z, 0-9, "._:@|-", with a letter or digit first',
});

/** A listing, bid or trade: counted per realm from 1. */
export const recordId = z.int().min(1).max(AMOUNT_MAX);

/** A price, a quantity, a total: at least 1. */
export const amount = z.int().min(1).max(AMOUNT_MAX);

/** A balance, a fee, what is left: may be 0. */
export const amountOrZero = withoutMinusZero(z.int().min(0).max(AMOUNT_MAX));

/** Milliseconds since the Unix epoch. */
export const timeMs = withoutMinusZero(z.int().min(0).max(AMOUNT_MAX));

/** An idempotency key: see key.ts. */
export const idempotencyKey = z.string().regex(KEY_PATTERN, {
  error: 'expected a UUIDv7 in lower case, such as "01932c07-209c-7a3e-8f10-5b6c7d8e9f00"',
});

const attributeName = z.string().regex(/^[a-z][a-z0-9_]{0,31}$/);
/** A description may have several lines. */
export const ATTRIBUTE_TEXT: TextRule = { max: ATTRIBUTE_LENGTH_MAX, lines: true };
const attributeValue = z.union([text(ATTRIBUTE_TEXT), withoutMinusZero(z.int()), z.boolean()], {
  error: ({ input }) =>
    typeof input === 'string'
      ? whyNoText(input, ATTRIBUTE_TEXT)
      : 'expected a text, a whole number within 2^53 - 1 of zero, true or false',
});

/** What the game wants to say about an item or instance; Tradepost stores and returns it. */
export const attributes = z
  .record(attributeName, attributeValue, {
    error: ({ code }) =>
      code === 'invalid_key'
        ? 'expected a name of 1 to 32 of a-z, 0-9 and "_", with a letter first'
        : undefined,
  })
  .refine(value => Object.keys(value).length <= ATTRIBUTES_MAX, {
    message: `at most ${ATTRIBUTES_MAX} attributes`,
  });

/** A number that is stored and read back is the same number: -0 comes back as 0, so it is 0. */
function withoutMinusZero(schema: z.ZodInt): z.ZodInt {
  return schema.overwrite(value => value + 0);
}

/** How long an order stays: until cancelled, until a time, or not at all (some, or all or none). */
export const timeInForce = z.enum(['gtc', 'gtd', 'ioc', 'fok']);

export const orderStatus = z.enum(['open', 'filled', 'cancelled', 'expired']);

/** Rows per page. */
export const pageLimit = rowsUpTo(PAGE_ROWS_MAX);

/** Rows per page of a list that has other bounds. */
export function rowsUpTo(max: number): z.ZodOptional<z.ZodInt> {
  return z.int().min(1).max(max).optional();
}

/** One fill of an order, as its owner sees it. `order` is the resting order on the other side. */
export const fill = z.strictObject({
  trade: recordId,
  order: recordId,
  price: amount,
  quantity: amount,
});

/** Those of one command. */
export const fills = z.array(fill).max(FILLS_MAX);

/** A listing or bid as its owner sees it. `quantity` is the total, `remaining` what is unfilled. */
export const orderView = z.strictObject({
  id: recordId,
  item: assetId,
  location: locationId,
  price: amount,
  quantity: amount,
  remaining: amountOrZero,
  timeInForce,
  postOnly: z.boolean(),
  expiresAtMs: timeMs.nullable(),
  createdAtMs: timeMs,
  status: orderStatus,
});

/** A trade as one of its two players sees it. `fee` is what this player paid on it. */
export const tradeView = z.strictObject({
  trade: recordId,
  atMs: timeMs,
  item: assetId,
  location: locationId,
  side: z.enum(['buy', 'sell']),
  price: amount,
  quantity: amount,
  fee: amountOrZero,
  order: recordId.nullable(),
});

export const balanceView = z.strictObject({
  asset: assetId,
  location: locationId,
  available: amountOrZero,
  held: amountOrZero,
});

export type Attributes = z.infer<typeof attributes>;
export type TimeInForce = z.infer<typeof timeInForce>;
export type OrderStatus = z.infer<typeof orderStatus>;
export type Fill = z.infer<typeof fill>;
export type OrderView = z.infer<typeof orderView>;
export type TradeView = z.infer<typeof tradeView>;
export type BalanceView = z.infer<typeof balanceView>;
