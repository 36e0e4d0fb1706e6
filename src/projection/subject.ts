// What a fact is about: so that a later fact of the same thing takes the place of an earlier one
// that is set aside, and so that what depends on it can be halted.

import { unreachable } from '../base/assert.ts';
import type { Fact } from '../engine/fact.ts';
import type { Suspension } from '../engine/suspension.ts';
import type { StoredFact } from '../journal/fact-reader.ts';
import type { Changes } from './changes.ts';

/** `offer 12`: the same for every fact of a thing that has a state; null for what happened once. */
export function thingOf(fact: StoredFact | Fact): string | null {
  switch (fact.kind) {
    case 'player':
      return `player ${fact.player}`;
    case 'location':
      return `location ${fact.location}`;
    case 'item':
    case 'instance':
      return `asset ${fact.asset}`;
    case 'balance':
    case 'closed':
      return `account ${fact.account}`;
    case 'order':
    case 'window':
    case 'offer':
      return `${fact.kind} ${fact.id}`;
    case 'block':
      return `block ${fact.player} ${fact.other}`;
    case 'privacy':
      return `privacy ${fact.player}`;
    case 'friend':
      return `friend ${fact.player} ${fact.other}`;
    case 'forgotten':
      return `forgotten ${fact.player}`;
    case 'trade':
    case 'manifest':
    case 'transfer':
    case 'decided':
      return null;
    default:
      return unreachable(fact);
  }
}

/** What a fact is about, for people; of one thing the same for all of its facts. */
export function subjectOf(fact: StoredFact, sequence: number, step: number): string {
  if (fact.kind === 'trade') return `trade ${fact.id}`;
  if (fact.kind === 'manifest') return `manifest ${fact.window} ${fact.revision}`;
  return thingOf(fact) ?? `${fact.kind} ${sequence} ${step}`;
}

/** Whether `changes` has a later fact of the same thing. Of what happened once there is none. */
export function isRetold(fact: StoredFact, changes: Changes): boolean {
  switch (fact.kind) {
    case 'player':
      return changes.players.has(fact.player);
    case 'location':
      return changes.locations.has(fact.location);
    case 'item':
      return changes.items.has(fact.asset);
    case 'instance':
      return changes.instances.has(fact.asset);
    case 'balance':
    case 'closed':
      return changes.accounts.has(fact.account) || changes.closed.has(fact.account);
    case 'order':
      return changes.orders.has(fact.id);
    case 'window':
      return changes.windows.has(fact.id);
    case 'offer':
      return changes.offers.has(fact.id);
    case 'block':
      return changes.blocks.has(`${fact.player} ${fact.other}`);
    case 'privacy':
      return changes.privacy.has(fact.player);
    case 'friend':
      return changes.friends.has(`${fact.player} ${fact.other}`);
    case 'forgotten':
      return changes.forgotten.has(fact.player);
    case 'trade':
    case 'manifest':
    case 'transfer':
    case 'decided':
      return false;
    default:
      return unreachable(fact);
  }
}

/** Whether a later fact says everything that this one says. A window's step is logged besides. */
export function isSuperseded({ kind }: StoredFact): boolean {
  return kind !== 'window';
}

/** Adds what must not go on while the tables lack `fact`. */
export function addHalts(fact: StoredFact, halts: Halts): void {
  switch (fact.kind) {
    case 'player':
    case 'location':
      halts.everything = true;
      break;
    case 'item':
    case 'instance':
    case 'balance':
    case 'order':
    case 'trade':
      halts.assets.add(fact.asset);
      break;
    case 'window':
      halts.windows.add(fact.id);
      break;
    case 'manifest':
      halts.windows.add(fact.window);
      break;
    case 'offer':
      halts.offers.add(fact.id);
      break;
    case 'closed':
    case 'block':
    case 'privacy':
    case 'friend':
    case 'transfer':
    case 'decided':
    case 'forgotten':
      break;
    default:
      unreachable(fact);
  }
}

/** A {@link Suspension} that is being put together. */
export interface Halts {
  everything: boolean;
  readonly assets: Set<number>;
  readonly offers: Set<number>;
  readonly windows: Set<number>;
  readonly players: Set<number>;
}

/** In plain values, which go from thread to thread. */
export function suspensionOf(halts: Halts): Suspension {
  const { everything, assets, offers, windows, players } = halts;
  return {
    everything,
    assets: [...assets],
    offers: [...offers],
    windows: [...windows],
    players: [...players],
  };
}

/** Whose doing a fact is; -1 when it does not say. */
export function authorOf(fact: StoredFact): number {
  switch (fact.kind) {
    case 'offer':
      return fact.maker;
    case 'window':
      return fact.by;
    case 'order':
    case 'block':
    case 'privacy':
    case 'decided':
    case 'forgotten':
      return fact.player;
    default:
      return -1;
  }
}
