// Payloads of items.define and wallet.*: the things of the little world, and how they come and go.

import type { Payload } from '../../protocol/commands/registry.ts';
import { AMOUNT_MAX } from '../../protocol/limits.ts';
import type { Random } from './random.ts';
import {
  type Ask,
  NOWHERE,
  PLACES,
  PLAYERS,
  SERVICE,
  STRANGER,
  type Surroundings,
  UNKNOWN,
} from './surroundings.ts';

export const INSTANCES = ['sword#1', 'sword#2', 'sword#3'] as const;

type Definition = Payload<'items.define'>;

const ORE: Definition = { item: 'ore', kind: 'commodity' };
const GEMS: Definition = { item: 'gems', kind: 'currency' };
const WOOD: Definition = {
  item: 'wood',
  kind: 'commodity',
  currency: 'gems',
  tickSize: 5,
  lotSize: 2,
  minPrice: 20,
  maxPrice: 400,
};
const COINS: Definition = { item: 'coins', kind: 'currency' };
const HERB: Definition = { item: 'herb', kind: 'commodity', currency: 'gems' };
const SWORD: Definition = { item: 'sword', kind: 'unique', attributes: { rare: true } };

/** The definition that a run begins with; of what it knows not by itself, as little as can be. */
export function definitionOf(item: string): Definition {
  const known = [ORE, GEMS, WOOD, SWORD].find(one => one.item === item);
  return known ?? (item === 'coins' ? COINS : HERB);
}

/** What a run begins with; now and then something is missing. */
export function setup(random: Random, isHuge: boolean): Ask[] {
  const asks: Ask[] = [];
  for (const payload of [ORE, GEMS, WOOD, SWORD]) {
    if (!random.chance(3)) asks.push({ command: 'items.define', payload, player: SERVICE });
  }
  for (const place of PLACES) {
    if (!random.chance(10))
      asks.push({ command: 'places.define', payload: { place }, player: SERVICE });
  }
  const give = (player: string, asset: string, quantity: number, location?: string) => {
    if (random.chance(4)) return;
    const payload = { player, asset, quantity, ...(location === undefined ? {} : { location }) };
    asks.push({ command: 'wallet.grant', payload, player: SERVICE });
  };
  for (const player of PLAYERS) {
    give(player, 'coins', isHuge ? Math.floor(AMOUNT_MAX / 4) : random.between(500, 20_000));
    give(player, 'ore', random.between(20, 200));
    if (isHuge) give(player, 'ore', 5, 'vault');
    if (random.chance(60)) give(player, 'gems', random.between(500, 20_000));
    if (random.chance(60)) give(player, 'wood', random.between(10, 60) * 2);
  }
  for (const instance of INSTANCES) give(random.pick(PLAYERS), instance, 1);
  return asks;
}

/** A redefinition: mostly of what is there, at times halted, at times not allowed. */
export function define(random: Random): Definition {
  const halted = random.chance(20);
  return random.weighted<Definition>([
    [8, { ...ORE, halted, lotSize: random.pick([1, 1, 1, 2, 3]) }],
    [3, { ...ORE, tickSize: random.pick([1, 1, 5]), minPrice: random.pick([1, 50]) }],
    [5, { ...WOOD, halted }],
    [4, { ...SWORD, halted, maxPrice: random.pick([120, AMOUNT_MAX]) }],
    [2, GEMS],
    [1, { item: 'coins', kind: 'currency', attributes: { symbol: 'c' } }],
    [1, { item: 'gems', kind: 'currency', currency: 'coins' }],
    [1, { item: 'ore', kind: 'unique' }],
    [1, { item: 'ore', kind: 'commodity', currency: 'gems' }],
    [1, { item: 'cloth', kind: 'commodity', currency: 'ghost' }],
    [1, { item: 'cloth', kind: 'commodity', currency: 'ore' }],
    [1, { ...HERB, halted }],
  ]);
}

type Move = 'wallet.grant' | 'wallet.burn' | 'wallet.transfer';

export function move(around: Surroundings, command: Move): Ask {
  const { random } = around;
  const asset = random.weighted([
    [20, 'coins'],
    [10, 'gems'],
    [20, 'ore'],
    [10, 'wood'],
    [16, random.pick(INSTANCES)],
    [3, 'sword#9'],
    [2, 'sword'],
    [2, 'ghost'],
    [2, 'ghost#1'],
    [2, 'ore#1'],
  ]);
  const isInstance = asset.includes('#');
  const quantity = isInstance && random.chance(90) ? 1 : amount(around, command);
  const location = random.weighted([
    [70, undefined],
    [10, 'main'],
    [20, 'north'],
    [3, NOWHERE],
  ]);
  const player = someone(random, command === 'wallet.grant' ? STRANGER : UNKNOWN);
  const at = location === undefined ? {} : { location };
  if (command !== 'wallet.transfer') {
    const attributes =
      command === 'wallet.grant' && isInstance ? { edge: random.between(1, 9) } : undefined;
    const extra = attributes === undefined ? {} : { attributes };
    const payload = { player, asset, quantity, ...at };
    return command === 'wallet.grant'
      ? { command, payload: { ...payload, ...extra }, player: SERVICE }
      : { command, payload, player: SERVICE };
  }
  const to = someone(random, STRANGER);
  const toLocation = random.chance(4) ? NOWHERE : random.pick(['main', 'north', undefined]);
  const isNowhere = player === to && location === toLocation;
  const onward = isNowhere
    ? { toLocation: location === 'main' ? 'north' : 'main' }
    : { toLocation };
  const there = onward.toLocation === undefined ? {} : { toLocation: onward.toLocation };
  return {
    command,
    payload: { from: player, to, asset, quantity, ...at, ...there },
    player: SERVICE,
  };
}

/** Mostly one of those who are always there. */
function someone(random: Random, other: string): string {
  return random.chance(97) ? random.pick(PLAYERS) : other;
}

function amount({ random, isHuge }: Surroundings, command: Move): number {
  if (random.chance(isHuge ? 25 : 2)) {
    return random.pick([AMOUNT_MAX, Math.floor(AMOUNT_MAX / 2), 2 ** 32, 2 ** 31 - 1]);
  }
  return command === 'wallet.grant' ? random.between(1, 3_000) : random.between(1, 400);
}
