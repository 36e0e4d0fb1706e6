// Holds the journal rows that are still kept against the tables: rows follow one another, their
// bytes are what was digested when they were written, and the last word of each fact is what the
// tables say. Memory is bounded by accounts and what is open, whatever the length of the journal:
// what cannot change any more (trades, transfers, keys, closed orders) is compared piece by piece.
// Windows and offers are in journal-audit-direct.ts.

import {
  cellsOf,
  compareById,
  type Expected,
  type Finding,
  type Source,
  Tally,
  text,
} from './audit-tally.ts';
import { TRANSFER_REASONS } from './engine/fact.ts';
import { decodeStored } from './journal/fact-reader.ts';
import type { JournalRow } from './journal/journal.ts';
import { digestOf } from './journal/postgres-journal.ts';
import { PostgresJournalReader, type StoredRow } from './journal/postgres-reader.ts';
import { ORDER_STATUSES, SIDES, TIMES_IN_FORCE } from './journal/words.ts';
import { DirectAudit } from './journal-audit-direct.ts';
import { Changes, type Substitute } from './projection/changes.ts';
import type { Standing } from './projection/projector.ts';
import { readSubstitutes } from './projection/quarantine.ts';

const PIECE_BYTES_MAX = 4 * 1024 * 1024;

/** The columns of each table by id, in the order in which {@link Expected} has them. */
const TABLES = {
  accounts:
    'select id, owner, asset, location, available, held from realm.accounts where id = any($1)',
  orders: `select id, side, player, asset, location, price, quantity, remaining, held, fee_bps,
    priority, time_in_force, post_only, expires_at_ms, created_at_ms, status
    from realm.orders where id = any($1)`,
  trades: `select id, sequence, at_ms, asset, location, price, quantity, maker, taker, taker_side,
    buyer, seller, buyer_fee, seller_fee from realm.trades where id = any($1)`,
  keys: `select sequence, at_ms, player, key, digest, ok, encode(body, 'hex') from realm.keys
    where sequence = any($1)`,
  serviceKeys: `select sequence, at_ms, player, key, digest, ok, encode(body, 'hex')
    from realm.service_keys where sequence = any($1)`,
} as const;

/** The greatest key of each of the players $1 that is forgotten, of those who have one. */
const FORGOTTEN = 'select player, key from realm.forgotten_keys where player = any($1)';
/** The greatest service key that the tables have dropped. */
const KEY_FLOOR = 'select key_floor from realm.projection';

const TRANSFERS = `select sequence, at_ms, debit, credit, quantity, reason, reference
  from realm.transfers where sequence > $1 and sequence <= $2`;

/**
 * Compares every kept row with the tables, which have caught up with the journal. `source` sees one
 * moment: it is inside of a repeatable-read database transaction.
 */
export async function auditJournal(source: Source, standing: Standing): Promise<Finding[]> {
  const substitute = await readSubstitutes(source);
  const audit = new JournalAudit(source, substitute);
  const journal = new PostgresJournalReader(source);
  let position = 0;
  for (;;) {
    const rows = await journal.readAfter(position, PIECE_BYTES_MAX);
    const last = rows.at(-1);
    if (last === undefined) break;
    await audit.piece(rows);
    position = last.position;
  }
  return audit.finish(standing);
}

class JournalAudit {
  readonly #source: Source;
  /** For facts that the tables could not take as they are. */
  readonly #substitute: Substitute;
  readonly #rows = new Tally('journal rows are whole and follow one another', 'rows');
  readonly #accounts = new Tally('accounts are as the journal has them last', 'accounts');
  readonly #orders = new Tally('orders are as the journal has them last', 'orders');
  readonly #trades = new Tally('every trade of the journal is in its table', 'trades');
  readonly #transfers = new Tally('transfers are those of the journal', 'transfers');
  readonly #keys = new Tally('every remembered answer is in its table', 'keys');
  readonly #lastAccounts: Expected = new Map();
  readonly #openOrders: Expected = new Map();
  readonly #direct: DirectAudit;
  #previous: Omit<StoredRow, 'facts' | 'digest'> | null = null;

  constructor(source: Source, substitute: Substitute) {
    this.#source = source;
    this.#substitute = substitute;
    this.#direct = new DirectAudit(source);
  }

