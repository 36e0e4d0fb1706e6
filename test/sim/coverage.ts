// What a run must have seen to count as a test of the rules: each command with each answer that it
// can have, and each way in which an order can end. The list is written by hand from RULES.md; what
// the workload never reaches is a hole in the proof, whatever the number of seeds.

const ANSWERS: Readonly<Record<string, readonly string[]>> = {
  'items.define': ['ok', 'KEY_REUSED', 'ITEM_NOT_FOUND', 'DEFINITION_CONFLICT'],
  'wallet.grant': [
    ...['ok', 'KEY_REUSED', 'ITEM_NOT_FOUND', 'DEFINITION_CONFLICT', 'NOT_FUNGIBLE', 'BAD_LOT'],
    'AMOUNT_OVERFLOW',
  ],
  'wallet.burn': [
    ...['ok', 'KEY_REUSED', 'ITEM_NOT_FOUND', 'NOT_FUNGIBLE', 'BAD_LOT', 'INSUFFICIENT_FUNDS'],
    'INSUFFICIENT_INVENTORY',
  ],
  'wallet.transfer': [
    ...['ok', 'KEY_REUSED', 'ITEM_NOT_FOUND', 'NOT_FUNGIBLE', 'BAD_LOT', 'SELF_TRADE'],
    ...['INSUFFICIENT_FUNDS', 'INSUFFICIENT_INVENTORY'],
  ],
  'listings.create': [
    ...['ok', 'KEY_REUSED', 'ITEM_NOT_FOUND', 'NOT_FUNGIBLE', 'NOT_TRADABLE', 'MARKET_HALTED'],
    ...['EXPIRY_IN_PAST', 'BAD_TICK', 'BAD_LOT', 'PRICE_OUT_OF_RANGE', 'AMOUNT_OVERFLOW'],
    ...['LIMIT_REACHED openOrders', 'LIMIT_REACHED fills', 'SELF_TRADE', 'WOULD_CROSS'],
    ...['NOTHING_TO_FILL', 'INSUFFICIENT_FUNDS', 'INSUFFICIENT_INVENTORY'],
  ],
  'bids.create': [
    ...['ok', 'KEY_REUSED', 'ITEM_NOT_FOUND', 'NOT_FUNGIBLE', 'NOT_TRADABLE', 'MARKET_HALTED'],
    ...['EXPIRY_IN_PAST', 'BAD_TICK', 'BAD_LOT', 'PRICE_OUT_OF_RANGE', 'AMOUNT_OVERFLOW'],
    ...['LIMIT_REACHED openOrders', 'LIMIT_REACHED fills', 'SELF_TRADE', 'WOULD_CROSS'],
    ...['NOTHING_TO_FILL', 'INSUFFICIENT_FUNDS'],
  ],
  'listings.update': [
    ...['ok', 'KEY_REUSED', 'LISTING_NOT_FOUND', 'MARKET_HALTED', 'EXPIRY_IN_PAST', 'BAD_TICK'],
    ...['BAD_LOT', 'PRICE_OUT_OF_RANGE', 'AMOUNT_OVERFLOW', 'BELOW_FILLED', 'SELF_TRADE'],
    ...['LIMIT_REACHED fills', 'WOULD_CROSS', 'INSUFFICIENT_INVENTORY'],
  ],
  'bids.update': [
    ...['ok', 'KEY_REUSED', 'BID_NOT_FOUND', 'MARKET_HALTED', 'EXPIRY_IN_PAST', 'BAD_TICK'],
    ...['BAD_LOT', 'PRICE_OUT_OF_RANGE', 'AMOUNT_OVERFLOW', 'BELOW_FILLED', 'SELF_TRADE'],
    ...['LIMIT_REACHED fills', 'WOULD_CROSS', 'INSUFFICIENT_FUNDS'],
  ],
  'listings.cancel': ['ok', 'KEY_REUSED', 'LISTING_NOT_FOUND'],
  'bids.cancel': ['ok', 'KEY_REUSED', 'BID_NOT_FOUND'],
  'purchases.create': [
    ...['ok', 'KEY_REUSED', 'ITEM_NOT_FOUND', 'NOT_FUNGIBLE', 'NOT_TRADABLE', 'MARKET_HALTED'],
    ...['LISTING_NOT_FOUND', 'LISTING_UNAVAILABLE', 'BAD_LOT', 'PRICE_OUT_OF_RANGE'],
    ...['AMOUNT_OVERFLOW', 'LIMIT_REACHED fills', 'SELF_TRADE', 'NOTHING_TO_FILL'],
    'INSUFFICIENT_FUNDS',
  ],
  'sales.create': [
    ...['ok', 'KEY_REUSED', 'ITEM_NOT_FOUND', 'NOT_FUNGIBLE', 'NOT_TRADABLE', 'MARKET_HALTED'],
    ...['BID_NOT_FOUND', 'BID_UNAVAILABLE', 'BAD_LOT', 'PRICE_OUT_OF_RANGE'],
    ...['LIMIT_REACHED fills', 'SELF_TRADE', 'NOTHING_TO_FILL', 'INSUFFICIENT_INVENTORY'],
  ],
  'keys.get': ['free', 'decided ok', 'decided rejected'],
  tick: ['ok'],
};

const ENDINGS: Readonly<Record<string, readonly string[]>> = {
  gtc: ['open', 'filled', 'cancelled'],
  gtd: ['open', 'filled', 'cancelled', 'expired'],
  ioc: ['filled', 'cancelled'],
  fok: ['filled'],
};

function* expected(): Generator<string> {
  for (const [command, answers] of Object.entries(ANSWERS)) {
    for (const answer of answers) yield `${command} ${answer}`;
  }
  for (const side of ['buy', 'sell']) {
    for (const [timeInForce, statuses] of Object.entries(ENDINGS)) {
      for (const status of statuses) yield `order ${side} ${timeInForce} ${status}`;
    }
  }
}

/** What has not been seen although it can happen, and what was seen although it cannot. */
export function holes(seen: ReadonlySet<string>): { missing: string[]; unexpected: string[] } {
  const known = new Set(expected());
  return {
    missing: [...known].filter(one => !seen.has(one)),
    unexpected: [...seen].filter(one => !known.has(one)),
  };
}
