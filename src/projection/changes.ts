// What a run of journal rows comes to in the tables: of everything that has a state only the last
// one, of everything that happened all of it. A wallet touched a thousand times is one row here.

import { assert, unreachable } from '../base/assert.ts';
import type {
  BalanceFact,
  BlockFact,
  InstanceFact,
  ItemFact,
  Line,
  LocationFact,
  OfferFact,
  OrderFact,
  PlayerFact,
  PrivacyFact,
  TradeFact,
  TransferFact,
  WindowFact,
} from '../engine/fact.ts';
import { decodeStored, type StoredDecided, type StoredFact } from '../journal/fact-reader.ts';
import type { StoredManifest } from '../journal/fact-reader-direct.ts';
import type { JournalRow } from '../journal/journal.ts';

interface Entry {
  readonly sequence: number;
  readonly atMs: number;
}

/** Something that happened, with the entry that it happened in. */
export interface Happened<Kind> extends Entry {
  readonly fact: Kind;
}

/**
 * One thing that happened to a window: what the log has of it, so that the fact itself may go.
 * `step` tells those of one entry apart, in order.
 */
export interface WindowStep extends Entry, Pick<WindowFact, 'id' | 'revision' | 'by' | 'event'> {
  readonly step: number;
  /** The side of whoever put something, all of it; null when nothing was put. */
  readonly put: readonly Line[] | null;
}

/** What has a state and changes seldom. */
type Definition = PlayerFact | LocationFact | ItemFact | InstanceFact | BlockFact | PrivacyFact;

export class Changes {
  readonly players = new Map<number, PlayerFact>();
  readonly locations = new Map<number, LocationFact>();
  readonly items = new Map<number, ItemFact>();
  readonly instances = new Map<number, InstanceFact>();
  readonly accounts = new Map<number, BalanceFact>();
  /** Of the accounts that were opened: the sequence that did. No table has them yet. */
  readonly opened = new Map<number, number>();
  /** Accounts that were closed, whoever has their numbers now: whether they were there before. */
  readonly closed = new Map<number, boolean>();
  readonly orders = new Map<number, OrderFact>();
  readonly transfers: Happened<TransferFact>[] = [];
  readonly trades: Happened<TradeFact>[] = [];
  readonly keys: Happened<StoredDecided>[] = [];
  readonly windows = new Map<number, WindowFact>();
  readonly windowLog: WindowStep[] = [];
  readonly manifests: Happened<StoredManifest>[] = [];
  readonly offers = new Map<number, OfferFact>();
  /** By both players. */
  readonly blocks = new Map<string, BlockFact>();
  readonly privacy = new Map<number, PrivacyFact>();
  /** The highest ids met; 0 for none. */
  lastOrder = 0;
  lastTrade = 0;
  lastWindow = 0;
  lastOffer = 0;

  /** Rows come in the order of their positions. */
  add(row: JournalRow): void {
    for (const { sequence, atMs, facts } of decodeStored(row.facts)) {
      for (let i = 0; i < facts.length; i++) {
        this.#fact({ sequence, atMs }, i, facts[i] as StoredFact);
      }
    }
  }

  #fact({ sequence, atMs }: Entry, step: number, fact: StoredFact): void {
    switch (fact.kind) {
      case 'balance':
        this.accounts.set(fact.account, fact);
        if (fact.opened) this.opened.set(fact.account, sequence);
        break;
      case 'closed':
        this.accounts.delete(fact.account);
        if (!this.opened.delete(fact.account)) this.closed.set(fact.account, true);
        else if (!this.closed.has(fact.account)) this.closed.set(fact.account, false);
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
      case 'window':
        this.windows.set(fact.id, fact);
        this.windowLog.push({
          sequence,
          atMs,
          step,
          id: fact.id,
          revision: fact.revision,
          by: fact.by,
          event: fact.event,
          put: linesPut(fact),
        });
        if (fact.id > this.lastWindow) this.lastWindow = fact.id;
        break;
      case 'manifest':
        this.manifests.push({ sequence, atMs, fact });
        break;
      case 'offer':
        this.offers.set(fact.id, fact);
        if (fact.id > this.lastOffer) this.lastOffer = fact.id;
        break;
      default:
        this.#definition(fact);
    }
  }

  #definition(fact: Definition): void {
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
      case 'block':
        this.blocks.set(`${fact.player} ${fact.other}`, fact);
        break;
      case 'privacy':
        this.privacy.set(fact.player, fact);
        break;
      default:
        unreachable(fact);
    }
  }
}

function linesPut({ event, by, sides }: WindowFact): readonly Line[] | null {
  if (event !== 'put') return null;
  const side = sides.find(({ player }) => player === by);
  assert(side !== undefined, 'whoever puts something takes part in the window');
  return side.lines;
}

type Element<List> = List extends readonly (infer Row)[]
  ? Row
  : List extends ReadonlyMap<unknown, infer Row>
    ? Row
    : never;

/** What a table has of each change. */
export type RowOf<Name extends keyof Changes> = Element<Changes[Name]>;
