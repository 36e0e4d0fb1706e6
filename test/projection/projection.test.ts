import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { wallClock } from '../../src/base/clock.ts';
import type { Suspension } from '../../src/engine/suspension.ts';
import { FactWriter } from '../../src/journal/fact-codec.ts';
import { PostgresJournal } from '../../src/journal/postgres-journal.ts';
import {
  Projection,
  type ProjectionOptions,
  ProjectionStoppedError,
} from '../../src/projection/projection.ts';
import { readStanding } from '../../src/projection/projector.ts';
import { askStanding } from '../../src/reads/standing.ts';
import { ANN, BOB, sampleGroups, T0 } from '../support/facts.ts';
import {
  openTestDatabase,
  quiet,
  serverAt,
  serverUrl,
  type TestDatabase,
} from '../support/postgres.ts';
import { recordingLog } from '../support/recording-log.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

let test: TestDatabase;
let client: pg.Client;

async function open(): Promise<PostgresJournal> {
  test = await openTestDatabase();
  client = await test.client();
  const journal = new PostgresJournal(test.database, quiet);
  await journal.claim();
  return journal;
}

/** Appends the sample history, one batch a group; gives the position of the last. */
async function appendAll(journal: PostgresJournal): Promise<number> {
  const writer = new FactWriter();
  let position = 0;
  for (const { sequence, atMs, facts } of sampleGroups) {
    writer.reset();
    writer.group(sequence, atMs);
    for (const fact of facts) writer.fact(fact);
    position = await journal.append({ sequence, atMs, facts: writer.bytes });
  }
  return position;
}

function start(options: Partial<ProjectionOptions> = {}): Projection {
  const { database } = test;
  const base = { database, position: 0, epoch: 1, clock: wallClock, log: quiet };
  const projection = new Projection({ ...base, loop: { intervalMs: 5_000 }, ...options });
  onTestFinished(() => projection.stop(100));
  return projection;
}

describe.each(['worker', 'same'] as const)('the projection in the %s thread', thread => {
  let journal: PostgresJournal;
  let last = 0;

  beforeAll(async () => {
    journal = await open();
    last = await appendAll(journal);
  });
  afterAll(async () => {
    await journal.close();
    await test.close();
  });

  it('brings the tables to where a reader waits for them, without holding back', async () => {
    const projection = start({ thread });
    projection.notify(last);
    await projection.waitFor(last);
    expect(projection.reached).toBe(last);
    expect(await readStanding(client)).toMatchObject({ position: last, sequence: 10 });
    expect(projection.lagMs).toBe(0);
  });

  it('answers at once who waits for what the tables show already', async () => {
    const projection = start({ thread, position: last });
    await projection.waitFor(last);
    await projection.waitFor(1);
  });

  it('holds back what nobody waits for, and catches up when it is stopped', async () => {
    const projection = start({ thread, position: last, loop: { intervalMs: 60_000 } });
    const tick = { sequence: 10, atMs: 1e15, facts: new Uint8Array(0) };
    const waitedFor = await journal.append(tick);
    projection.notify(waitedFor);
    await projection.waitFor(waitedFor);
    const next = await journal.append(tick);
    projection.notify(next);
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(projection.reached).toBe(waitedFor);
    expect(projection.lagMs).toBeGreaterThan(50);
    await projection.stop();
    expect(await readStanding(client)).toMatchObject({ position: next });
    await expect(projection.waitFor(next + 1)).rejects.toThrow(ProjectionStoppedError);
    last = next;
  });

  it('does not hold back what somebody in another process waits for', async () => {
    if (test.database.address.kind !== 'server') return;
    const projection = start({ thread, position: last, loop: { intervalMs: 60_000 } });
    await projection.waitFor(last);
    const { sequence, atMs } = await readStanding(client);
    const next = await journal.append({ sequence, atMs, facts: new Uint8Array(0) });
    projection.notify(next);
    const isThere = async () => {
      const { position, head } = await askStanding(client, test.database, true);
      return position === head;
    };
    await expect.poll(isThere, { timeout: 5_000 }).toBe(true);
    last = next;
  });

  it('tells that another writer has taken over, though nothing was reported', async () => {
    let doubts = 0;
    const { epoch } = await readStanding(client);
    const projection = start({ thread, position: last, epoch, loop: { idleMs: 20 } });
    projection.onDoubt(() => doubts++);
    const rival = new PostgresJournal(test.database, quiet);
    const claim = await rival.claim();
    await rival.close();
    await expect.poll(() => doubts).toBe(1);
    // Who asks later hears of it at once.
    projection.onDoubt(() => doubts++);
    expect(doubts).toBe(2);
    last = claim.position;
  });

  it('tells that the journal does not have what was committed, as after a restore', async () => {
    const { epoch } = await readStanding(client);
    let doubts = 0;
    const projection = start({ thread, position: last, epoch, loop: { idleMs: 20 } });
    projection.onDoubt(() => doubts++);
    projection.notify(last);
    await projection.waitFor(last);
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(doubts).toBe(0);
    projection.notify(last + 1);
    await expect.poll(() => doubts).toBe(1);
  });

  it('ends, and says so, when a row of the journal is missing', async () => {
    const reasons: string[] = [];
    const projection = start({ thread, position: last });
    projection.onBroken(reason => reasons.push(reason));
    const columns = 'epoch, sequence, at_ms, digest, facts';
    const insert = `insert into journal (position, ${columns}) select position + 2, ${columns}
      from journal order by position desc limit 1`;
    await client.query(insert);
    projection.notify(last + 2);
    await expect(projection.waitFor(last + 2)).rejects.toThrow(ProjectionStoppedError);
    expect(reasons).toEqual([expect.stringContaining(`the journal has position ${last + 1}`)]);
  });
});

