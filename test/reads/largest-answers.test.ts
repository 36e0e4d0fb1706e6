// What is read of tables that are full of the longest there is: how many bytes, and at what cost.
// The embedded database cancels no statement, so what bounds a read is what it looks at; on a
// server a statement that takes too long all the same is cancelled.

import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeEvent, encodeReply } from '../../protocol/codec.ts';
import { COMMANDS, type Payload, type ReadCommand } from '../../protocol/commands/registry.ts';
import { meSnapshot } from '../../protocol/events.ts';
import {
  AMOUNT_MAX,
  ANSWER_BYTES_MAX,
  PAGE_ROWS_MAX,
  REPORT_ROWS_MAX,
  TRADE_ROWS_MAX,
} from '../../protocol/limits.ts';
import { getPrivateSnapshot } from '../../src/reads/private-snapshot.ts';
import {
  answerFrom,
  createReader,
  type MeteredAnswer,
  type PrivateSnapshot,
  type Reader,
  type TableRequest,
} from '../../src/reads/reader.ts';
import type { Source } from '../../src/reads/source.ts';
import { getWallet } from '../../src/reads/wallet.ts';
import { CROWDED, crowdTables, INSTANCES, PUTS, RICH, WINDOW } from '../support/crowded-tables.ts';
import { openTestDatabase, quiet, serverUrl, type TestDatabase } from '../support/postgres.ts';

const WHERE = serverUrl === null ? [null] : [serverUrl, null];
/**
 * Rows that any step of a plan may look at: what is shown and its lines. Before anything is
 * analyzed it may look for what a side had put last at all that happened in a window.
 */
const ROWS_MAX = 5_000;

const all = { limit: PAGE_ROWS_MAX };
const ASKED: readonly (readonly [ReadCommand, Payload<ReadCommand>])[] = [
  ['items.get', { item: 'i'.repeat(64) }],
  ['places.list', all],
  ['listings.get', { listing: AMOUNT_MAX - 100_000 + 5 }],
  ['listings.mine', all],
  ['listings.mine', { ...all, all: true }],
  ['bids.mine', { ...all, all: true }],
  ['wallet.get', all],
  ['wallet.get', { ...all, after: (1_000 + INSTANCES / 2) * 2 ** 17 }],
  ['wallet.get', { ...all, asset: `${'i'.repeat(64)}#${'s1017'.padEnd(32, 's')}` }],
  ['history.trades', all],
  ['offers.get', { offer: AMOUNT_MAX - 999 }],
  ['offers.mine', { limit: TRADE_ROWS_MAX }],
  ['offers.mine', { limit: TRADE_ROWS_MAX, all: true, direction: 'received' }],
  ['windows.get', { ...all, window: WINDOW.swapped }],
  ['windows.get', { ...all, window: WINDOW.reviewed }],
  ['windows.get', { ...all, window: WINDOW.endless }],
  ['windows.get', { ...all, window: WINDOW.endless, before: PUTS / 2 }],
  ['windows.mine', { limit: TRADE_ROWS_MAX }],
  ['windows.blocked', {}],
  ['windows.report', { window: WINDOW.endless, reason: 'x' }],
  ['windows.reports', { limit: REPORT_ROWS_MAX }],
];

interface Node {
  readonly 'Actual Rows'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Node[];
}

/** Executes each statement, and notes the most rows that any step of its plan looked at. */
class Explaining implements Source {
  rowsMax = 0;
  readonly #client: pg.Client;

  constructor(client: pg.Client) {
    this.#client = client;
  }

  async query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) {
    const explain = `explain (analyze, format json) ${text}`;
    await this.#client.query('begin');
    const { rows } = await this.#client.query(explain, values);
    await this.#client.query('rollback');
    this.#note((rows[0] as { 'QUERY PLAN': [{ Plan: Node }] })['QUERY PLAN'][0].Plan);
    return this.#client.query<Row>(text, values);
  }

  #note(node: Node): void {
    const perLoop = (node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0);
    this.rowsMax = Math.max(this.rowsMax, perLoop * (node['Actual Loops'] ?? 1));
    for (const child of node.Plans ?? []) this.#note(child);
  }
}

