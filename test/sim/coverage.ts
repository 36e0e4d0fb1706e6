// What a run must have seen to count as a test of the rules: each command with each answer that it
// can have, each way in which an order, a window or an offer can go, each kind of swap. The list is
// written by hand from RULES.md; what the workload never reaches is a hole in the proof, whatever
// the number of seeds.

const ON_A_WINDOW = ['ok', 'KEY_REUSED', 'WINDOW_NOT_FOUND'];
const TOO_MANY_STEPS = 'LIMIT_REACHED windowSteps';
const ON_AN_OFFER = ['ok', 'KEY_REUSED', 'OFFER_NOT_FOUND'];
const LINES = ['ITEM_NOT_FOUND', 'NOT_FUNGIBLE', 'PLACE_NOT_FOUND', 'MARKET_HALTED', 'BAD_LOT'];
const TERMS = [
  ...['EXPIRY_IN_PAST', 'LIMIT_REACHED offerLife', 'LIMIT_REACHED openOffers'],
  ...['LIMIT_REACHED offersPerPlayer', 'LIMIT_REACHED receivedOffers'],
  ...['INSUFFICIENT_FUNDS', 'INSUFFICIENT_INVENTORY'],
];

const ANSWERS: Readonly<Record<string, readonly string[]>> = {
  'items.define': ['ok', 'KEY_REUSED', 'KEY_AHEAD', 'ITEM_NOT_FOUND', 'DEFINITION_CONFLICT'],
  'places.define': ['ok', 'KEY_REUSED'],
  'wallet.grant': [
    ...['ok', 'KEY_REUSED', 'ITEM_NOT_FOUND', 'DEFINITION_CONFLICT', 'NOT_FUNGIBLE', 'BAD_LOT'],
    ...['AMOUNT_OVERFLOW', 'PLACE_NOT_FOUND'],
  ],
  'wallet.burn': [
    ...['ok', 'KEY_REUSED', 'ITEM_NOT_FOUND', 'NOT_FUNGIBLE', 'BAD_LOT', 'INSUFFICIENT_FUNDS'],
    ...['INSUFFICIENT_INVENTORY', 'PLAYER_NOT_FOUND', 'PLACE_NOT_FOUND'],
  ],
  'wallet.transfer': [
    ...['ok', 'KEY_REUSED', 'ITEM_NOT_FOUND', 'NOT_FUNGIBLE', 'BAD_LOT', 'SELF_TRADE'],
    ...['INSUFFICIENT_FUNDS', 'INSUFFICIENT_INVENTORY', 'PLAYER_NOT_FOUND', 'PLACE_NOT_FOUND'],
  ],
  'listings.create': [
    ...[
      'ok',
      'KEY_REUSED',
      'ITEM_NOT_FOUND',
      'NOT_FUNGIBLE',
      'NOT_TRADABLE',
      'PLACE_NOT_FOUND',
      'MARKET_HALTED',
    ],
    ...['EXPIRY_IN_PAST', 'BAD_TICK', 'BAD_LOT', 'PRICE_OUT_OF_RANGE', 'AMOUNT_OVERFLOW'],
    ...['LIMIT_REACHED openOrders', 'LIMIT_REACHED fills', 'SELF_TRADE', 'WOULD_CROSS'],
    ...['NOTHING_TO_FILL', 'INSUFFICIENT_FUNDS', 'INSUFFICIENT_INVENTORY'],
  ],
  'bids.create': [
    ...[
      'ok',
      'KEY_REUSED',
      'ITEM_NOT_FOUND',
      'NOT_FUNGIBLE',
      'NOT_TRADABLE',
      'PLACE_NOT_FOUND',
      'MARKET_HALTED',
    ],
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
    ...[
      'ok',
      'KEY_REUSED',
      'ITEM_NOT_FOUND',
      'NOT_FUNGIBLE',
      'NOT_TRADABLE',
      'PLACE_NOT_FOUND',
      'MARKET_HALTED',
    ],
    ...['LISTING_NOT_FOUND', 'LISTING_UNAVAILABLE', 'BAD_LOT', 'PRICE_OUT_OF_RANGE'],
    ...['AMOUNT_OVERFLOW', 'LIMIT_REACHED fills', 'SELF_TRADE', 'NOTHING_TO_FILL'],
    'INSUFFICIENT_FUNDS',
  ],
  'sales.create': [
    ...[
      'ok',
      'KEY_REUSED',
      'ITEM_NOT_FOUND',
      'NOT_FUNGIBLE',
      'NOT_TRADABLE',
      'PLACE_NOT_FOUND',
      'MARKET_HALTED',
    ],
    ...['BID_NOT_FOUND', 'BID_UNAVAILABLE', 'BAD_LOT', 'PRICE_OUT_OF_RANGE'],
    ...['LIMIT_REACHED fills', 'SELF_TRADE', 'NOTHING_TO_FILL', 'INSUFFICIENT_INVENTORY'],
  ],
  'windows.invite': ['ok', 'KEY_REUSED', 'SELF_TRADE', 'ALREADY_TRADING', 'PLAYER_UNAVAILABLE'],
  'windows.join': [...ON_A_WINDOW, 'WINDOW_STATUS', 'ALREADY_TRADING'],
  'windows.decline': [...ON_A_WINDOW, 'WINDOW_STATUS'],
  'windows.put': [
    ...[...ON_A_WINDOW, 'WINDOW_STATUS', 'STALE_REVISION', TOO_MANY_STEPS],
    ...[...LINES, 'INSUFFICIENT_FUNDS', 'INSUFFICIENT_INVENTORY'],
  ],
  'windows.accept': [
    ...[...ON_A_WINDOW, 'WINDOW_STATUS', 'STALE_REVISION', 'HASH_MISMATCH', 'NOT_ARMED'],
    ...['NOTHING_ON_TABLE', 'MARKET_HALTED'],
  ],
  'windows.unaccept': [...ON_A_WINDOW, 'WINDOW_STATUS', TOO_MANY_STEPS],
  'windows.confirm': [
    ...[...ON_A_WINDOW, 'WINDOW_STATUS', 'STALE_MANIFEST', 'NOT_ARMED', 'NOT_ACKNOWLEDGED'],
    'MARKET_HALTED',
  ],
  'windows.unconfirm': [...ON_A_WINDOW, 'WINDOW_STATUS', TOO_MANY_STEPS],
  'windows.reopen': [...ON_A_WINDOW, 'WINDOW_STATUS', TOO_MANY_STEPS],
  'windows.cancel': ON_A_WINDOW,
  'windows.block': ['ok', 'KEY_REUSED', 'SELF_TRADE', 'PLAYER_NOT_FOUND'],
  'windows.unblock': ['ok', 'KEY_REUSED', 'PLAYER_NOT_FOUND'],
  'windows.privacy': ['ok', 'KEY_REUSED'],
  'offers.create': ['ok', 'KEY_REUSED', 'SELF_TRADE', 'PLAYER_UNAVAILABLE', ...LINES, ...TERMS],
  'offers.accept': [
    ...[...ON_AN_OFFER, 'MARKET_HALTED', 'INSUFFICIENT_FUNDS', 'INSUFFICIENT_INVENTORY'],
  ],
  'offers.decline': ON_AN_OFFER,
  'offers.cancel': ON_AN_OFFER,
  'offers.counter': [...ON_AN_OFFER, ...LINES, ...TERMS],
  presence: ['ok'],
  restart: ['ok'],
  'keys.get': ['free', 'expired', 'decided ok', 'decided rejected'],
  tick: ['ok'],
};

