// The leader's end of the command stream against a real Redis: every entry once and in order, and
// nothing lost in silence, whatever becomes of the stream.

import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { RedisCommandReader } from '../../src/cluster/command-reader.ts';
import { type CommandBatch, encodeMessage } from '../../src/cluster/messages.ts';
import type { ReceivedBatch } from '../../src/cluster/port.ts';
import { compareIds, millisecondsOf } from '../../src/cluster/stream-id.ts';
import { recordingLog } from '../support/recording-log.ts';
import { NO_REDIS, redisUrl, testKeys, testLinks, until } from '../support/redis.ts';

type Take = (received: ReceivedBatch) => Promise<void> | null;

const after = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));
/** Longer than the reader goes between two looks at the stream. */
const CARE_MS = 1_300;

function batch(command: string, more: Partial<CommandBatch> = {}): CommandBatch {
  const commands = [{ n: 1, player: 'alice', key: null, command, payload: {} }];
  return { node: 'a', incarnation: 1, count: 1, lifeMs: 5_000, commands, ...more };
}

async function openBench() {
  const key = testKeys().keys.commands;
  const links = await testLinks('leader');
  const received: { command: string; offset: string; isLate: boolean }[] = [];
  const lost: { node: string; batches: number }[] = [];
  const { log, errors } = recordingLog();
  const note = ({ batch: { commands }, offset, isLate }: ReceivedBatch) => {
    received.push({ command: commands[0]?.command ?? '', offset, isLate });
  };
  const newReader = () => {
    const { commands } = links;
    const reader = new RedisCommandReader({ reading: links.openReading(), commands, key, log });
    reader.onLost(what => lost.push(what));
    onTestFinished(() => reader.stop());
    return reader;
  };
  const start = (offset = '', take: Take = () => null) => {
    const reader = newReader();
    reader.start(offset, one => {
      note(one);
      return take(one);
    });
    return reader;
  };
  /** Adds an entry and returns its id. */
  const add = async (one: CommandBatch, id = '*') =>
    (await links.commands.xadd(key, id, 'c', encodeMessage('commands', one))) as string;
  const names = () => received.map(({ command }) => command);
  return { key, redis: links.commands, received, lost, errors, start, add, names };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe.skipIf(redisUrl === null)(`a reader of the stream${NO_REDIS}`, () => {
  it('hands over what was there and what comes, in order and once, with its place', async () => {
    const { start, add, received, names } = await openBench();
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
    const { start, add, names, received } = await openBench();
    await add(batch('a'));
    const offset = await add(batch('b', { count: 2 }));
    await add(batch('c', { count: 3 }));
    start(offset);
    await until(() => received.length > 0, 'the next one comes');
    expect(names()).toEqual(['c']);
  });

  it('holds the next entry back while the taker has no room', async () => {
    const { start, add, names, received } = await openBench();
    let makeRoom = () => {};
    start('', ({ batch: { count } }) =>
      count > 1
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
    const { start, add, received } = await openBench();
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
  it('is one whose life was over when it was read', async () => {
    const { start, add, received } = await openBench();
    await add(batch('old', { lifeMs: 5_000 }), `${Date.now() - 6_000}-0`);
    await add(batch('long', { count: 2, lifeMs: 9_000 }), `${Date.now() - 6_000}-1`);
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
      const { start, add, received } = await openBench();
      await add(batch('old'), `${Date.now() - 6_000}-0`);
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
});

describe.skipIf(redisUrl === null)(`a loss is told${NO_REDIS}`, () => {
  it('when the batches of a node have a hole: of whom, and how many', async () => {
    const { start, add, lost, received } = await openBench();
    start();
    for (const count of [1, 2, 5]) await add(batch(`n${count}`, { count }));
    await add(batch('other', { node: 'b' }));
    await until(() => received.length === 4, 'all come');
    expect(lost).toEqual([{ node: 'a', batches: 2 }]);
  });

  it('not when a node began anew, nor of a node that was never heard before', async () => {
    const { start, add, lost, received } = await openBench();
    start();
    await add(batch('a', { count: 7 }));
    await add(batch('b', { incarnation: 2, count: 1 }));
    await add(batch('c', { incarnation: 2, count: 2 }));
    await until(() => received.length === 3, 'all come');
    expect(lost).toEqual([]);
  });

  it('when entries that were not read are deleted', async context => {
    const { start, add, lost, received, redis, key } = await openBench();
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
    const { start, add, lost, received, redis, key } = await openBench();
    const offset = await add(batch('a'));
    await add(batch('b', { count: 2 }));
    await redis.xtrim(key, 'MAXLEN', 0);
    start(offset);
    await until(() => lost.length > 0, 'the loss is told');
    await after(CARE_MS);
    expect([lost, received]).toEqual([[{ node: '', batches: 0 }], []]);
  });

  it('when an entry cannot be read, and the next one is taken', async () => {
    const { start, add, lost, names, errors, redis, key } = await openBench();
    await redis.xadd(key, '*', 'c', 'rubbish');
    await redis.xadd(key, '*', 'c', encodeMessage('answer', { epoch: 1, n: 1, answer: null }));
    await add(batch('a'));
    start();
    await until(() => names().length > 0, 'the good one comes');
    expect(names()).toEqual(['a']);
    expect(lost).toEqual([
      { node: '', batches: 1 },
      { node: '', batches: 1 },
    ]);
    expect(errors()).toEqual(['an entry cannot be read', 'an entry cannot be read']);
  });
});

describe.skipIf(redisUrl === null)(`after Redis was emptied${NO_REDIS}`, () => {
  /** As of a Redis whose clock was an hour ahead of this one. */
  const ahead = () => `${Date.now() + 3_600_000}-5`;

  it('ids go on rising behind the journal, and new commands are executed', async () => {
    const { start, add, received, errors, redis, key } = await openBench();
    const offset = ahead();
    start(offset);
    while ((await redis.xlen(key)) === 0) await after(2);
    const id = await add(batch('new'));
    expect(compareIds(id, offset)).toBeGreaterThan(0);
    await until(() => received.length > 0, 'the new one comes');
    expect(received).toEqual([{ command: 'new', offset: id, isLate: false }]);
    expect(errors()).toEqual(['the command stream was emptied: it goes on behind the journal']);
  });

  it('what came in below the offset is never executed', async () => {
    const { start, add, names, redis, key } = await openBench();
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
    const { start, add, names, received, redis, key } = await openBench();
    start();
    await add(batch('a'), ahead());
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
    const { start, add, names, redis, key } = await openBench();
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
    const { start, add, lost, received, redis, key } = await openBench();
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