describe.each(WHERE)('read of tables full of the longest there is, in %s', url => {
  let test: TestDatabase;
  let client: pg.Client;
  let reader: Reader;

  beforeAll(async () => {
    test = await openTestDatabase(url);
    client = await test.client();
    await crowdTables(client);
    reader = createReader({ database: test.database, log: quiet, amountWordsLocale: 'es-ES' });
  }, 240_000);
  afterAll(async () => {
    await reader.close();
    await test.close();
  });

  async function answered(request: TableRequest): Promise<MeteredAnswer> {
    const answer = await reader.answer(request, 0);
    if (answer === null) throw new Error('The tables are behind their own position.');
    return answer;
  }

  it.each(ASKED)('%s %j is bounded in bytes, and is what its schema says', async (...ask) => {
    const [command, payload] = ask;
    const request = { command, payload, player: RICH, role: 'service' };
    const { outcome, body, databaseMs } = await answered(request);
    expect(outcome).toBe('ok');
    expect(COMMANDS[command].result.parse(body)).toEqual(body);
    expect(encodeReply(1, 'ok', body).length).toBeLessThanOrEqual(ANSWER_BYTES_MAX);
    expect(databaseMs).toBeGreaterThan(0);
  });

  it.each([false, true])(
    'looks at no more rows than it shows, analyzed: %s',
    { timeout: 60_000 },
    async analyzed => {
      if (analyzed) await client.query(`analyze ${CROWDED.join(', ')}`);
      const looked: [string, number][] = [];
      for (const [command, payload] of ASKED) {
        const source = new Explaining(client);
        const request = { command, payload, player: RICH, role: 'service' };
        await answerFrom(source, request, 'en-US');
        looked.push([`${command} ${JSON.stringify(payload)}`, source.rowsMax]);
      }
      const source = new Explaining(client);
      await getPrivateSnapshot(source, RICH);
      looked.push(['the private snapshot', source.rowsMax]);
      expect(looked.filter(([, rows]) => rows > ROWS_MAX)).toEqual([]);
    },
  );

  it('the private snapshot is whole in its parts, each bounded in bytes', async () => {
    const found = { balances: new Set(), orders: new Set(), offers: new Set(), windows: new Set() };
    let from: readonly number[] | null = null;
    let parts = 0;
    do {
      const part: PrivateSnapshot | null = await reader.privateSnapshot(RICH, from, 0);
      if (part === null) throw new Error('The tables are behind their own position.');
      expect(meSnapshot.parse(part.data)).toEqual(part.data);
      expect(part.data.more).toBe(part.next !== null);
      const frame = encodeEvent('me', AMOUNT_MAX, AMOUNT_MAX, AMOUNT_MAX, 'part', part.data);
      expect(frame.length).toBeLessThanOrEqual(ANSWER_BYTES_MAX);
      for (const { asset } of part.data.balances) found.balances.add(asset);
      for (const { id } of part.data.orders) found.orders.add(id);
      for (const { offer } of part.data.offers) found.offers.add(offer);
      for (const { window } of part.data.windows) found.windows.add(window);
      from = part.next;
      parts++;
    } while (from !== null);
    const counts = Object.values(found).map(({ size }) => size);
    expect(counts).toEqual([INSTANCES, 1_000, 150, 250]);
    expect(parts).toBe(Math.ceil(INSTANCES / 300));
  }, 120_000);

  it('the wallet and the log of a window are whole in their pages', async () => {
    const assets = new Set<string>();
    let after: number | null = null;
    do {
      const ask = after === null ? all : { ...all, after };
      const page: Awaited<ReturnType<typeof getWallet>> = await getWallet(client, RICH, ask);
      for (const { asset } of page.balances) assets.add(asset);
      after = page.next;
    } while (after !== null);
    expect(assets.size).toBe(INSTANCES);
    const request = { command: 'windows.get' as const, player: RICH, role: 'player' };
    let told = 0;
    let before: number | null = null;
    do {
      const ask: Payload<'windows.get'> = { ...all, window: WINDOW.reviewed };
      const payload: Payload<'windows.get'> = before === null ? ask : { ...ask, before };
      const { body } = await answered({ ...request, payload });
      const { log, manifests, next } = body as unknown as { log: []; manifests: []; next: number };
      expect(manifests).toHaveLength(log.length);
      told += log.length;
      before = next;
    } while (before !== null);
    expect(told).toBe(333);
  }, 120_000);
});

describe.skipIf(serverUrl === null)('a statement that takes too long', () => {
  it('is cancelled, and its connection is of use to others', async () => {
    const test = await openTestDatabase();
    const options = { database: test.database, log: quiet, amountWordsLocale: 'en-US' as const };
    const reader = createReader({ ...options, statementTimeoutMs: 200 });
    const holder = await test.client();
    await holder.query('begin; lock table locations in access exclusive mode');
    const request = { command: 'places.list' as const, payload: {}, player: 'ann', role: 'player' };
    const startedMs = performance.now();
    const late = await Promise.all(Array.from({ length: 20 }, () => reader.answer(request, 0)));
    const tookMs = performance.now() - startedMs;
    expect(new Set(late.map(answer => answer?.outcome))).toEqual(new Set(['unavailable']));
    expect(late.every(answer => (answer?.databaseMs ?? 0) >= 190)).toBe(true);
    // One after another they would take longer.
    expect(tookMs).toBeLessThan(20 * 200);
    await holder.query('rollback');
    expect((await reader.answer(request, 0))?.outcome).toBe('ok');
    await reader.close();
    await test.close();
  });
});
