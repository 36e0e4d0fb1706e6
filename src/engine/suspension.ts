// What is halted because the tables cannot show something of it: a fact of the journal that they
// did not take was set aside (src/projection/quarantine.ts), and nobody trades on what reads cannot
// show. Everything can still be ended and given back. It is told as a whole, and comes from the
// tables again after a restart, so it is no fact and no part of the state hash.

import { type Decision, reject } from './decision.ts';
import type { Command } from './entry.ts';
import type { State } from './state.ts';

export interface Suspension {
  /** Every market. */
  readonly everything: boolean;
  /** The items of these assets; every market when one of them is money. */
  readonly assets: readonly number[];
  readonly offers: readonly number[];
  readonly windows: readonly number[];
  /** Whose facts fail again and again. */
  readonly players: readonly number[];
}

export class Suspended {
  #everything = false;
  #items: ReadonlySet<number> = NONE;
  #offers: ReadonlySet<number> = NONE;
  #windows: ReadonlySet<number> = NONE;
  #players: ReadonlySet<number> = NONE;

  #isBeyondItems = false;

  /** Whether an offer, a window or a player is halted. That an item is, is asked by itself. */
  get isBeyondItems(): boolean {
    return this.#isBeyondItems;
  }

  get isNothing(): boolean {
    return !this.#isBeyondItems && !this.#everything && this.#items.size === 0;
  }

  hasItem(item: number): boolean {
    return this.#everything || this.#items.has(item);
  }

  hasOffer(offer: number): boolean {
    return this.#offers.has(offer);
  }

  hasWindow(window: number): boolean {
    return this.#windows.has(window);
  }

  hasPlayer(player: number): boolean {
    return this.#players.has(player);
  }

  /** This and nothing else is halted from now on. */
  set(suspension: Suspension, items: ReadonlySet<number>, everything: boolean): void {
    this.#everything = everything;
    this.#items = items;
    this.#offers = new Set(suspension.offers);
    this.#windows = new Set(suspension.windows);
    this.#players = new Set(suspension.players);
    this.#isBeyondItems = this.#offers.size + this.#windows.size + this.#players.size > 0;
  }
}

const NONE: ReadonlySet<number> = new Set();

/** Whether it halts nothing at all. */
export function haltsNothing(suspension: Suspension): boolean {
  const { everything, assets, offers, windows, players } = suspension;
  return !everything && assets.length + offers.length + windows.length + players.length === 0;
}

/** Halts this and nothing else. */
export function suspend(state: State, suspension: Suspension): void {
  const items = new Set<number>();
  let { everything } = suspension;
  for (const asset of suspension.assets) {
    const { item } = state.market(asset);
    items.add(item.asset);
    if (item.itemKind === 'currency') everything = true;
  }
  state.suspended.set(suspension, items, everything);
}

/** Why a command must wait until what the tables lack is mended, or null. */
export function whySuspended(state: State, name: string, command: Command): Decision | null {
  const { suspended, players } = state;
  const player = players.find(name);
  if (suspended.hasPlayer(player) && !ENDINGS.has(command.command)) {
    return reject('MARKET_HALTED', 'You can only cancel until your records are repaired.');
  }
  switch (command.command) {
    case 'offers.accept':
    case 'offers.counter': {
      const { offer } = command.payload;
      const isTaker = state.offers.get(offer)?.taker === player;
      return isTaker && suspended.hasOffer(offer) ? halted('offer', offer) : null;
    }
    case 'windows.join':
    case 'windows.put':
    case 'windows.accept':
    case 'windows.confirm': {
      const { window } = command.payload;
      const takesPart = state.windows.get(window)?.sides.some(side => side.player === player);
      return takesPart && suspended.hasWindow(window) ? halted('window', window) : null;
    }
    default:
      return null;
  }
}

/** What gives back, and what only asks. */
const ENDINGS: ReadonlySet<Command['command']> = new Set<Command['command']>([
  'listings.cancel',
  'bids.cancel',
  'offers.cancel',
  'offers.decline',
  'windows.cancel',
  'windows.decline',
  'windows.unaccept',
  'windows.unconfirm',
  'keys.get',
]);

function halted(what: 'offer' | 'window', id: number): Decision {
  return reject('MARKET_HALTED', `The ${what} ${id} is halted until it is repaired; cancel it.`);
}
