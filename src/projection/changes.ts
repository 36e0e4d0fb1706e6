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
import { livedAfter } from '../engine/lived-time.ts';
import { decodeStored, type StoredDecided, type StoredFact } from '../journal/fact-reader.ts';
import type { StoredManifest } from '../journal/fact-reader-direct.ts';
import type { JournalRow } from '../journal/journal.ts';

interface Entry {
  readonly sequence: number;
  readonly atMs: number;
}

/** An entry with its lived time. */
export interface LivedEntry extends Entry {
  readonly livedMs: number;
}

/** What is taken instead of a fact; null to leave it out. */
export type Substitute = (fact: StoredFact, sequence: number, step: number) => StoredFact | null;

/** Something that happened, with the entry that it happened in. */
export interface Happened<Kind> extends Entry {
  readonly fact: Kind;
}

/** A key that was decided, with the lived time of its entry. */
export interface DecidedKey extends Happened<StoredDecided> {
  readonly livedMs: number;
}

/** Where lived time goes on from, and how: see lived-time.ts of the engine. */
export interface Lived {
  readonly atMs: number;
  readonly livedMs: number;
  readonly livedStepMaxMs: number;
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

/** An account as it is last. */
interface AccountChange {
  balance: BalanceFact;
  /** The sequence that opened it, so that no table has it yet; 0 if it was there before. */
  readonly since: number;
}

/** What has a state and changes seldom. */
type Definition = PlayerFact | LocationFact | ItemFact | InstanceFact | BlockFact | PrivacyFact;

const UNKNOWN_LIFE: Lived = { atMs: 0, livedMs: 0, livedStepMaxMs: 0 };

export class Changes {
  readonly players = new Map<number, PlayerFact>();
  readonly locations = new Map<number, LocationFact>();
  readonly items = new Map<number, ItemFact>();
  readonly instances = new Map<number, InstanceFact>();
  readonly accounts = new Map<number, AccountChange>();
  /** Accounts that were closed, whoever has their numbers now: whether they were there before. */
  readonly closed = new Map<number, boolean>();
  readonly orders = new Map<number, OrderFact>();
  readonly transfers: Happened<TransferFact>[] = [];
  readonly trades: Happened<TradeFact>[] = [];
  readonly keys: DecidedKey[] = [];
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
  /** Lived time at the last entry met. */
  livedMs: number;
  #atMs: number;
  readonly #livedStepMaxMs: number;

  /** Left out: facts are put one by one, each with its lived time, or that does not matter. */
  constructor({ atMs, livedMs, livedStepMaxMs }: Lived = UNKNOWN_LIFE) {
    this.#atMs = atMs;
    this.livedMs = livedMs;
    this.#livedStepMaxMs = livedStepMaxMs;
  }

  /** Rows come in the order of their positions. */
  add(row: JournalRow, substitute: Substitute = asItIs): void {
    for (const { sequence, atMs, facts } of decodeStored(row.facts)) {
      this.livedMs = livedAfter(this.livedMs, this.#atMs, atMs, this.#livedStepMaxMs);
      this.#atMs = atMs;
      for (let i = 0; i < facts.length; i++) {
        const fact = substitute(facts[i] as StoredFact, sequence, i);
        if (fact !== null) this.put({ sequence, atMs, livedMs: this.livedMs }, i, fact);
      }
    }
  }

  /** Facts come in their order. `step` is the place of this one among those of its entry. */
  put({ sequence, atMs, livedMs }: LivedEntry, step: number, fact: StoredFact): void {
    switch (fact.kind) {
      case 'balance':
        this.#balance(fact, sequence);
        break;
      case 'closed':
        this.#close(fact.account);
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
        this.keys.push({ sequence, atMs, livedMs, fact });
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

  #balance(balance: BalanceFact, sequence: number): void {
    const known = this.accounts.get(balance.account);
    if (known !== undefined && !balance.opened) known.balance = balance;
    else this.accounts.set(balance.account, { balance, since: balance.opened ? sequence : 0 });
  }

  #close(account: number): void {
    const wasOpened = (this.accounts.get(account)?.since ?? 0) > 0;
    this.accounts.delete(account);
    this.closed.set(account, !wasOpened || this.closed.get(account) === true);
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

const asItIs: Substitute = fact => fact;

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
