// What is published between the leader and the nodes, through a real Redis: in its order, to whom
// it is for, and with every interruption told.

import { describe, expect, it, onTestFinished } from 'vitest';
import { RedisLeaderChannel, RedisNodeChannel } from '../../src/cluster/channels.ts';
import {
  CLUSTER_VERSION,
  type FeedBatch,
  type Messages,
  type Tag,
} from '../../src/cluster/messages.ts';
import { ordersOf, stateOf } from '../support/fake-cluster.ts';
import { recordingLog } from '../support/recording-log.ts';
import {
  NO_REDIS,
  readyOf,
  redisUrl,
  testEnvelope,
  testKeys,
  testLinks,
  testRefused,
  until,
} from '../support/redis.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

function feed(count: number): FeedBatch {
  const nothing = { published: [], windows: [], ended: [], private: [] };
  const head = { epoch: 1, count, position: count, leader: 'a', begin: '', lagMs: 0 };
  return {
    ...head,
    nowMs: 1,
    clockSure: true,
    isTaking: true,
    isReady: true,
    isHeartbeat: true,
    ...nothing,
  };
}

async function openBench(nodeUrl?: string, isSigned = true) {
  const { keys } = testKeys();
  const [ofLeader, ofNode] = [await testLinks('a'), await testLinks('b', nodeUrl)];
  const { log, errors, lines } = recordingLog();
  const { refused, reasons } = testRefused(log);
  const envelope = testEnvelope({ isSigned });
  const both = { keys, envelope, refused, log };
  const leader = new RedisLeaderChannel({ ...ofLeader, ...both, node: 'a' });
  const node = new RedisNodeChannel({ ...ofNode, ...both, node: 'b' });
  onTestFinished(() => {
    leader.close();
    node.close();
  });
  const heard: string[] = [];
  let interruptions = 0;
  node.onFeed(({ count }) => heard.push(`feed ${count}`));
  node.onReplies(({ position }) => heard.push(`replies ${position}`));
  node.onAnswer(({ n, answer }) => heard.push(`answer ${n} ${answer}`));
  node.onOrders(({ count }) => heard.push(`orders ${count}`));
  node.onInterrupted(() => interruptions++);
  leader.onQuestion(question => heard.push(`question ${question.node} ${question.n}`));
  leader.onState(({ node: name, count }) => heard.push(`state ${name} ${count}`));
  const { commands: raw } = ofLeader;
  await until(() => interruptions > 0, 'the node has subscribed');
  while (((await raw.pubsub('NUMSUB', keys.leader)) as unknown[])[1] !== 1);
  const counted = () => interruptions;
  return {
    keys,
    leader,
    node,
    raw,
    nodeLinks: ofNode,
    heard,
    interruptions: counted,
    envelope,
    reasons,
    errors,
    lines,
  };
}

describe.skipIf(redisUrl === null)(`messages of the leader${NO_REDIS}`, () => {
  it('arrive in the order in which it published them, of whatever kind', async () => {
    const { leader, heard } = await openBench();
    const expected: string[] = [];
    const frames = new Uint8Array([0x93, 1, 0, 0x80]);
    for (let i = 1; i <= 100; i++) {
      leader.publishFeed(feed(i));
      leader.reply('b', { epoch: 1, position: i, frames, places: [1, 0, 4] });
      leader.answer('b', { epoch: 1, n: i, answer: 'yes' });
      expected.push(`feed ${i}`, `replies ${i}`, `answer ${i} yes`);
    }
    await until(() => heard.length >= expected.length, 'all arrive');
    expect(heard).toEqual(expected);
  });

  it('for one node are not heard by another', async () => {
    const { leader, heard } = await openBench();
    leader.order('c', ordersOf({ count: 1 }));
    leader.answer('bb', { epoch: 1, n: 1, answer: 'no' });
    leader.order('b', ordersOf({ count: 2 }));
    await until(() => heard.length > 0, 'its own arrives');
    expect(heard).toEqual(['orders 2']);
  });
});

describe.skipIf(redisUrl === null)(`messages of a node${NO_REDIS}`, () => {
  it('name the node, and its questions have numbers of their own', async () => {
    const { node, heard } = await openBench();
    node.tell(stateOf({ count: 1 }));
    const numbers = [1, 2, 3].map(() => node.ask({ kind: 'snapshot', channel: 'book:ore' }));
    await until(() => heard.length === 4, 'all arrive');
    expect(numbers).toEqual([1, 2, 3]);
    expect(heard).toEqual(['state b 1', 'question b 1', 'question b 2', 'question b 3']);
  });

  it('are heard no more by a leader that has closed', async () => {
    const { node, leader, raw, keys, heard, envelope } = await openBench();
    leader.close();
    while (((await raw.pubsub('NUMSUB', keys.leader)) as unknown[])[1] !== 0);
    node.ask({ kind: 'snapshot', channel: 'book:ore' });
    const answer = envelope.seal(keys.node('b'), 'answer', { epoch: 1, n: 9, answer: 0 });
    await raw.publish(keys.node('b'), answer);
    await until(() => heard.length > 0, 'the last message arrives');
    expect(heard).toEqual(['answer 9 0']);
  });
});