  async piece(rows: readonly StoredRow[]): Promise<void> {
    const sequenceBefore = this.#previous?.sequence ?? firstSequence(rows[0] as StoredRow) - 1;
    const changes = new Changes();
    for (const row of rows) {
      this.#checkRow(row);
      changes.add(row, this.#substitute);
    }
    for (const account of changes.closed.keys()) this.#lastAccounts.set(account, undefined);
    for (const { balance } of changes.accounts.values()) {
      const { account, owner, asset, location, available, held } = balance;
      this.#lastAccounts.set(account, text([owner, asset, location, available, held]));
    }
    await this.#compare('orders', this.#orders, this.#closedOrders(changes));
    await this.#compare('trades', this.#trades, tradesOf(changes));
    await this.#compare('keys', this.#keys, await this.#keysOf(changes));
    await this.#compare('serviceKeys', this.#keys, await this.#serviceKeysOf(changes));
    const { sequence } = rows.at(-1) as StoredRow;
    await this.#compareTransfers(changes, sequenceBefore, sequence);
    await this.#direct.piece(changes, sequenceBefore, sequence);
  }

  async finish(standing: Standing): Promise<Finding[]> {
    await this.#compare('accounts', this.#accounts, this.#lastAccounts);
    await this.#compare('orders', this.#orders, this.#openOrders);
    const last = this.#previous;
    if (last !== null && last.position !== standing.position) {
      this.#rows.differs(`the tables stand at ${standing.position}, not at ${last.position}`);
    }
    const tallies = [this.#accounts, this.#orders, this.#trades, this.#transfers, this.#keys];
    const findings = [this.#rows, ...tallies].map(tally => tally.finding);
    return [...findings, ...(await this.#direct.finish())];
  }

  #checkRow(row: StoredRow): void {
    const { position, epoch, writer, sequence, atMs } = row;
    const wrong = (what: string) => this.#rows.differs(`row ${position} ${what}`);
    if (!digestOf(row.facts).equals(row.digest)) wrong('has other bytes than were digested');
    const before = this.#previous;
    let next = before?.sequence ?? firstSequence(row) - 1;
    if (before !== null && position !== before.position + 1) wrong(`follows ${before.position}`);
    const isAnothers = before !== null && !writer.equals(before.writer);
    if (isAnothers && row.facts.length > 0) wrong('is of another writer than the row before it');
    if (before !== null && epoch < before.epoch) wrong(`has epoch ${epoch} after ${before.epoch}`);
    if (before !== null && atMs < before.atMs) wrong('goes back in time');
    for (const group of decodeStored(row.facts)) {
      next += 1;
      if (group.sequence !== next) wrong(`has sequence ${group.sequence} instead of ${next}`);
      next = group.sequence;
    }
    if (sequence !== next) wrong(`ends at ${next} and says ${sequence}`);
    this.#rows.agrees();
    this.#previous = { position, epoch, writer, sequence, atMs };
  }

  /** Those that cannot change any more; the open ones wait for their last word. */
  #closedOrders(changes: Changes): Expected {
    const closed: Expected = new Map();
    for (const fact of changes.orders.values()) {
      const columns = text([
        SIDES.indexOf(fact.side),
        fact.player,
        fact.asset,
        fact.location,
        fact.price,
        fact.quantity,
        fact.remaining,
        fact.held,
        fact.feeBps,
        fact.priority,
        TIMES_IN_FORCE.indexOf(fact.timeInForce),
        fact.postOnly,
        fact.expiresAtMs,
        fact.createdAtMs,
        ORDER_STATUSES.indexOf(fact.status),
      ]);
      this.#openOrders.delete(fact.id);
      (fact.status === 'open' ? this.#openOrders : closed).set(fact.id, columns);
    }
    return closed;
  }

  /** Those that are not forgotten. */
  async #keysOf(changes: Changes): Promise<Expected> {
    const players = [...new Set(changes.keys.map(({ fact }) => fact.player))];
    const cells = await cellsOf(this.#source, FORGOTTEN, [players]);
    const forgotten = new Map(cells as [number, string][]);
    return keyed(changes.keys, ({ player, key }) => key > (forgotten.get(player) ?? ''));
  }

  /** Those that are not so old that the tables may have dropped them. */
  async #serviceKeysOf(changes: Changes): Promise<Expected> {
    const [cells] = await cellsOf(this.#source, KEY_FLOOR, []);
    const floor = (cells?.[0] ?? '') as string;
    return keyed(changes.serviceKeys, ({ key }) => key > floor);
  }

  #compare(table: keyof typeof TABLES, tally: Tally, expected: Expected): Promise<void> {
    return compareById(this.#source, TABLES[table], tally, expected);
  }

  async #compareTransfers(changes: Changes, after: number, until: number): Promise<void> {
    const counts = new Map<string, number>();
    for (const { sequence, atMs, fact } of changes.transfers) {
      const reason = TRANSFER_REASONS.indexOf(fact.reason);
      const { debit, credit, quantity, reference } = fact;
      const row = text([sequence, atMs, debit, credit, quantity, reason, reference]);
      counts.set(row, (counts.get(row) ?? 0) + 1);
    }
    for (const cells of await cellsOf(this.#source, TRANSFERS, [after, until])) {
      const row = text(cells);
      counts.set(row, (counts.get(row) ?? 0) - 1);
    }
    this.#transfers.agrees(changes.transfers.length);
    for (const [row, count] of counts) {
      if (count > 0) this.#transfers.differs(`transfer ${row} is missing`);
      if (count < 0) this.#transfers.differs(`transfer ${row} is not in the journal`);
    }
  }
}

/** The sequence that a kept row begins with; of a claim, the one after it. */
function firstSequence(row: JournalRow): number {
  return decodeStored(row.facts)[0]?.sequence ?? row.sequence + 1;
}

function tradesOf(changes: Changes): Expected {
  const expected: Expected = new Map();
  for (const { sequence, atMs, fact } of changes.trades) {
    const { asset, location, price, quantity, maker, taker, buyer, seller } = fact;
    const side = SIDES.indexOf(fact.takerSide);
    const parties = [buyer, seller, fact.buyerFee, fact.sellerFee];
    const deal = [sequence, atMs, asset, location, price, quantity, maker, taker, side];
    expected.set(fact.id, text([...deal, ...parties]));
  }
  return expected;
}

function keyed(
  keys: Changes['keys'],
  isKept: (fact: Changes['keys'][number]['fact']) => boolean,
): Expected {
  const expected: Expected = new Map();
  for (const { sequence, atMs, fact } of keys) {
    if (!isKept(fact)) continue;
    const body = Buffer.from(fact.bodyBytes).toString('hex');
    expected.set(sequence, text([atMs, fact.player, fact.key, fact.digest, fact.ok, body]));
  }
  return expected;
}
