// The last word of the facts on everything: what the projection's tables would hold. Facts say how
// things are now, so the tables are the latest fact of each kind and number; nothing is computed.

import type {
  BalanceFact,
  DecidedFact,
  Fact,
  FactGroup,
  InstanceFact,
  ItemFact,
  LocationFact,
  OrderFact,
  PlayerFact,
} from '../../src/engine/fact.ts';

export interface DatedKey {
  readonly sequence: number;
  readonly atMs: number;
  readonly fact: DecidedFact;
}

export class FactTables {
  readonly players = new Map<number, PlayerFact>();
  readonly locations = new Map<number, LocationFact>();
  readonly items = new Map<number, ItemFact>();
  readonly instances = new Map<number, InstanceFact>();
  readonly accounts = new Map<number, BalanceFact>();
  readonly orders = new Map<number, OrderFact>();
  /** In the order in which they were decided. */
  readonly keys: DatedKey[] = [];
  lastTrade = 0;
  sequence = 0;
  atMs = 0;

  apply(group: FactGroup): void {
    this.sequence = group.sequence;
    this.atMs = group.atMs;
    for (const fact of group.facts) this.#put(fact);
  }

  playerName(player: number): string {
    return named(this.players.get(player), `player ${player}`);
  }

  locationName(location: number): string {
    return named(this.locations.get(location), `location ${location}`);
  }

  mainLocation(): number {
    for (const { location, name } of this.locations.values()) if (name === 'main') return location;
    throw new Error('facts: there is no main location');
  }

  assetName(asset: number): string {
    return named(this.items.get(asset) ?? this.instances.get(asset), `asset ${asset}`);
  }

  /** The definition behind an asset: of an instance, its item's. */
  itemOf(asset: number): ItemFact {
    const item = this.items.get(this.instances.get(asset)?.item ?? asset);
    if (item === undefined) throw new Error(`facts: asset ${asset} was never introduced`);
    return item;
  }

  openOrders(): OrderFact[] {
    return [...this.orders.values()].filter(order => order.status === 'open');
  }

  #put(fact: Fact): void {
    switch (fact.kind) {
      case 'player':
        this.players.set(fact.player, fact);
        break;
      case 'location':
        this.locations.set(fact.location, fact);
        break;
      case 'item':
        this.items.set(fact.asset, fact);
        break;
      case 'instance':
        this.instances.set(fact.asset, fact);
        break;
      case 'balance':
        this.accounts.set(fact.account, fact);
        break;
      case 'order':
        this.orders.set(fact.id, fact);
        break;
      case 'trade':
        this.lastTrade = fact.id;
        break;
      case 'decided':
        this.keys.push({ sequence: this.sequence, atMs: this.atMs, fact });
        break;
      case 'transfer':
        break;
    }
  }
}

function named(fact: { readonly name: string } | undefined, what: string): string {
  if (fact === undefined) throw new Error(`facts: ${what} was never introduced`);
  return fact.name;
}
