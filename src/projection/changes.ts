// What a run of journal rows comes to in the tables: of everything that has a state only the last
// one, of everything that happened all of it. A wallet touched a thousand times is one row here.

import type {
  BalanceFact,
  InstanceFact,
  ItemFact,
  LocationFact,
  OrderFact,
  PlayerFact,
  TradeFact,
  TransferFact,
} from '../engine/fact.ts';
import { decodeStored, type StoredDecided, type StoredFact } from '../journal/fact-reader.ts';
import type { JournalRow } from '../journal/journal.ts';

/** Something that happened, with the entry that it happened in. */
export interface Happened<Kind> {
  readonly sequence: number;
  readonly atMs: number;
  readonly fact: Kind;
}

export class Changes {
  readonly players = new Map<number, PlayerFact>();
  readonly locations = new Map<number, LocationFact>();
  readonly items = new Map<number, ItemFact>();
  readonly instances = new Map<number, InstanceFact>();
  readonly accounts = new Map<number, BalanceFact>();
  readonly orders = new Map<number, OrderFact>();
  readonly transfers: Happened<TransferFact>[] = [];
  readonly trades: Happened<TradeFact>[] = [];
  readonly keys: Happened<StoredDecided>[] = [];
  /** The highest ids met; 0 for none. */
  lastOrder = 0;
  lastTrade = 0;

  /** Rows come in the order of their positions. */
  add(row: JournalRow): void {
    for (const { sequence, atMs, facts } of decodeStored(row.facts)) {
      for (let i = 0; i < facts.length; i++) {
        this.#fact(sequence, atMs, facts[i] as StoredFact);
      }
    }
  }

  #fact(sequence: number, atMs: number, fact: StoredFact): void {
    switch (fact.kind) {
      case 'balance':
        this.accounts.set(fact.account, fact);
        break;
      case 'order':
        this.orders.set(fact.id, fact);
        if (fact.id > this.lastOrder) this.lastOrder = fact.id;
        break;
      case 'transfer':
        this.transfers.push({ sequence, atMs, fact });
        break;
      case 'trade':
        this.trades.push({ sequence, atMs, fact });
        if (fact.id > this.lastTrade) this.lastTrade = fact.id;
        break;
      case 'decided':
        this.keys.push({ sequence, atMs, fact });
        break;
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
    }
  }
}
