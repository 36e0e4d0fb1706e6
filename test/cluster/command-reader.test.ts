// The leader's end of the command stream against a real Redis: every entry once and in order, and
// nothing lost in silence, whatever becomes of the stream.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { compareIds, millisecondsOf } from '../../src/cluster/stream-id.ts';
import { after, batch, CARE_MS, openReader } from '../support/reader-bench.ts';
import { NO_REDIS, redisUrl, until } from '../support/redis.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

describe.skipIf(redisUrl === null)(`a reader of the stream${NO_REDIS}`, () => {
  it('hands over what was there and what comes, in order and once, with its place', async () => {
    const { start, add, received, names } = await openReader();
    const ids = [await add(batch('a')), await add(batch('b', { count: 2 }))];
    start();
    await until(() => received.length === 2, 'what was there comes');
    for (let i = 3; i <= 150; i++) ids.push(await add(batch(`n${i}`, { count: i })));
    await until(() => received.length === 150, 'what was added comes');
    await after(50);
    expect(names().slice(0, 4)).toEqual(['a', 'b', 'n3', 'n4']);
    expect(received.map(({ offset }) => offset)).toEqual(ids);
  });

  it('begins right after the offset of the journal', async () => {
    const { start, add, names, received } = await openReader();
    await add(batch('a'));
    const offset = await add(batch('b', { count: 2 }));
    await add(batch('c', { count: 3 }));
    start(offset);
    await until(() => received.length > 0, 'the next one comes');
    expect(names()).toEqual(['c']);
  });

  it('holds the next entry back while the taker has no room', async () => {
    const { start, add, names, received } = await openReader();
    let makeRoom = () => {};
    start('', ({ batch }) =>
      batch?.count !== 1
        ? null
        : new Promise(resolve => {
            makeRoom = resolve;
          }),
    );
    for (const count of [1, 2, 3]) await add(batch(`n${count}`, { count }));
    await until(() => received.length === 1, 'the first one comes');
    await after(100);
    expect(names()).toEqual(['n1']);
    makeRoom();
    await until(() => received.length === 3, 'the others come');
  });

  it('stops although the taker has no room, and while it waits for entries', async () => {
    const { start, add, received } = await openReader();
    const idle = start();
    const beganMs = performance.now();
    await idle.stop();
    expect(performance.now() - beganMs).toBeLessThan(500);
    const full = start('', () => new Promise(() => {}));
    await add(batch('a'));
    await until(() => received.length === 1, 'it is handed over');
    await full.stop();
    await add(batch('b', { count: 2 }));
    await after(50);
    expect(received).toHaveLength(1);
  });
});

describe.skipIf(redisUrl === null)(`a late entry${NO_REDIS}`, () => {
  const agoMs = (ms: number) => Math.round(performance.timeOrigin + performance.now()) - ms;
  /** The id that an entry got, which was sent so long ago. */
  const idOf = (ms: number, number = 0) => `${agoMs(ms) + 20}-${number}`;

  it('is one whose life was over when it was read', async () => {
    const { start, add, received } = await openReader();
    await add(batch('old', { sentAtMs: agoMs(6_000) }), idOf(6_000));
    await add(batch('long', { count: 2, sentAtMs: agoMs(6_000), lifeMs: 9_000 }), idOf(6_000, 1));
    await add(batch('new', { count: 3 }));
    start();
    await until(() => received.length === 3, 'all come');
    expect(received.map(({ command, isLate }) => [command, isLate])).toEqual([
      ['old', true],
      ['long', false],
      ['new', false],
    ]);
  });

  it.each([-3_600_000, 3_600_000])(
    'is so by the clock of Redis, when ours is %i ms off, and is set right between two entries',
    async offMs => {
      const { start, add, received } = await openReader();
      await add(batch('old', { sentAtMs: agoMs(6_000) }), idOf(6_000));
      await add(batch('new', { count: 2 }));
      const now = Date.now.bind(Date);
      const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + offMs);
      start();
      await until(() => received.length === 2, 'both come');
      clock.mockRestore();
      await add(batch('newer', { count: 3 }));
      await until(() => received.length === 3, 'the third one comes');
      expect(received.map(({ isLate }) => isLate)).toEqual([true, false, false]);
    },
  );

  it('is late too when it claims to come from a time after its life', async () => {
    const { start, add, received } = await openReader();
    await add(batch('ahead', { sentAtMs: agoMs(-60_000) }));
    start();
    await until(() => received.length === 1, 'it comes');
    expect(received[0]?.isLate).toBe(true);
  });
});

