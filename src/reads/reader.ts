// The read commands, each with the query that answers it, over one pool of connections. Whether the
// tables have caught up is for the realm to see to; who may ask about whom is decided here.

import type { Payload, ReadCommand } from '../../protocol/commands/registry.ts';
import type { MeSnapshot } from '../../protocol/events.ts';
import type { RejectBody } from '../../protocol/rejects.ts';
import type { AmountLocale } from '../base/amount-text.ts';
import type { Log } from '../base/log.ts';
import { createPool, type Database } from '../database/connection.ts';
import type { Recalled } from '../engine/entry.ts';
import { ok, rejected, type TableAnswer } from './answer.ts';
import { answerDirect } from './direct-reader.ts';
import { getTrades } from './history.ts';
import { getItem } from './items.ts';
import { type KeyQuestion, lookUpKeys } from './key-lookup.ts';
import { getListing, getOwnBids, getOwnListings } from './orders.ts';
import { getPlaces } from './places.ts';
import { getPrivateSnapshot } from './private-snapshot.ts';
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
  privateSnapshot(player: string): Promise<{ sequence: number; data: MeSnapshot }>;
  lookUpKeys(questions: readonly KeyQuestion[]): Promise<readonly Recalled[]>;
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

const CONNECTIONS = 8;
const STATEMENT_TIMEOUT_MS = 5_000;

export interface ReaderOptions {
  readonly database: Database;
  readonly log: Log;
  /** The language of amounts in words. */
  readonly amountWordsLocale: AmountLocale;
  /** The database went away: it may come back with less than it had. */
  readonly lost?: () => void;
}

export function createReader(options: ReaderOptions): Reader {
  const { database, log, amountWordsLocale, lost = () => {} } = options;
  const bounds = { statementTimeoutMs: STATEMENT_TIMEOUT_MS, max: CONNECTIONS };
  const pool = createPool(database, { name: 'reads', ...bounds, lost }, log);
  return {
    async answer(request) {
      try {
        return await answerFrom(pool, request, amountWordsLocale);
      } catch (error) {
        log.warn({ error: String(error), command: request.command }, 'a read failed');
        return { outcome: 'unavailable', body: AWAY };
      }
    },
    privateSnapshot: player => getPrivateSnapshot(pool, player),
    async lookUpKeys(questions) {
      try {
        return await lookUpKeys(pool, questions);
      } catch (error) {
        log.warn({ error: String(error), keys: questions.length }, 'keys could not be looked up');
        throw error;
      }
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

type Pool = ReturnType<typeof createPool>;

async function answerFrom(
  pool: Pool,
  request: TableRequest,
  locale: AmountLocale,
): Promise<TableAnswer> {
  const command = request.command as TableCommand;
  switch (command) {
    case 'items.get': {
      const ask = request.payload as Payload<'items.get'>;
      const item = await getItem(pool, ask);
      if (item !== null) return ok(item);
      return rejected('ITEM_NOT_FOUND', `${ask.item} is not defined.`, { item: ask.item });
    }
    case 'places.list':
      return ok(await getPlaces(pool, request.payload as Payload<'places.list'>));
    case 'listings.get': {
      const ask = request.payload as Payload<'listings.get'>;
      const listing = await getListing(pool, ask);
      if (listing !== null) return ok(listing);
      return rejected('LISTING_NOT_FOUND', `There is no listing ${ask.listing}.`);
    }
    case 'listings.mine': {
      const ask = request.payload as Payload<'listings.mine'>;
      return ok(await getOwnListings(pool, request.player, ask));
    }
    case 'bids.mine': {
      const ask = request.payload as Payload<'bids.mine'>;
      return ok(await getOwnBids(pool, request.player, ask));
    }
    case 'wallet.get': {
      const ask = request.payload as Payload<'wallet.get'>;
      const player = subject(request, ask.player);
      return player === null ? FORBIDDEN : ok(await getWallet(pool, player, ask));
    }
    case 'history.trades': {
      const ask = request.payload as Payload<'history.trades'>;
      const player = subject(request, ask.player);
      return player === null ? FORBIDDEN : ok(await getTrades(pool, player, ask));
    }
    default:
      return answerDirect(pool, command, request, locale);
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
