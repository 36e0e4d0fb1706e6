// The gateway's end of the command stream against a real Redis: what it sends once, what it says of
// commands whose batch failed, and when it sends nothing.

import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { RedisCommandSender } from '../../src/cluster/command-sender.ts';
import type { Links } from '../../src/cluster/links.ts';
import { type CommandBatch, PIECE_PLAYERS_MAX } from '../../src/cluster/messages.ts';
import { millisecondsOf } from '../../src/cluster/stream-id.ts';
import { commandsOf } from '../support/fake-cluster.ts';
import { quiet } from '../support/postgres.ts';
import {
  NO_REDIS,
  readyOf,
  redisUrl,
  testEnvelope,
  testKeys,
  testLinks,
  until,
} from '../support/redis.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

type Entered = [numbers: readonly number[], entry: string];
type Failure = [numbers: readonly number[], fate: string];

interface Bench {
  readonly sender: RedisCommandSender;
  readonly links: Links;
  /** A connection that no proxy disturbs. */
  readonly direct: Links;
  readonly key: string;
  readonly failures: Failure[];
  readonly entered: Entered[];
  send(command: string): number;
  batches(): Promise<CommandBatch[]>;
}

async function openBench(
  bounds: { batchMax?: number; streamEntriesMax?: number } = {},
  url?: string,
): Promise<Bench> {
  const { commands: key, nothing } = testKeys().keys;
  const envelope = testEnvelope();
  const direct = await testLinks('direct');
  const links = await testLinks('a', url);
  const sender = new RedisCommandSender({
    redis: links.commands,
    key,
    nothing,
    node: 'a',
    envelope,
    log: quiet,
    lifeMs: 5_000,
    batchMax: 100,
    streamEntriesMax: 1_000,
    ...bounds,
  });
  onTestFinished(() => sender.close());
  await until(() => sender.isReady, 'the clock of Redis is known');
  const failures: Failure[] = [];
  const entered: Entered[] = [];
  sender.onEntered((numbers, entry) => entered.push([numbers, entry]));
  sender.onFailed((numbers, fate) => failures.push([numbers, fate]));
  const send = (command: string) =>
    sender.send({ player: 'alice', command, payload: {}, key: null, sender: 'player' });
  const batches = async () => {
    const entries = await direct.commands.xrangeBuffer(key, '-', '+');
    const open = (bytes: Buffer) => envelope.open(key, bytes)?.content as CommandBatch;
    return entries.map(([, fields]) => open(fields[1] as Buffer));
  };
  return { sender, links, direct, key, failures, entered, send, batches };
}

afterEach(() => {
  vi.restoreAllMocks();
});

async function throughProxy(): Promise<{ proxy: TcpProxy; bench: Bench }> {
  const { hostname, port } = new URL(redisUrl as string);
  const proxy = await TcpProxy.open({ host: hostname, port: Number(port || 6379) });
  onTestFinished(() => proxy.close());
  const url = new URL(redisUrl as string);
  url.host = `127.0.0.1:${proxy.port}`;
  return { proxy, bench: await openBench({}, url.href) };
}

const namesOf = (batches: CommandBatch[]) => batches.map(batch => commandsOf(batch.commands));

async function batchesOf(bench: Bench, count: number): Promise<CommandBatch[]> {
  let found: CommandBatch[] = [];
  for (let tries = 0; tries < 500 && found.length < count; tries++) {
    found = await bench.batches();
    await new Promise(resolve => setTimeout(resolve, 2));
  }
  return found;
}