const ENDINGS: Readonly<Record<string, readonly string[]>> = {
  gtc: ['open', 'filled', 'cancelled'],
  gtd: ['open', 'filled', 'cancelled', 'expired'],
  ioc: ['filled', 'cancelled'],
  fok: ['filled'],
};

/** By hand, too: what can happen, and nothing else. */
const HAPPENINGS: readonly string[] = [
  ...['invited', 'joined', 'put', 'accepted', 'unaccepted', 'reviewed', 'confirmed'],
  ...['unconfirmed', 'reopened', 'left', 'returned', 'done'],
  ...['declined', 'cancelled', 'expired', 'timeout', 'disconnected', 'blocked'].map(
    reason => `cancelled ${reason}`,
  ),
].map(event => `window ${event}`);

const OFFERS: readonly string[] = [
  ...['open', 'accepted', 'declined', 'countered', 'cancelled', 'expired', 'invalid'],
].map(status => `offer ${status}`);

const WARNINGS: readonly string[] = [
  ...['ONE_SIDE_EMPTY', 'VALUE_RATIO', 'THIN_PRICE', 'CHANGED_AFTER_ACCEPT'],
].map(code => `warning ${code}`);

const SWAPS: readonly string[] = [
  'swap currency both ways',
  'swap commodity both ways',
  'swap unique both ways',
  'swap of several kinds both ways',
];

function* expected(): Generator<string> {
  for (const [command, answers] of Object.entries(ANSWERS)) {
    for (const answer of answers) yield `${command} ${answer}`;
  }
  yield* [...HAPPENINGS, ...OFFERS, ...WARNINGS, ...SWAPS];
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
