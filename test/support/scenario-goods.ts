// What the scenarios of reviews share: two players at a table with goods, and a market that has
// prices.

export const QUICK = 'rules armAddedMs 0 armTakenMs 0 armAcceptedMs 0';

export const GOODS = `
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
