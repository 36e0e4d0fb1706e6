// Payloads of orders, purchases and sales: prices and quantities so close together that they meet,
// with a little of everything that must be refused.

import type { Payload } from '../../protocol/commands/registry.ts';
import { AMOUNT_MAX } from '../../protocol/limits.ts';
import { type Ask, type KnownOrder, NOWHERE, type Surroundings } from './surroundings.ts';
import { INSTANCES } from './workload-wallet.ts';

type NewOrder = 'listings.create' | 'bids.create';
type Change = 'listings.update' | 'bids.update' | 'listings.cancel' | 'bids.cancel';
type Deal = 'purchases.create' | 'sales.create';

export function newOrder(around: Surroundings, command: NewOrder, player: string): Ask {
  const { random } = around;
  if (around.isHuge && command === 'listings.create' && random.chance(9)) {
    const price = random.pick([AMOUNT_MAX, Math.floor(AMOUNT_MAX / 2)]);
    return { command, payload: { item: 'ore', quantity: 1, price, location: 'vault' }, player };
  }
  const item = command === 'listings.create' ? listable(around) : biddable(around);
  const timeInForce = random.weighted([
    [40, undefined],
    [10, 'gtc' as const],
    [22, 'gtd' as const],
    [14, 'ioc' as const],
    [14, 'fok' as const],
  ]);
  const mayRest = timeInForce !== 'ioc' && timeInForce !== 'fok';
  const payload = dense({
    item,
    quantity: quantityOf(around, item),
    price: priceOf(around, item, command === 'listings.create' ? 2 : -2),
    location: locationOf(around),
    timeInForce,
    expiresAtMs: timeInForce === 'gtd' ? expiryOf(around) : undefined,
    postOnly: mayRest && random.chance(12) ? true : undefined,
  });
  return { command, payload, player };
}

export function orderChange(around: Surroundings, command: Change, anyone: string): Ask {
  const { random } = around;
  const order = known(around, command.startsWith('listings') ? 'sell' : 'buy');
  const id = order?.id ?? 999_999;
  const player = random.chance(90) ? (order?.player ?? anyone) : anyone;
  if (command === 'listings.cancel') return { command, payload: { listing: id }, player };
  if (command === 'bids.cancel') return { command, payload: { bid: id }, player };
  const what = random.weighted([
    [30, 'price' as const],
    [35, 'quantity' as const],
    [10, 'expiry' as const],
    [25, 'all' as const],
  ]);
  const has = (one: typeof what) => what === one || what === 'all';
  const item = order?.item ?? 'ore';
  const change = dense({
    price: has('price') ? priceOf(around, item) : undefined,
    quantity: has('quantity') ? quantityOf(around, item) : undefined,
    expiresAtMs: has('expiry') && random.chance(60) ? expiryOf(around) : undefined,
  });
  const sure = Object.keys(change).length === 0 ? { price: priceOf(around, item) } : change;
  return command === 'listings.update'
    ? { command, payload: { listing: id, ...sure }, player }
    : { command, payload: { bid: id, ...sure }, player };
}

export function deal(around: Surroundings, command: Deal, player: string): Ask {
  const { random } = around;
  const partial = random.chance(40) ? true : undefined;
  if (random.chance(35)) return { ...single(around, command, partial), player };
  const item = biddable(around);
  if (around.isHuge && command === 'purchases.create' && random.chance(20)) {
    const from = { item: 'ore', location: 'vault', quantity: random.between(1, 2) };
    return { command, payload: { ...from, maxUnitPrice: AMOUNT_MAX }, player };
  }
  const quantity = quantityOf(around, item);
  const bound = random.chance(70) ? boundOf(around, item) : undefined;
  const isTotal = bound === undefined || random.chance(30);
  const total = isTotal ? Math.min(AMOUNT_MAX, priceOf(around, item) * quantity) : undefined;
  const from = { item, location: locationOf(around), quantity, partial };
  if (command === 'purchases.create') {
    return { command, payload: dense({ ...from, maxUnitPrice: bound, maxTotal: total }), player };
  }
  return { command, payload: dense({ ...from, minUnitPrice: bound, minTotal: total }), player };
}

