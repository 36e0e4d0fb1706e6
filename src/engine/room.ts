// Whether what a command might make new can still be numbered: players, places, assets and
// accounts have numbers below 2^30, fewer than an `int` of the tables holds. A realm that has
// given out all of one kind refuses what might need another, before anything changes; what ends
// something goes on.

import { LINES_PER_SIDE_MAX } from '../../protocol/limits.ts';
import { type Decision, reject } from './decision.ts';
import type { Command } from './entry.ts';
import type { State } from './state.ts';

/** Commands that make nothing new. */
const MAKES_NOTHING: ReadonlySet<Command['command']> = new Set([
  'listings.cancel',
  'bids.cancel',
  'windows.decline',
  'windows.cancel',
  'windows.unaccept',
  'windows.unconfirm',
  'windows.reopen',
  'windows.unblock',
  'offers.decline',
  'offers.cancel',
  'wallet.burn',
  'keys.get',
]);

/** The most that one command makes. */
const PLAYERS = 2;
const LOCATIONS = 1;
const ASSETS = 1;
/** Besides two for each fill: both sides of a swap, and the other accounts of whoever acts. */
const ACCOUNTS = 2 * LINES_PER_SIDE_MAX + 8;

/** Why there may not be enough numbers left for a command, or null. */
export function whyFull(state: State, command: Command['command']): Decision | null {
  const { players, locations, assetNames, ledger, rules } = state;
  const accounts = ACCOUNTS + 2 * rules.fillsPerCommandMax;
  if (players.room < PLAYERS) return full(state, command, 'players');
  if (locations.room < LOCATIONS) return full(state, command, 'locations');
  if (assetNames.room < ASSETS) return full(state, command, 'assets');
  return ledger.room < accounts ? full(state, command, 'accounts') : null;
}

function full({ numbersMax: max }: State, command: Command['command'], limit: string) {
  if (MAKES_NOTHING.has(command)) return null;
  return reject('LIMIT_REACHED', `The realm has no more numbers for ${limit}.`, { limit, max });
}