describe.skipIf(redisUrl === null)(`a loss is told${NO_REDIS}`, () => {
  it('when the batches of a node have a hole: of whom, and how many', async () => {
    const { start, add, lost, received } = await openReader();
    start();
    for (const count of [1, 2, 5]) await add(batch(`n${count}`, { count }));
    await add(batch('other', { node: 'b' }));
    await until(() => received.length === 4, 'all come');
    expect(lost).toEqual([{ node: 'a', batches: 2 }]);
  });

  it('not when a node began anew, nor of a node that was never heard before', async () => {
    const { start, add, lost, received } = await openReader();
    start();
    await add(batch('a', { count: 7 }));
    await add(batch('b', { incarnation: 2, count: 1 }));
    await add(batch('c', { incarnation: 2, count: 2 }));
    await until(() => received.length === 3, 'all come');
    expect(lost).toEqual([]);
  });

  it('when entries that were not read are deleted', async context => {
    const { start, add, lost, received, redis, key } = await openReader();
    const version = /redis_version:(\d+)/.exec(await redis.info('server'))?.[1];
    context.skip(Number(version) < 7, 'Redis tells of deleted entries since version 7');
    const offset = await add(batch('a'));
    await redis.xdel(key, await add(batch('b', { count: 2 })));
    start(offset);
    await until(() => lost.length > 0, 'the loss is told');
    await after(CARE_MS);
    expect([lost, received]).toEqual([[{ node: '', batches: 0 }], []]);
  });

  it('when the stream was cut off behind the offset, and nothing else tells of it', async () => {
    const { start, add, lost, received, redis, key } = await openReader();
    const offset = await add(batch('a'));
    await add(batch('b', { count: 2 }));
    await redis.xtrim(key, 'MAXLEN', 0);
    start(offset);
    await until(() => lost.length > 0, 'the loss is told');
    await after(CARE_MS);
    expect([lost, received]).toEqual([[{ node: '', batches: 0 }], []]);
  });
});

describe.skipIf(redisUrl === null)(`after Redis was emptied${NO_REDIS}`, () => {
  /** As of a Redis whose clock was an hour ahead of this one. */
  const ahead = () => `${Date.now() + 3_600_000}-5`;

  it('ids go on rising behind the journal, and new commands are executed', async () => {
    const { start, add, received, errors, redis, key } = await openReader();
    const offset = ahead();
    start(offset);
    while ((await redis.xlen(key)) === 0) await after(2);
    const id = await add(batch('new'));
    expect(compareIds(id, offset)).toBeGreaterThan(0);
    await until(() => received.length > 0, 'the new one comes');
    expect(received).toEqual([{ command: 'new', offset: id, isLate: false }]);
    expect(errors()).toEqual(['the command stream was emptied: it goes on after the journal']);
  });

  it('what came in below the offset is never executed', async () => {
    const { start, add, names, redis, key } = await openReader();
    const offset = ahead();
    expect(compareIds(await add(batch('below')), offset)).toBeLessThan(0);
    start(offset);
    while ((await redis.xrange(key, `(${offset}`, '+')).length === 0) await after(2);
    await add(batch('above', { count: 2 }));
    await until(() => names().length > 0, 'the new one comes');
    await after(CARE_MS);
    expect(names()).toEqual(['above']);
  });

  it('while it is read, too', async () => {
    const { start, add, names, received, redis, key } = await openReader();
    start(ahead());
    while ((await redis.xlen(key)) === 0) await after(2);
    await add(batch('a'));
    await until(() => received.length === 1, 'the first one comes');
    await redis.del(key);
    while ((await redis.xlen(key)) === 0) await after(2);
    await add(batch('b', { count: 2 }));
    await until(() => received.length === 2, 'the next one comes');
    const [first, second] = received.map(({ offset }) => offset) as [string, string];
    expect(names()).toEqual(['a', 'b']);
    expect(compareIds(second, first)).toBeGreaterThan(0);
  });

  it('two leaders that mend the stream at once do each other no harm', async () => {
    const { start, add, names, redis, key } = await openReader();
    const offset = ahead();
    start(offset);
    start(offset);
    while ((await redis.xlen(key)) === 0) await after(2);
    await after(50);
    await add(batch('new'));
    await until(() => names().length === 2, 'both read it');
    expect(names()).toEqual(['new', 'new']);
  });
});

describe.skipIf(redisUrl === null)(`what is durable leaves the stream${NO_REDIS}`, () => {
  it('up to what was released, and nothing that is not', async () => {
    const { start, add, lost, received, redis, key } = await openReader();
    const reader = start();
    const ids: string[] = [];
    for (const count of [1, 2, 3, 4]) ids.push(await add(batch(`n${count}`, { count })));
    await until(() => received.length === 4, 'all come');
    await after(CARE_MS);
    expect(await redis.xlen(key)).toBe(4);
    reader.release(ids[2] as string);
    await after(CARE_MS);
    const left = await redis.xrange(key, '-', '+');
    expect(left.map(([id]) => id)).toEqual(ids.slice(2));
    expect(lost).toEqual([]);
    expect(millisecondsOf(ids[3] as string)).toBeGreaterThan(0);
  });
});
