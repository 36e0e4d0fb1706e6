// Who swaps what in `windows`, the same for our server and for the peer: players 2k and 2k + 1 are
// pair k; each gives one unit of five items that the other does not have, and some coins.

/** Player n owns items n, n + 2, ... n + 8, modulo the number of items. */
export const ITEMS = 100;
export const ITEMS_PER_SIDE = 5;
export const PLAYERS = 10_000;
export const COINS = 1_000_000_000;
export const STOCK = 1_000_000;
/** What each player puts into one swap: of every one of his items, and of coins. */
export const QUANTITY = 1;
export const PRICE = 100;

/** By how much each of a player's items is further than his own number. */
export const SHIFTS = Array.from({ length: ITEMS_PER_SIDE }, (_, nth) => 2 * nth);

export function itemsOf(player: number): number[] {
  return SHIFTS.map(shift => (player + shift) % ITEMS);
}

/** The player on side 0 or 1 of a pair. */
export function playerOf(pair: number, side: number): number {
  return 2 * pair + side;
}
