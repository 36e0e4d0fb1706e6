// The model's reading of RULES.md on items, places and wallets: define, grant, burn, transfer.

import type { Payload } from '../../protocol/commands/registry.ts';
import { ISSUER, LARGEST, MAIN, type ModelItem, Refusal, type World } from './model-world.ts';

export type Body = Readonly<Record<string, unknown>>;

export function define(world: World, payload: Payload<'items.define'>): Body {
  const existing = world.items.get(payload.item);
  const currency = currencyOf(world, payload);
  if (existing !== undefined) {
    if (existing.kind !== payload.kind) throw new Refusal('DEFINITION_CONFLICT');
    if (existing.currency !== currency) throw new Refusal('DEFINITION_CONFLICT');
  }
  const item: ModelItem = {
    name: payload.item,
    kind: payload.kind,
    currency,
    tickSize: payload.tickSize ?? 1,
    lotSize: payload.lotSize ?? 1,
    minPrice: payload.minPrice ?? 1,
    maxPrice: payload.maxPrice ?? Number(LARGEST),
    halted: payload.halted ?? false,
    attributes: payload.attributes ?? {},
  };
  world.items.set(item.name, item);
  const { name, ...rest } = item;
  return { item: name, ...rest };
}

/** The realm bound of places is beyond what a run can define. */
export function definePlace(world: World, { place }: Payload<'places.define'>): Body {
  world.locations.add(place);
  return { place };
}

function currencyOf(world: World, payload: Payload<'items.define'>): string {
  if (payload.kind === 'currency') {
    const named = payload.currency ?? payload.item;
    if (named !== payload.item) throw new Refusal('DEFINITION_CONFLICT');
    return named;
  }
  const name = payload.currency ?? 'coins';
  const currency = world.items.get(name);
  if (currency?.kind !== 'currency') throw new Refusal('ITEM_NOT_FOUND', { item: name });
  return name;
}

export function grant(world: World, payload: Payload<'wallet.grant'>): Body {
  const { asset, player } = payload;
  const item = ownable(world, payload);
  const location = whereabouts(item, payload.location);
  if (asset.includes('#') && supplyOf(world, asset) > 0n) throw new Refusal('DEFINITION_CONFLICT');
  if (supplyOf(world, asset) + BigInt(payload.quantity) > LARGEST) {
    throw new Refusal('AMOUNT_OVERFLOW');
  }
  if (asset.includes('#')) world.instances.set(asset, payload.attributes ?? {});
  world.players.add(player);
  world.move(asset, BigInt(payload.quantity), [ISSUER, MAIN], [player, location]);
  return { balance: balance(world, player, asset, location) };
}

export function burn(world: World, payload: Payload<'wallet.burn'>): Body {
  const { asset, player } = payload;
  world.known(player);
  const item = ownable(world, payload);
  everGranted(world, asset);
  const location = whereabouts(item, payload.location);
  enough(world, player, asset, location, BigInt(payload.quantity));
  world.move(asset, BigInt(payload.quantity), [player, location], [ISSUER, MAIN]);
  return { balance: balance(world, player, asset, location) };
}

export function transfer(world: World, payload: Payload<'wallet.transfer'>): Body {
  const { asset, from, to } = payload;
  world.known(from);
  const item = ownable(world, payload);
  everGranted(world, asset);
  const location = whereabouts(item, payload.location);
  const toLocation = whereabouts(item, payload.toLocation);
  if (from === to && location === toLocation) throw new Refusal('SELF_TRADE');
  enough(world, from, asset, location, BigInt(payload.quantity));
  world.players.add(to);
  world.move(asset, BigInt(payload.quantity), [from, location], [to, toLocation]);
  return {
    debit: balance(world, from, asset, location),
    credit: balance(world, to, asset, toLocation),
  };
}

/** Refuses with the code for what is lacking: money or goods. `own`: held for the very same. */
export function enough(
  world: World,
  player: string,
  asset: string,
  location: string,
  required: bigint,
  own = 0n,
): void {
  const available = world.available(player, asset, location) + own;
  if (available >= required) return;
  const money = world.itemOf(asset).kind === 'currency';
  throw new Refusal(money ? 'INSUFFICIENT_FUNDS' : 'INSUFFICIENT_INVENTORY', {
    required: Number(required),
    available: Number(available),
  });
}

interface Moving {
  readonly asset: string;
  readonly quantity: number;
  readonly location?: string | undefined;
  readonly toLocation?: string | undefined;
}

function ownable(world: World, { asset, quantity, location, toLocation }: Moving): ModelItem {
  const item = world.itemOf(asset);
  if ((item.kind === 'unique') !== asset.includes('#')) throw new Refusal('NOT_FUNGIBLE');
  world.defined(location);
  world.defined(toLocation);
  if (item.kind === 'unique' && quantity !== 1) throw new Refusal('BAD_LOT', { lotSize: 1 });
  return item;
}

function everGranted(world: World, asset: string): void {
  if (asset.includes('#') && !world.instances.has(asset)) {
    throw new Refusal('ITEM_NOT_FOUND', { item: asset });
  }
}

function supplyOf(world: World, asset: string): bigint {
  return -(world.totals.get(`${ISSUER} ${asset} ${MAIN}`) ?? 0n);
}

function whereabouts(item: ModelItem, location: string | undefined): string {
  return item.kind === 'currency' ? MAIN : (location ?? MAIN);
}

function balance(world: World, player: string, asset: string, location: string): Body {
  const available = world.available(player, asset, location);
  const total = world.totals.get(`${player} ${asset} ${location}`) ?? 0n;
  return { asset, location, available: Number(available), held: Number(total - available) };
}
