// wallet.*: minting, burning and moving, for the game server. What it may touch is what is
// available: what is held belongs to an order, a window or an offer until that ends.

import type { Payload } from '../../protocol/commands/registry.ts';
import { type Attributes, DEFAULT_LOCATION } from '../../protocol/fields.ts';
import { assert } from '../base/assert.ts';
import { AMOUNT_MAX } from '../base/units.ts';
import * as check from './assets.ts';
import { accept, type Decision, reject } from './decision.ts';
import type { InstanceFact } from './fact.ts';
import { ISSUER } from './ledger.ts';
import { invalidateWanting } from './offers.ts';
import { whyNoPlace } from './places.ts';
import { whyUnknown } from './players.ts';
import { MAIN, type State } from './state.ts';

export function grant(state: State, ask: Payload<'wallet.grant'>): Decision {
  const found = check.findAsset(state, ask.asset);
  if (found === null) return check.itemNotFound(ask.asset);
  const refusal = whyNotMovable(state, found, ask);
  if (refusal !== null) return refusal;
  const { ledger } = state;
  const issued = found.asset < 0 ? -1 : ledger.find(ISSUER, found.asset, MAIN);
  const existing = issued < 0 ? 0 : -ledger.availableAt(issued);
  if (found.isInstance && existing > 0) {
    return reject('DEFINITION_CONFLICT', `${ask.asset} has an owner.`);
  }
  if (existing + ask.quantity > AMOUNT_MAX) return check.overflow();

  // From here on this must succeed.
  const player = state.player(ask.player);
  const asset = found.isInstance
    ? putNewInstance(state, ask.asset, found.market.item.asset, ask.attributes ?? {})
    : found.asset;
  const credit = ledger.open(player, asset, locationOf(state, found, ask.location));
  const debit = ledger.open(ISSUER, asset, MAIN);
  const move = { debit, from: 'available', credit, quantity: ask.quantity } as const;
  ledger.transfer(move, 'grant', 0, state.output);
  return accept({ balance: balanceBody(state, credit) });
}

export function burn(state: State, ask: Payload<'wallet.burn'>): Decision {
  const taken = findDebit(state, ask.player, ask);
  if ('ok' in taken) return taken;
  // From here on this must succeed.
  const { account: debit, found } = taken;
  const credit = state.ledger.open(ISSUER, found.asset, MAIN);
  const move = { debit, from: 'available', credit, quantity: ask.quantity } as const;
  state.ledger.transfer(move, 'burn', 0, state.output);
  if (found.isInstance) invalidateWanting(state, found.asset);
  return accept({ balance: balanceBody(state, debit) });
}

export function transfer(state: State, ask: Payload<'wallet.transfer'>): Decision {
  const taken = findDebit(state, ask.from, ask, ask);
  if ('ok' in taken) return taken;
  // From here on this must succeed.
  const { account: debit, found } = taken;
  const to = state.player(ask.to);
  const credit = state.ledger.open(to, found.asset, locationOf(state, found, ask.toLocation));
  const move = { debit, from: 'available', credit, quantity: ask.quantity } as const;
  state.ledger.transfer(move, 'transfer', 0, state.output);
  return accept({ debit: balanceBody(state, debit), credit: balanceBody(state, credit) });
}

type Named = string | undefined;

interface Taken {
  readonly account: number;
  readonly found: check.FoundAsset;
}

/** The account that pays, or why it cannot. `move` when it goes to another account of a player. */
function findDebit(
  state: State,
  owner: string,
  ask: { asset: string; quantity: number; location?: Named; toLocation?: Named },
  move?: Payload<'wallet.transfer'>,
): Taken | Decision {
  const unknown = whyUnknown(state, owner);
  if (unknown !== null) return unknown;
  const found = check.findAsset(state, ask.asset);
  if (found === null) return check.itemNotFound(ask.asset);
  const refusal = whyNotMovable(state, found, ask);
  if (refusal !== null) return refusal;
  if (found.asset < 0) return check.itemNotFound(ask.asset);
  const isMoney = found.market.item.itemKind === 'currency';
  if (move !== undefined && move.from === move.to) {
    const from = move.location ?? DEFAULT_LOCATION;
    const to = move.toLocation ?? DEFAULT_LOCATION;
    if (isMoney || from === to) return reject('SELF_TRADE', 'Both accounts are the same.');
  }
  const location = locationOf(state, found, ask.location);
  const account = state.ledger.find(state.players.find(owner), found.asset, location);
  const available = state.ledger.availableAt(account);
  if (available >= ask.quantity) return { account, found };
  return isMoney
    ? check.insufficientFunds(ask.quantity, available)
    : check.insufficientInventory(ask.quantity, available);
}

function whyNotMovable(
  state: State,
  found: check.FoundAsset,
  ask: { asset: string; quantity: number; location?: Named; toLocation?: Named },
): Decision | null {
  return (
    check.whyNotOwnable(found, ask.asset) ??
    whyNoPlace(state, ask.location) ??
    whyNoPlace(state, ask.toLocation) ??
    (found.isInstance ? check.whyBadLot(found, ask.quantity) : null)
  );
}

/** Where it goes: money lies at the default location alone. */
function locationOf(state: State, found: check.FoundAsset, name: string | undefined): number {
  if (found.market.item.itemKind === 'currency') return MAIN;
  return state.location(name);
}

/** Registers an instance, or gives a burnt one its new attributes. */
function putNewInstance(state: State, name: string, item: number, attributes: Attributes): number {
  const known = state.assetNames.find(name);
  const asset = known < 0 ? state.assetNames.add(name) : known;
  const instance: InstanceFact = { kind: 'instance', asset, name, item, attributes };
  putInstance(state, instance);
  state.output.push(instance);
  return asset;
}

/** Puts an instance in place; its asset number and name are in the registry already. */
export function putInstance(state: State, instance: InstanceFact): void {
  const known = state.assets.get(instance.asset);
  if (known === undefined) {
    state.assets.set(instance.asset, { market: state.market(instance.item), instance });
  } else {
    assert(known.instance !== null, 'an instance stays one');
    known.instance = instance;
  }
}

function balanceBody(state: State, account: number): Readonly<Record<string, unknown>> {
  const { asset, location, available, held } = state.ledger.balance(account);
  return {
    asset: state.assetNames.name(asset),
    location: state.locations.name(location),
    available,
    held,
  };
}
