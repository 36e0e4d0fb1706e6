// What there is in the state of an engine, counted kind by kind: everything that stays when an
// entry is over. FIELDS says of every field of the state what counts it, so a new field is missed
// by nobody.

import type { State } from '../../src/engine/state.ts';

export type Kind =
  | 'players'
  | 'places'
  | 'assets'
  | 'accounts'
  | 'orders'
  | 'levels'
  | 'books'
  | 'prices'
  | 'windows'
  | 'invitations'
  | 'offers'
  | 'blocks'
  | 'closed'
  | 'friends'
  | 'keys';

/** The kinds that a field holds; none for numbers, settings and what is empty between entries. */
export const FIELDS: Readonly<Record<string, readonly Kind[]>> = {
  players: ['players'],
  locations: ['places'],
  assetNames: ['assets'],
  assets: ['assets', 'books', 'levels', 'prices'],
  ledger: ['accounts'],
  orders: ['orders'],
  expiries: ['orders'],
  openOrders: ['players'],
  windows: ['windows', 'invitations'],
  offers: ['offers'],
  blocks: ['blocks', 'closed'],
  friends: ['friends'],
  keys: ['keys'],
  // Of the service role alone, and bounded by `lateKeysMax`.
  lateKeys: [],
  // What the tables could not take is bounded there: see the quarantine.
  suspended: [],
  ...{ rules: [], numbersMax: [], burnt: [], restartFrom: [], plan: [], output: [], sequence: [] },
  ...{ changedAtMs: [], nowMs: [], livedMs: [], livedNowMs: [] },
  ...{ lastOrder: [], lastTrade: [], lastWindow: [], lastOffer: [] },
};

export function census(state: State): Record<Kind, number> {
  const markets = [...state.assets.values()].filter(({ instance }) => instance === null);
  const books = markets.flatMap(({ market }) => market.books());
  let levels = 0;
  for (const { bids, asks } of books) {
    for (const side of [bids, asks]) {
      for (let level = side.best; level !== null; level = level.worse) levels += 1;
    }
  }
  return {
    players: state.players.count,
    places: state.locations.count,
    assets: state.assetNames.count,
    accounts: state.ledger.count,
    orders: state.orders.size,
    levels,
    books: books.length,
    prices: markets.flatMap(({ market }) => market.recents()).length,
    windows: state.windows.size,
    invitations: state.windows.invitations(state.nowMs).length,
    offers: state.offers.size,
    blocks: [...state.blocks.entries()].length,
    closed: [...state.blocks.closed()].length,
    friends: [...state.friends.entries()].length,
    keys: state.keys.count,
  };
}
