// The read commands, each with the query that answers it, over one pool of connections. What a
// read must show is for the realm to say, as a position; whether the snapshot that answers has it
// is seen to here (at-position.ts), and so is who may ask about whom.

import type { Payload, ReadCommand } from '../../protocol/commands/registry.ts';
import type { RejectBody } from '../../protocol/rejects.ts';
import type { AmountLocale } from '../base/amount-text.ts';
import type { Log } from '../base/log.ts';
import { SampledLog } from '../base/sampled-log.ts';
import { createPool, type Database } from '../database/connection.ts';
import type { Recalled } from '../engine/entry.ts';
import { ok, rejected, type TableAnswer } from './answer.ts';
import { readAt } from './at-position.ts';
import { answerDirect } from './direct-reader.ts';
import { getTrades } from './history.ts';
import { getItem } from './items.ts';
import { type KeyQuestion, lookUpKeys } from './key-lookup.ts';
import { Meter } from './meter.ts';
import { getListing, getOwnBids, getOwnListings } from './orders.ts';
import { getPlaces } from './places.ts';
import { getPrivateSnapshot, type PrivatePart } from './private-snapshot.ts';
import type { Source } from './source.ts';
import { askStanding, type TablesStanding } from './standing.ts';
import { getWallet } from './wallet.ts';
import { type EndedWindow, getWindowEnd } from './window-end.ts';

/** The read commands that the tables answer. */
type TableCommand = Exclude<ReadCommand, `market.${string}`>;

export interface TableRequest {
  readonly command: ReadCommand;
  readonly payload: Payload<ReadCommand>;
  readonly player: string;
  readonly role: string;
}

/** All but `standing` answer null when the snapshot they would answer from is before `atLeast`. */
export interface Reader {
  answer(request: TableRequest, atLeast: number): Promise<MeteredAnswer | null>;
  /** A part of a private snapshot, from where the part before it says; and what it cost. */
  privateSnapshot(
    player: string,
    from: readonly number[] | null,
    atLeast: number,
  ): Promise<PrivateSnapshot | null>;
  windowEnd(player: string, window: number, atLeast: number): Promise<WindowEndRead | null>;
  /** In the order of the questions. */
  lookUpKeys(questions: readonly KeyQuestion[], atLeast: number): Promise<KeysRead | null>;
  /** `wants`: whoever fills the tables is told when they are behind the journal. */
  standing(wants: boolean): Promise<TablesStanding>;
  close(): Promise<void>;
}

export interface WindowEndRead {
  /** Null when the window is live, or not the player's, or there is none. */
  readonly ended: EndedWindow | null;
}

export interface KeysRead {
  /**
   * Null when the tables can't say: the database failed, or an answer is set aside. Then whoever
   * asks should not ask again at once.
   */
  readonly recalled: readonly Recalled[] | null;
}

export interface MeteredAnswer extends TableAnswer {
  /** How long the database was busy with it. */
  readonly databaseMs: number;
}

/** A part of a private snapshot. */
export interface PrivateSnapshot extends PrivatePart {
  /** Where the tables stood in the journal. */
  readonly position: number;
  /** How long the database was busy with it. */
  readonly databaseMs: number;
}

/**
 * The embedded database does one thing at a time and cancels nothing: with one connection, whatever
 * else there is waits for at most one read, and each read knows what it cost.
 */
const CONNECTIONS = { server: 8, embedded: 1 } as const;
/** Of a server. Each statement here is bounded by what it shows, so it takes some milliseconds. */
const STATEMENT_TIMEOUT_MS = 5_000;
/** The question where the database stands touches three rows. */
const STANDING_TIMEOUT_MS = 2_000;

export interface ReaderOptions {
  readonly database: Database;
  readonly log: Log;
  /** The language of amounts in words. */
  readonly amountWordsLocale: AmountLocale;
  /** For tests. */
  readonly statementTimeoutMs?: number;
}

export function createReader(options: ReaderOptions): Reader {
  const { database, log, amountWordsLocale } = options;
  const sampled = new SampledLog(log);
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const bounds = { statementTimeoutMs, max: CONNECTIONS[database.address.kind] };
  const pool = createPool(database, { name: 'reads', ...bounds }, log);
  const standing = createPool(
    database,
    {
      name: 'standing',
      statementTimeoutMs: STANDING_TIMEOUT_MS,
      max: 1,
      // The plan is kept from when the journal was empty: it must not be one that reads all of it.
      settings: { enable_seqscan: 'off' },
    },
    log,
  );
  return {
    async answer(request, atLeast) {
      let meter: Meter | null = null;
      try {
        return await readAt(pool, atLeast, async source => {
          meter = new Meter(source);
          const answer = await answerFrom(meter, request, amountWordsLocale);
          return { ...answer, databaseMs: meter.spentMs };
        });
      } catch (error) {
        const fields = () => ({ error: String(error), command: request.command });
        sampled.warn(request.player, 'a read failed', fields);
        return { outcome: 'unavailable', body: AWAY, databaseMs: spentBy(meter) };
      }
    },
    privateSnapshot: (player, from, atLeast) =>
      readAt(pool, atLeast, async (source, position) => {
        const meter = new Meter(source);
        const part = await getPrivateSnapshot(meter, player, from);
        return { position, ...part, databaseMs: meter.spentMs };
      }),
    windowEnd: (player, window, atLeast) =>
      readAt(pool, atLeast, async source => ({
        ended: await getWindowEnd(source, player, window, amountWordsLocale),
      })),
    async lookUpKeys(questions, atLeast) {
      const keys = questions.length;
      try {
        return await readAt(pool, atLeast, async source => {
          const recalled = await lookUpKeys(source, questions);
          if (recalled === null) log.warn({ keys }, ANSWER_SET_ASIDE);
          return { recalled };
        });
      } catch (error) {
        log.warn({ error: String(error), keys }, 'keys could not be looked up');
        return { recalled: null };
      }
    },
    standing: wants => askStanding(standing, database, wants),
    async close() {
      await Promise.all([pool.end(), standing.end()]);
    },
  };
}

function spentBy(meter: Meter | null): number {
  return meter === null ? 0 : meter.spentMs;
}

const ANSWER_SET_ASIDE = 'an answer is set aside, so keys cannot be looked up: run "npm run audit"';

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