describe.skipIf(serverUrl === null)('the projection without its database (needs a server)', () => {
  it('goes on by itself when the database is back, and gives up at a stop', async () => {
    const journal = await open();
    onTestFinished(() => test.close());
    onTestFinished(() => journal.close());
    const url = new URL(serverUrl as string);
    const port = url.port === '' ? 5432 : Number(url.port);
    const proxy = await TcpProxy.open({ host: url.hostname, port });
    onTestFinished(() => proxy.close());
    url.hostname = '127.0.0.1';
    url.port = `${proxy.port}`;
    const database = { ...test.database, address: serverAt(url.href) };
    const projection = start({ database, thread: 'same' });
    await projection.waitFor(1);
    proxy.refuse();
    const last = await appendAll(journal);
    projection.notify(last);
    const waiting = projection.waitFor(last);
    await expect.poll(() => projection.isFailing).toBe(true);
    proxy.allow();
    await waiting;
    expect(projection.isFailing).toBe(false);
    proxy.refuse();
    projection.notify(last + 1);
    const left = expect(projection.waitFor(last + 1)).rejects.toThrow(ProjectionStoppedError);
    await projection.stop(50);
    await left;
  });
});

describe('what the tables cannot take', () => {
  it('is told once a fact, and no more than twenty of them at once', async () => {
    const journal = await open();
    onTestFinished(() => test.close());
    await appendAll(journal);
    const writer = new FactWriter();
    const terms = { give: [], want: [], status: 'open', createdAtMs: 1, expiresAtMs: 9 } as const;
    const [sequence, atMs] = [sampleGroups.length + 1, T0 + 100];
    writer.group(sequence, atMs);
    for (let id = 1; id <= 50; id++) {
      const players = { maker: ANN, taker: BOB, counterOf: 0 };
      writer.fact({ kind: 'offer', id, ...players, ...terms, message: '\0' });
    }
    const position = await journal.append({ sequence, atMs, facts: writer.bytes });
    await journal.close();
    const { log, lines } = recordingLog();
    const projection = start({ log, loop: { intervalMs: 1 } });
    const told: Suspension[] = [];
    projection.onSuspension(suspension => told.push(suspension));
    projection.notify(position);
    await projection.waitFor(position);
    expect([projection.quarantined, projection.setAsideTotal]).toEqual([50, 50]);
    expect(told.at(-1)).toMatchObject({ players: [ANN], everything: false });
    expect(told.at(-1)?.offers).toHaveLength(50);
    const aside = lines.filter(({ msg }) => msg.startsWith('a fact is set aside'));
    expect(aside).toHaveLength(20);
    expect(aside[0]).toMatchObject({ level: 50, subject: 'offer 1', position, sequence });
    const [summary] = lines.filter(({ msg }) => msg.startsWith('facts are set aside'));
    expect(summary).toMatchObject({ level: 50, setAside: 50, unsettled: 50 });
  });
});