function single(
  around: Surroundings,
  command: Deal,
  partial: boolean | undefined,
):
  | { command: 'purchases.create'; payload: Payload<'purchases.create'> }
  | { command: 'sales.create'; payload: Payload<'sales.create'> } {
  const { random } = around;
  const quantity = random.chance(60) ? 1 : quantityOf(around, 'ore');
  const bound = random.chance(25) ? priceOf(around, 'ore') : undefined;
  if (command === 'purchases.create') {
    const listing = known(around, 'sell')?.id ?? 999_999;
    return { command, payload: dense({ listing, quantity, maxUnitPrice: bound, partial }) };
  }
  const bid = known(around, 'buy')?.id ?? 999_999;
  return { command, payload: dense({ bid, quantity, minUnitPrice: bound, partial }) };
}

/** Mostly a recent order of the side; now and then one of the other side, or none. */
function known(around: Surroundings, side: 'buy' | 'sell'): KnownOrder | null {
  const { random, orders } = around;
  if (random.chance(3)) return null;
  const suited = orders.filter(order => order.side === side || random.chance(4)).slice(-10);
  return suited.length === 0 ? null : random.pick(suited);
}

function listable(around: Surroundings): string {
  const { random } = around;
  return random.chance(20)
    ? random.weighted<string>([
        [14, random.pick(INSTANCES)],
        [1, 'sword#9'],
        [1, 'ore#1'],
      ])
    : biddable(around);
}

function biddable({ random }: Surroundings): string {
  return random.weighted([
    [72, 'ore'],
    [20, 'wood'],
    [2, 'sword'],
    [2, 'coins'],
    [1, 'gems'],
    [1, 'ghost'],
    [1, 'herb'],
  ]);
}

function locationOf({ random }: Surroundings): string | undefined {
  return random.weighted([
    [86, undefined],
    [4, 'main'],
    [8, 'north'],
    [2, NOWHERE],
  ]);
}

function quantityOf({ random, isHuge }: Surroundings, item: string): number {
  if (item.includes('#')) return random.chance(95) ? 1 : 2;
  if (isHuge && random.chance(4)) return random.pick([AMOUNT_MAX, 2 ** 32, 3]);
  const quantity = random.chance(10) ? random.between(10, 60) : random.between(1, 8);
  return item === 'wood' && random.chance(93) ? quantity * 2 : quantity;
}

/** `lean`: how much dearer than the middle of the market, on the whole. */
function priceOf({ random, isHuge }: Surroundings, item: string, lean = 0): number {
  if (isHuge && random.chance(30)) {
    return random.pick(
      [AMOUNT_MAX, AMOUNT_MAX / 3, AMOUNT_MAX / 2 + 1, 2 ** 31, 2 ** 32 + 1].map(Math.floor),
    );
  }
  if (random.chance(5)) return random.pick([1, 10, 405, 500, 1_000]);
  if (item === 'wood') return random.chance(92) ? random.between(18, 22) * 5 : 101;
  return random.chance(85) ? random.between(96, 104) + lean : random.between(80, 120);
}

function expiryOf({ random, nowMs }: Surroundings): number {
  return random.chance(6)
    ? nowMs - random.between(0, 1)
    : nowMs + random.pick([1, 5, 100, 1_000, 60_000, 200_000_000]);
}

/** Near the market; for the rich at times no bound at all. */
function boundOf(around: Surroundings, item: string): number {
  return around.isHuge && around.random.chance(25) ? AMOUNT_MAX : priceOf(around, item);
}

/** Leaves out what is undefined, as it would be on the wire. */
function dense<Payload extends object>(payload: Payload): Payload {
  for (const key of Object.keys(payload) as (keyof Payload)[]) {
    if (payload[key] === undefined) delete payload[key];
  }
  return payload;
}
