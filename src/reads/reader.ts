// The read commands, each with the query that answers it, over one pool of connections. Whether the
// tables have caught up is for the realm to see to; who may ask about whom is decided here.

import type { Payload, ReadCommand } from '../../protocol/commands/registry.ts';
import type { RejectBody } from '../../protocol/rejects.ts';
import type { AmountLocale } from '../base/amount-text.ts';
import type { Log } from '../base/log.ts';
import { createPool, type Database } from '../database/connection.ts';
import { ok, rejected, type TableAnswer } from './answer.ts';
import { answerDirect } from './direct-reader.ts';
import { getTrades } from './history.ts';
import { getItem } from './items.ts';
import { Meter } from './meter.ts';
import { getListing, getOwnBids, getOwnListings } from './orders.ts';
import { getPlaces } from './places.ts';
import { getPrivateSnapshot, type PrivatePart } from './private-snapshot.ts';
import type { Source } from './source.ts';
import { getWallet } from './wallet.ts';

/** The read commands that the tables answer. */
type TableCommand = Exclude<ReadCommand, `market.${string}`>;

export interface TableRequest {
  readonly command: ReadCommand;
  readonly payload: Payload<ReadCommand>;
  readonly player: string;
  readonly role: string;
}

export interface Reader {
  answer(request: TableRequest): Promise<TableAnswer>;
  /** A part of a private snapshot, from where the part before it says; and what it cost. */
  privateSnapshot(
    player: string,
    from: readonly number[] | null,
  ): Promise<PrivatePart & { readonly databaseMs: number }>;
  standing(): Promise<TablesStand>;
  close(): Promise<void>;
}

/** How far the tables have come, and how many facts they could not take. */
export interface TablesStand {
  readonly position: number;
  readonly quarantined: number;
}

const STANDING = `select position,
    (select count(*) from realm.quarantine where settled_at_ms is null)
    as quarantined from realm.projection`;

/**
 * The embedded database does one thing at a time and cancels nothing: with one connection, whatever
 * else there is waits for at most one read, and each read knows what it cost.
 */
const CONNECTIONS = { server: 8, embedded: 1 } as const;
/** Of a server. Each statement here is bounded by what it shows, so it takes some milliseconds. */
const STATEMENT_TIMEOUT_MS = 5_000;

export interface ReaderOptions {
  readonly database: Database;
  readonly log: Log;
  /** The language of amounts in words. */
  readonly amountWordsLocale: AmountLocale;
  /** The database went away: it may come back with less than it had. */
  readonly lost?: () => void;
  /** For tests. */
  readonly statementTimeoutMs?: number;
}

export function createReader(options: ReaderOptions): Reader {
  const { database, log, amountWordsLocale, lost = () => {} } = options;
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const bounds = { statementTimeoutMs, max: CONNECTIONS[database.address.kind] };
  const pool = createPool(database, { name: 'reads', ...bounds, lost }, log);
  return {
    async answer(request) {
      const meter = new Meter(pool);
      try {
        const answer = await answerFrom(meter, request, amountWordsLocale);
        return { ...answer, databaseMs: meter.spentMs };
      } catch (error) {
        log.warn({ error: String(error), command: request.command }, 'a read failed');
        return { outcome: 'unavailable', body: AWAY, databaseMs: meter.spentMs };
      }
    },
    async privateSnapshot(player, from) {
      const meter = new Meter(pool);
      const part = await getPrivateSnapshot(meter, player, from);
      return { ...part, databaseMs: meter.spentMs };
    },
    async standing() {
      return (await pool.query<TablesStand>(STANDING)).rows[0] as TablesStand;
    },
    close: () => pool.end(),
  };
}

const AWAY: RejectBody = Object.freeze({
  code: 'SERVICE_UNAVAILABLE',
  message: 'The database did not answer.',
  retryAfterMs: 1_000,
});

/** The answer to a read command, wherever it is read from. */
export async function answerFrom(
  source: Source,
  request: TableRequest,
  locale: AmountLocale,
): Promise<TableAnswer> {
  const command = request.command as TableCommand;
  switch (command) {
    case 'items.get': {
      const ask = request.payload as Payload<'items.get'>;
      const item = await getItem(source, ask);
      if (item !== null) return ok(item);
      return rejected('ITEM_NOT_FOUND', `${ask.item} is not defined.`, { item: ask.item });
    }
    case 'places.list':
      return ok(await getPlaces(source, request.payload as Payload<'places.list'>));
    case 'listings.get': {
      const ask = request.payload as Payload<'listings.get'>;
      const listing = await getListing(source, ask);
      if (listing !== null) return ok(listing);
      return rejected('LISTING_NOT_FOUND', `There is no listing ${ask.listing}.`);
    }
    case 'listings.mine': {
      const ask = request.payload as Payload<'listings.mine'>;
      return ok(await getOwnListings(source, request.player, ask));
    }
    case 'bids.mine': {
      const ask = request.payload as Payload<'bids.mine'>;
      return ok(await getOwnBids(source, request.player, ask));
    }
    case 'wallet.get': {
      const ask = request.payload as Payload<'wallet.get'>;
      const player = subject(request, ask.player);
      return player === null ? FORBIDDEN : ok(await getWallet(source, player, ask));
    }
    case 'history.trades': {
      const ask = request.payload as Payload<'history.trades'>;
      const player = subject(request, ask.player);
      return player === null ? FORBIDDEN : ok(await getTrades(source, player, ask));
    }
    default:
      return answerDirect(source, command, request, locale);
  }
}

/** Whose it is that is asked for; null when the caller may not ask. */
function subject(request: TableRequest, asked: string | undefined): string | null {
  if (asked === undefined || asked === request.player) return request.player;
  return request.role === 'service' ? asked : null;
}

const FORBIDDEN: TableAnswer = Object.freeze({
  outcome: 'invalid',
  body: { code: 'FORBIDDEN', message: 'Only the service role may ask about another player.' },
});
