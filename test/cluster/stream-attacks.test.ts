// What somebody may put into the command stream who can write to Redis: garbage, entries of others,
// recorded entries, ids of their own. The leader reads on, executes nothing of it, and says so.

import { describe, expect, it } from 'vitest';
import { millisecondsOf } from '../../src/cluster/stream-id.ts';
import { after, batch, openReader } from '../support/reader-bench.ts';
import { NO_REDIS, redisUrl, testEnvelope, until } from '../support/redis.ts';

describe.skipIf(redisUrl === null)(`an entry that is none of ours${NO_REDIS}`, () => {
  it('is passed, counted and told, and the next one is taken', async () => {
    const { start, add, lost, names, errors, reasons, passed, redis, key, envelope } =
      await openReader();
    const answer = envelope.seal(key, 'answer', { epoch: 1, n: 1, answer: null });
    const stranger = testEnvelope({ identity: 'e'.repeat(32) });
    const guesser = testEnvelope({ secret: Buffer.alloc(32) });
    const garbage: [string, string | Buffer][] = [
      ['c', 'rubbish'],
      ['c', ''],
      ['x', 'y'],
      ['c', answer],
      ['c', stranger.seal(key, 'commands', batch('x'))],
      ['c', guesser.seal(key, 'commands', batch('x'))],
      ['c', envelope.seal(`${key}2`, 'commands', batch('x'))],
      ['c', envelope.seal(key, 'commands', batch('x', { commands: [] }))],
    ];
    const ids: string[] = [];
    for (const [field, value] of garbage) {
      ids.push((await redis.xadd(key, '*', field, value)) as string);
    }
    await add(batch('a'));
    start();
    await until(() => names().length > 0, 'the good one comes');
    expect([names(), passed]).toEqual([['a'], ids]);
    expect(lost).toEqual(garbage.map(() => ({ node: '', batches: 1 })));
    const malformed = 'malformed';
    expect(reasons).toEqual([
      ...[malformed, malformed, malformed, malformed],
      ...['identity', 'signature', 'signature', malformed],
    ]);
    expect(errors()).toEqual(Array(3).fill('a message was not taken'));
  });
});

describe.skipIf(redisUrl === null)(`an entry that comes again${NO_REDIS}`, () => {
  /** As it was recorded, byte by byte. */
  const again = async ({ redis, key }: Awaited<ReturnType<typeof openReader>>, id: string) => {
    const [[, fields]] = (await redis.xrangeBuffer(key, id, id)) as [[Buffer, Buffer[]]];
    return (await redis.xadd(key, '*', ...fields)) as string;
  };

  it('is passed, not executed and not answered, and the next one is taken', async () => {
    const bench = await openReader();
    const { start, add, names, passed, lost, reasons } = bench;
    const first = await add(batch('a'));
    await add(batch('b', { count: 2 }));
    start();
    const copies = [await again(bench, first), await again(bench, first)];
    await add(batch('c', { count: 3 }));
    await until(() => names().length === 3, 'the others come');
    expect(names()).toEqual(['a', 'b', 'c']);
    expect([passed, reasons, lost]).toEqual([copies, ['repeated', 'repeated'], []]);
  });

  it('of an incarnation that is over is one too', async () => {
    const bench = await openReader();
    const { start, add, names, reasons } = bench;
    const first = await add(batch('a', { count: 7 }));
    await add(batch('b', { incarnation: 2 }));
    await again(bench, first);
    await add(batch('c', { incarnation: 2, count: 2 }));
    start();
    await until(() => names().length === 3, 'the others come');
    expect([names(), reasons]).toEqual([['a', 'b', 'c'], ['repeated']]);
  });

  it('long after it was sent is passed by a leader that did not see the first one', async () => {
    const { start, add, names, passed, reasons } = await openReader();
    const sentAtMs = Math.round(performance.timeOrigin + performance.now()) - 4_000;
    const copy = await add(batch('executed', { sentAtMs }));
    await add(batch('new', { count: 2 }));
    start();
    await until(() => names().length === 1, 'the new one comes');
    expect([names(), passed, reasons]).toEqual([['new'], [copy], ['repeated']]);
  });

  it('is bounded by its life alone for a leader that did not see the first one', async () => {
    const { start, add, received } = await openReader();
    await add(batch('a', { lifeMs: 100 }));
    await after(200);
    start();
    await until(() => received.length === 1, 'it comes');
    expect(received[0]?.isLate).toBe(true);
  });
});

describe.skipIf(redisUrl === null)(`an id that no clock gave${NO_REDIS}`, () => {
  const MAX = '18446744073709551615';

  it.each([
    ['the greatest there is', `${MAX}-${MAX}`],
    ['a year ahead', `${Date.now() + 31_536_000_000}-0`],
    ['a number that is not exact', `${Date.now() + 50_000}-${MAX}`],
  ])('%s, is not taken: the stream goes on, and so do the nodes', async (_, id) => {
    const { start, add, names, passed, received, lost, reasons } = await openReader();
    start();
    await add(batch('a'));
    await until(() => names().length === 1, 'the first one comes');
    await add(batch('poison', { count: 2 }), id);
    await until(() => reasons.length > 0, 'it is refused');
    await until(() => lost.length > 0, 'it is told');
    await add(batch('b', { count: 3 }));
    await until(() => names().length === 2, 'the next one comes');
    expect([names(), reasons]).toEqual([['a', 'b'], ['id']]);
    const ids = [...passed, ...received.map(({ offset }) => offset)];
    for (const one of ids) expect(millisecondsOf(one)).toBeLessThan(Date.now() + 60_000);
  });

  it('that others already follow is taken off alone', async () => {
    const { start, add, names, lost, reasons } = await openReader();
    await add(batch('a'));
    await add(batch('poison', { count: 2 }), `${Date.now() + 20_000}-${MAX}`);
    await add(batch('b', { count: 3 }));
    start();
    await until(() => names().length === 2, 'the others come');
    expect([names(), reasons]).toEqual([['a', 'b'], ['id']]);
    expect(lost.length).toBeGreaterThan(0);
  });

  it('is found too when its entry is gone', async () => {
    const { start, add, names, redis, key, reasons } = await openReader();
    start();
    await add(batch('a'));
    await until(() => names().length === 1, 'the first one comes');
    await redis.call('XSETID', key, `${MAX}-${MAX}`);
    await expect(add(batch('lost', { count: 2 }))).rejects.toThrow();
    await until(() => reasons.length > 0, 'it is found');
    await add(batch('b', { count: 3 }));
    await until(() => names().length === 2, 'the next one comes');
    expect([names(), reasons]).toEqual([['a', 'b'], ['id']]);
  });

  it('in the journal, where an older version took it, is left behind', async () => {
    const { start, add, names, lost, received } = await openReader();
    await add(batch('executed before'), `${MAX}-7`);
    start(`${MAX}-7`);
    await until(() => lost.length > 0, 'it is told');
    await add(batch('b', { count: 2 }));
    await until(() => names().length === 1, 'the next one comes');
    expect(names()).toEqual(['b']);
    expect(millisecondsOf(received[0]?.offset ?? '')).toBeLessThan(Date.now() + 60_000);
  });
});