describe.skipIf(redisUrl === null)(`a lost connection${NO_REDIS}`, () => {
  it('is told when it is back, and messages arrive again', async () => {
    const url = new URL(redisUrl as string);
    const proxy = await TcpProxy.open({ host: url.hostname, port: Number(url.port || 6379) });
    onTestFinished(() => proxy.close());
    url.host = `127.0.0.1:${proxy.port}`;
    const { leader, node, nodeLinks, heard, interruptions } = await openBench(url.href);
    leader.publishFeed(feed(1));
    await until(() => heard.length === 1, 'the first one arrives');
    const before = interruptions();
    proxy.refuse();
    await until(() => !node.isConnected, 'the node notices');
    leader.publishFeed(feed(2));
    expect(node.ask({ kind: 'snapshot', channel: 'book:ore' })).toBeGreaterThan(0);
    proxy.allow();
    await until(() => interruptions() > before, 'the node has subscribed again');
    await readyOf(nodeLinks.commands);
    expect(node.isConnected).toBe(true);
    leader.publishFeed(feed(3));
    await until(() => heard.length === 2, 'the next one arrives');
    expect(heard).toEqual(['feed 1', 'feed 3']);
  });
});

/** A message as a node of another version writes it, where nobody looks at signatures. */
function sealAs<Name extends Tag>(
  version: number,
  place: string,
  tag: Name,
  content: Messages[Name],
) {
  const bytes = testEnvelope().seal(place, tag, content);
  bytes[0] = version;
  return bytes;
}

describe.skipIf(redisUrl === null)(`a message of a foreign version${NO_REDIS}`, () => {
  it('is refused with an error in the log, and the next one is heard', async () => {
    const { raw, keys, leader, heard, errors, lines, reasons } = await openBench(undefined, false);
    await raw.publish(keys.feed, sealAs(CLUSTER_VERSION + 7, keys.feed, 'feed', feed(1)));
    leader.publishFeed(feed(2));
    await until(() => heard.length > 0, 'the next one arrives');
    expect(heard).toEqual(['feed 2']);
    expect([errors(), reasons]).toEqual([['a message was not taken'], ['version']]);
    expect(lines[0]?.error).toMatch(`speaks version ${CLUSTER_VERSION + 7}`);
  });

  it('is heard when the version is the next one', async () => {
    const { raw, keys, heard, errors } = await openBench(undefined, false);
    const later = { ...feed(4), x: 1 };
    const song = sealAs(CLUSTER_VERSION + 1, keys.feed, 'feed', feed(5));
    song[1] = 200;
    await raw.publish(keys.feed, song);
    await raw.publish(keys.feed, sealAs(CLUSTER_VERSION + 1, keys.feed, 'feed', later));
    await until(() => heard.length > 0, 'it arrives');
    expect([heard, errors()]).toEqual([['feed 4'], []]);
  });
});

describe.skipIf(redisUrl === null)(`what is no message of this realm${NO_REDIS}`, () => {
  const stranger = testEnvelope({ identity: 'f'.repeat(32) });
  const guesser = testEnvelope({ secret: Buffer.alloc(32) });

  it.each([
    ['rubbish', 'malformed', () => Buffer.from('rubbish')],
    ['nothing', 'malformed', () => Buffer.alloc(0)],
    ['noise', 'identity', () => Buffer.alloc(500, 0xc1)],
    ['of another identity', 'identity', (to: string) => stranger.seal(to, 'feed', feed(1))],
    ['signed with another secret', 'signature', (to: string) => guesser.seal(to, 'feed', feed(1))],
    ['from elsewhere', 'signature', (to: string) => testEnvelope().seal(`${to}2`, 'feed', feed(1))],
    [
      'without its fields',
      'malformed',
      (to: string) => testEnvelope().seal(to, 'feed', { epoch: 1 } as FeedBatch),
    ],
  ])('is dropped and counted, such as one %s', async (_, reason, make) => {
    const { raw, keys, leader, heard, reasons } = await openBench();
    await raw.publish(keys.feed, make(keys.feed));
    leader.publishFeed(feed(2));
    await until(() => heard.length > 0, 'the next one arrives');
    expect([heard, reasons]).toEqual([['feed 2'], [reason]]);
  });

  it('is said once, however often it is sent', async () => {
    const { raw, keys, leader, heard, reasons, errors } = await openBench();
    for (let i = 0; i < 200; i++) await raw.publish(keys.feed, 'rubbish');
    leader.publishFeed(feed(2));
    await until(() => heard.length > 0, 'the next one arrives');
    expect([reasons.length, errors()]).toEqual([200, ['a message was not taken']]);
  });

  it('without a signature is taken where none is wanted', async () => {
    const { raw, keys, heard, reasons } = await openBench(undefined, false);
    await raw.publish(keys.feed, guesser.seal(keys.feed, 'feed', feed(3)));
    await until(() => heard.length > 0, 'it arrives');
    expect([heard, reasons]).toEqual([['feed 3'], []]);
  });
});

describe.skipIf(redisUrl === null)(`a taker that chokes on a message${NO_REDIS}`, () => {
  it('costs that message alone, and is told that something may be missing', async () => {
    const { node, leader, heard, reasons, interruptions } = await openBench();
    const before = interruptions();
    node.onFeed(({ count }) => {
      if (count === 1) throw new Error('It was too much.');
      heard.push(`feed ${count}`);
    });
    leader.publishFeed(feed(1));
    leader.publishFeed(feed(2));
    await until(() => heard.length > 0, 'the next one arrives');
    expect([heard, reasons, interruptions() - before]).toEqual([['feed 2'], ['failed'], 1]);
  });
});