describe.skipIf(redisUrl === null)(`what a node sends${NO_REDIS}`, () => {
  it('in one turn is one entry, in its order; the next turn makes the next', async () => {
    const bench = await openBench();
    const numbers = ['a', 'b', 'c'].map(bench.send);
    await batchesOf(bench, 1);
    bench.send('d');
    const batches = await batchesOf(bench, 2);
    expect(namesOf(batches)).toEqual([['a', 'b', 'c'], ['d']]);
    expect(batches.flatMap(({ commands }) => commands.map(one => 'n' in one && one.n))).toEqual([
      1, 2, 3, 4,
    ]);
    expect(numbers).toEqual([1, 2, 3]);
    expect(batches.map(({ node, lifeMs }) => [node, lifeMs])).toEqual([
      ['a', 5_000],
      ['a', 5_000],
    ]);
  });

  it('says when it was sent, by the clock of Redis, however wrong ours is', async () => {
    const bench = await openBench();
    const now = Date.now.bind(Date);
    vi.spyOn(Date, 'now').mockImplementation(() => now() + 3_600_000);
    bench.send('a');
    const [batch] = await batchesOf(bench, 1);
    const [[id]] = (await bench.direct.commands.xrange(bench.key, '-', '+')) as [[string, unknown]];
    expect(Math.abs((batch?.sentAtMs ?? 0) - millisecondsOf(id))).toBeLessThan(250);
  });

  it('is told to be in the stream, with the id of its entry', async () => {
    const bench = await openBench({ batchMax: 2 });
    for (const command of ['a', 'b', 'c']) bench.send(command);
    await until(() => bench.entered.length === 2, 'both entries are told');
    const entries = await bench.direct.commands.xrange(bench.key, '-', '+');
    const [first = '', second = ''] = entries.map(([id]) => id);
    expect(bench.entered).toEqual([
      [[1, 2], first],
      [[3], second],
    ]);
  });

  it('is counted from 1 without a hole, so that the leader notices a loss', async () => {
    const bench = await openBench({ batchMax: 1 });
    for (const command of ['a', 'b', 'c']) bench.send(command);
    const batches = await batchesOf(bench, 3);
    expect(batches.map(({ count }) => count)).toEqual([1, 2, 3]);
    expect(new Set(batches.map(({ incarnation }) => incarnation)).size).toBe(1);
  });

  it('beyond the size of an entry goes into further entries of the same turn', async () => {
    const bench = await openBench({ batchMax: 2 });
    for (const command of ['a', 'b', 'c', 'd', 'e']) bench.send(command);
    expect(namesOf(await batchesOf(bench, 3))).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  it('is unsent when Redis itself refuses the entry', async () => {
    const bench = await openBench();
    await bench.direct.commands.set(bench.key, 'not a stream');
    bench.send('a');
    bench.send('b');
    await until(() => bench.failures.length > 0, 'the refusal is told');
    expect(bench.failures).toEqual([[[1, 2], 'unsent']]);
  });
});

describe.skipIf(redisUrl === null)(`who comes and goes${NO_REDIS}`, () => {
  const presenceOf = (batches: CommandBatch[]) =>
    batches.flatMap(({ commands }) => commands.flatMap(one => ('present' in one ? [one] : [])));

  it('stands among the commands of its turn, where it was told', async () => {
    const bench = await openBench();
    bench.sender.tellPresence('change', [['alice', 1]]);
    bench.sender.tellPresence('change', [['bob', 1]]);
    bench.send('windows.accept');
    bench.sender.tellPresence('change', [['alice', 0]]);
    const [batch] = await batchesOf(bench, 1);
    const both = [
      ['alice', 1],
      ['bob', 1],
    ];
    expect(batch?.commands).toMatchObject([
      { count: 1, piece: 'change', present: both },
      { n: 1, command: 'windows.accept' },
      { count: 2, piece: 'change', present: [['alice', 0]] },
    ]);
    expect(bench.sender.presenceTold).toBe(2);
    expect(bench.entered.map(([numbers]) => numbers)).toEqual([[1]]);
  });

  it('is told in entries and pieces of a bounded size', async () => {
    const bench = await openBench();
    const players = (from: number, count: number) =>
      Array.from({ length: count }, (_, n) => [`player-${from + n}`, 1] as const);
    bench.sender.tellPresence('first', players(0, PIECE_PLAYERS_MAX));
    bench.sender.tellPresence('last', players(PIECE_PLAYERS_MAX, 5));
    for (let n = 0; n < PIECE_PLAYERS_MAX; n++) {
      bench.sender.tellPresence('change', players(n, 1));
    }
    const batches = await batchesOf(bench, 2);
    const told = presenceOf(batches);
    expect(told.map(({ count }) => count)).toEqual([1, 2, 3]);
    for (const { present } of told) expect(present.length).toBeLessThanOrEqual(PIECE_PLAYERS_MAX);
    // An entry takes no piece more once it has the players of a whole one.
    expect(batches.map(batch => presenceOf([batch]).length)).toEqual([1, 2]);
  });

  it('is told to have failed with its entry, and not told while nothing can be sent', async () => {
    const { proxy, bench } = await throughProxy();
    let failures = 0;
    bench.sender.onPresenceFailed(() => failures++);
    proxy.cutAt({ pattern: 'xadd', when: 'before' });
    bench.sender.tellPresence('change', [['alice', 1]]);
    await until(() => failures > 0, 'the loss is told');
    expect(bench.failures).toEqual([[[], 'unknown']]);
    proxy.refuse();
    await until(() => bench.links.commands.status !== 'ready', 'the connection is lost');
    expect(bench.sender.tellPresence('change', [['alice', 0]])).toBe(false);
    expect([failures, bench.sender.presenceTold]).toEqual([1, 1]);
  });
});

describe.skipIf(redisUrl === null)(`a batch whose connection is lost${NO_REDIS}`, () => {
  it.each([
    ['after', 'the entry was made', ['a']],
    ['before', 'Redis got it', []],
  ] as const)('%s %s is unknown, and never sent again', async (when, _, made) => {
    const { proxy, bench } = await throughProxy();
    proxy.cutAt({ pattern: 'xadd', when });
    bench.send('a');
    await until(() => bench.failures.length > 0, 'the loss is told');
    expect(proxy.cuts).toBe(1);
    expect(bench.failures).toEqual([[[1], 'unknown']]);
    await readyOf(bench.links.commands);
    bench.send('b');
    const batches = await batchesOf(bench, made.length + 1);
    expect(namesOf(batches).flat()).toEqual([...made, 'b']);
    expect(bench.failures).toHaveLength(1);
  });

  it('is followed by a new incarnation, which counts from 1', async () => {
    const { proxy, bench } = await throughProxy();
    bench.send('a');
    await batchesOf(bench, 1);
    proxy.cutAt({ pattern: 'xadd', when: 'after' });
    bench.send('b');
    await until(() => bench.failures.length > 0, 'the loss is told');
    await readyOf(bench.links.commands);
    bench.send('c');
    const batches = await batchesOf(bench, 3);
    expect(batches.map(({ incarnation, count }) => [incarnation, count])).toEqual([
      [1, 1],
      [1, 2],
      [2, 1],
    ]);
  });

  it('or whose answer takes too long is unknown', async () => {
    const { proxy, bench } = await throughProxy();
    proxy.delayMs = 2_500;
    bench.send('a');
    await until(() => bench.failures.length > 0, 'the silence is told');
    expect(bench.failures).toEqual([[[1], 'unknown']]);
  });
});

describe.skipIf(redisUrl === null)(`nothing is sent${NO_REDIS}`, () => {
  it('while Redis is away, and something again when it is back', async () => {
    const { proxy, bench } = await throughProxy();
    proxy.refuse();
    await until(() => bench.links.commands.status !== 'ready', 'the connection is lost');
    expect(bench.send('a')).toBe(-1);
    proxy.allow();
    await readyOf(bench.links.commands);
    expect(bench.send('b')).toBe(1);
    expect(namesOf(await batchesOf(bench, 1))).toEqual([['b']]);
  });

  it('while the stream is longer than its bound', async () => {
    const bench = await openBench({ streamEntriesMax: 2, batchMax: 1 });
    expect(['a', 'b'].map(bench.send)).toEqual([1, 2]);
    await batchesOf(bench, 2);
    await until(() => bench.send('c') === -1, 'the stream is found full');
    const before = (await bench.batches()).length;
    expect(bench.send('d')).toBe(-1);
    await bench.direct.commands.xtrim(bench.key, 'MAXLEN', 0);
    expect((await bench.batches()).length).toBe(0);
    expect(before).toBeGreaterThanOrEqual(2);
    await until(() => bench.send('e') > 0, 'the stream is found empty');
  });
});
