// The hold on a realm: who may take it from whom, and how long that takes. Whether a writer lives
// is told by its process where that can be seen, and else by its signs of life.

import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { beganAt, type Place, thisPlace } from '../../src/database/process-life.ts';
import {
  RealmHeldError,
  RealmHold,
  SILENCE_MS,
  type Taking,
} from '../../src/database/realm-hold.ts';
import { openTestDatabase, quiet, serverUrl, type TestDatabase } from '../support/postgres.ts';

const ELSEWHERE = { host: 'elsewhere', scope: 'of another boot' };
/** A starter that need not wait is done in much less. */
const AT_ONCE_MS = 500;

describe.skipIf(serverUrl === null)('the hold on a realm', () => {
  let test: TestDatabase;

  beforeAll(async () => {
    test = await openTestDatabase();
  });

  afterAll(() => test.close());

  beforeEach(async () => {
    await (await test.client()).query('delete from writer');
  });

  interface Taken {
    readonly hold: RealmHold | null;
    readonly error: unknown;
    readonly tookMs: number;
    readonly said: readonly string[];
  }

  async function take(more: Partial<Taking> & { place?: Place } = {}): Promise<Taken> {
    const { place, ...taking } = more;
    const said: string[] = [];
    const waiting = (text: string) => said.push(text);
    const hold = new RealmHold(test.database, quiet, place);
    onTestFinished(() => hold.release());
    const beganMs = performance.now();
    const passedMs = () => performance.now() - beganMs;
    try {
      await hold.take({ cluster: '', isForced: false, waiting, ...taking });
      return { hold, error: null, tookMs: passedMs(), said };
    } catch (error) {
      return { hold: null, error, tookMs: passedMs(), said };
    }
  }

  /** Somebody's row as it is left behind by one who says nothing more. */
  async function left(more: object): Promise<void> {
    const { host, scope } = thisPlace();
    const began = beganAt(process.pid);
    const row = { writer: 'x', cluster: '', epoch: 7, host, scope, pid: process.pid, began };
    const all = { ...row, ago: '1 s', ended: false, ...more };
    await (await test.client()).query(
      `insert into writer
       values (0, $1, $2, $3, $4, $5, $6, $7, now(), now() - $8::interval, $9)`,
      Object.values(all),
    );
  }

  /** Until a hold looks again whether it is still its own. */
  const passed = () => new Promise(resolve => setTimeout(resolve, 150));

  async function writer(): Promise<{ writer: string; epoch: number; is_ended: boolean }> {
    return (await (await test.client()).query('select * from writer')).rows[0];
  }

  it('of a realm that nobody has is had at once, and tells who has it', async () => {
    const { hold, tookMs, said } = await take();
    hold?.claimed(3);
    await expect.poll(async () => (await writer()).epoch).toBe(3);
    expect(await writer()).toMatchObject({ pid: process.pid, is_ended: false, cluster: '' });
    expect(tookMs).toBeLessThan(AT_ONCE_MS);
    expect(said).toEqual([]);
  });

  it('is not given away by a writer that lives, and the refusal says what to do', async () => {
    const { hold } = await take({ place: ELSEWHERE });
    hold?.claimed(4);
    const { error, tookMs, said } = await take();
    expect(error).toBeInstanceOf(RealmHeldError);
    const message = (error as Error).message;
    expect(message).toMatch(
      /^The realm is held by a single server: process \d+ on elsewhere, since 20\S+Z, epoch 4 /,
    );
    expect(message).toMatch(/nothing was claimed.* npm start -- --takeover$/);
    // Its next sign of life was enough.
    expect(tookMs).toBeLessThan(SILENCE_MS / 2);
    expect(said).toHaveLength(1);
    await hold?.confirm();
  });

  it('of one who stopped in order is had at once', async () => {
    const { hold } = await take({ place: ELSEWHERE });
    await hold?.release();
    expect((await writer()).is_ended).toBe(true);
    expect((await take()).tookMs).toBeLessThan(AT_ONCE_MS);
  });

  it.each([
    ['that is gone', () => ({ pid: spawnSync(process.execPath, ['-e', '']).pid })],
    ['whose number another process has', () => ({ began: 'before that one' })],
  ])('of a process of this machine %s is had at once', async (_what, dead) => {
    await left(dead());
    const { hold, tookMs, said } = await take();
    expect(hold).not.toBeNull();
    expect(tookMs).toBeLessThan(AT_ONCE_MS);
    expect(said).toEqual([]);
  });

  it.each([
    ['of another machine', ELSEWHERE],
    ['of another container of this machine', { scope: 'of another container' }],
    ['of this machine that is there, as a frozen one is', {}],
    ['that does not say when it began', { began: '' }],
  ])('of a silent process %s is had after the bound, and not before', async (_what, where) => {
    await left({ ...where, pid: process.pid, ago: '2 s' });
    const { hold, tookMs, said } = await take();
    expect(hold).not.toBeNull();
    expect(tookMs).toBeGreaterThan(SILENCE_MS - 2_500);
    expect(tookMs).toBeLessThan(SILENCE_MS - 1_000);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/Waiting for a sign of life from it; after 5 s without one/);
  });

  it('of a silent writer is had though the clock of the database was set back', async () => {
    await left({ ...ELSEWHERE, ago: '-1 h' });
    const { hold, tookMs } = await take();
    expect(hold).not.toBeNull();
    expect(tookMs).toBeGreaterThan(SILENCE_MS);
    expect(tookMs).toBeLessThan(SILENCE_MS + 2_000);
  });

  it('of one who has been silent for long is had at once', async () => {
    await left({ ...ELSEWHERE, ago: '1 h' });
    expect((await take()).tookMs).toBeLessThan(AT_ONCE_MS);
  });

  it('is taken from a living writer when that is asked for, and that one finds out', async () => {
    const first = await take({ place: ELSEWHERE });
    const second = await take({ isForced: true });
    expect(second.tookMs).toBeLessThan(AT_ONCE_MS);
    await passed();
    await expect(first.hold?.confirm()).rejects.toThrow(RealmHeldError);
    // And does not come back, whatever its clock says.
    first.hold?.claimed(9);
    await new Promise(resolve => setTimeout(resolve, 1_500));
    await second.hold?.confirm();
    expect((await writer()).epoch).toBe(0);
  });

  it('goes from node to node of one cluster, whether the one before lives or not', async () => {
    const first = await take({ cluster: 'one', place: ELSEWHERE });
    expect((await take({ cluster: 'one' })).tookMs).toBeLessThan(AT_ONCE_MS);
    await passed();
    await expect(first.hold?.confirm()).rejects.toThrow('is held by a node of a cluster');
  });

  it.each([
    ['a single server', '', 'one'],
    ['a cluster', 'one', ''],
    ['another cluster', 'one', 'other'],
  ])('is not taken from %s that lives', async (_what, cluster, taker) => {
    const { hold } = await take({ cluster, place: ELSEWHERE });
    expect((await take({ cluster: taker })).error).toBeInstanceOf(RealmHeldError);
    await hold?.confirm();
  });

  it('goes to exactly one of many who find its holder dead', { timeout: 30_000 }, async () => {
    for (let round = 0; round < 3; round++) {
      await (await test.client()).query('delete from writer');
      if (round > 0) await left({ began: 'long ago' });
      const taken = await Promise.all([1, 2, 3, 4].map(() => take()));
      const holders = taken.filter(({ hold }) => hold !== null);
      expect(holders).toHaveLength(1);
      for (const { error } of taken.filter(({ hold }) => hold === null)) {
        expect(error).toBeInstanceOf(RealmHeldError);
      }
      await holders[0]?.hold?.release();
    }
  });

  it('comes back to the writer from one who took it and died before he claimed', async () => {
    const { hold } = await take();
    hold?.claimed(5);
    await (await test.client()).query('delete from writer');
    await left({ writer: 'dead', began: 'long ago' });
    await expect.poll(async () => (await writer()).epoch, { timeout: 3_000 }).toBe(5);
    await hold?.confirm();
  });

  it('is kept over a lost connection', async () => {
    const { hold } = await take();
    await (await test.client()).query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'tradepost hold' and query like '%' || $1 || '%'`,
      [test.database.schema],
    );
    const isOurs = () =>
      hold?.confirm().then(
        () => true,
        () => false,
      );
    await expect.poll(isOurs).toBe(true);
  });
});
