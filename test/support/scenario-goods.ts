// What the scenarios of windows share: two players at a table with goods, a review, and a market
// that has prices.

export const QUICK = 'rules armAddedMs 0 armTakenMs 0 armAcceptedMs 0';

export const GOODS = `
  place mine
  define ore commodity
  define gem commodity
  define sword unique
  define gold currency
  define dust commodity currency gold
  grant ann coins 100_000
  grant ann gold 100
  grant ann sword#1 1
  grant bob coins 100_000
  grant bob ore 1_000
  grant bob gem 1_000
  grant bob dust 10
  grant cid coins 100_000
`;

export const MET = `
  invite ann bob
  join bob #1
`;

export const AGREED = `
  accept ann #1
  accept bob #1
`;

/** So many trades of an item at these prices, from bob to cid. */
export function trades(item: string, prices: readonly number[]): string {
  const one = (price: number) => `bid cid ${item} 1 @ ${price} \n sell bob 1 ${item} min 1`;
  return prices.map(one).join('\n');
}

export const FIVE = [10, 12, 11, 90, 9];
export const FIFTEEN = [10, 12, 11, 90, 9, 10, 10, 11, 13, 8, 10, 12, 11, 90, 1_000];

/** Ann and bob at an empty table, with something of every kind to put on it. */
export const TABLE = `
  place mine
  define ore commodity lot 10
  define gem commodity
  define sword unique
  grant ann coins 1_000
  grant ann gem 50
  grant ann sword#1 1
  grant ann sword#2 1
  grant bob ore 20
  grant bob gem 5 at mine
  invite ann bob
  join bob #1                       -> #1 open rev 0 armed 0
`;

/** A review in which ann has confirmed and bob has not, of a table that was changed on the way. */
export const REVIEW = `
  rules armAddedMs 0 armTakenMs 0 armAcceptedMs 0 reviewMs 0
  define ore commodity
  grant ann coins 100
  grant bob ore 10
  grant cid coins 5
  bid cid ore 1 @ 2
  sell bob 1 ore min 1
  invite ann bob
  join bob #1
  put ann #1 50 coins
  put bob #1 9 ore
  accept ann #1
  put bob #1 8 ore
  accept ann #1
  accept bob #1
  confirm ann #1 acknowledge
  invite cid ann                      -> PLAYER_UNAVAILABLE
`;
