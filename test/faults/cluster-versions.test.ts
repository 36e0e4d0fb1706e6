// Nodes of two adjacent versions in one cluster, as in a rolling restart: each understands the
// other. What is further away is refused by name, and does no harm to those who understand.

import { Packr, unpack } from 'msgpackr';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  CLUSTER_VERSION,
  decodeMessage,
  encodeMessage,
  ForeignVersionError,
  type Messages,
  type Tag,
} from '../../src/cluster/messages.ts';
import { type NodeProcess, onCluster, TestCluster } from '../support/cluster-nodes.ts';
import { passVerdict } from '../support/cluster-verdict.ts';
import { until } from '../support/fault-realm.ts';
import { Judge } from '../support/judge.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { quiet } from '../support/postgres.ts';
import { anyRedisUrl } from '../support/redis-server.ts';
import { processToken } from '../support/server-process.ts';

const packr = new Packr({ useRecords: false, moreTypes: false });

/** As a node of another version writes it, with something that this one does not know. */
function encodeAs<Name extends Tag>(version: number, tag: Name, content: Messages[Name]): Buffer {
  return packr.pack([version, tag, { ...content, addedLater: true }]);
}

const question = { node: 'a', n: 1, ask: { kind: 'snapshot', channel: 'book:ore' } } as const;

test.each([-1, 0, 1])('a message of a version that is %i away is understood', away => {
  const bytes = encodeAs(CLUSTER_VERSION + away, 'question', question);
  expect(decodeMessage(bytes)).toMatchObject({ tag: 'question', content: question });
});

test.each([-2, 2, 100])('a message of a version that is %i away is refused by name', away => {
  const bytes = encodeAs(CLUSTER_VERSION + away, 'question', question);
  expect(() => decodeMessage(bytes)).toThrow(ForeignVersionError);
  expect(() => decodeMessage(bytes)).toThrow(`version ${CLUSTER_VERSION + away}`);
});

test('every message carries the version it is written in', () => {
  const bytes = encodeMessage('question', question);
  expect((unpack(bytes) as unknown[])[0]).toBe(CLUSTER_VERSION);
});

/** A node in this process that speaks another version than the processes of the cluster. */
async function startForeign(cluster: TestCluster, version: number) {
  vi.resetModules();
  vi.doMock('../../src/cluster/messages.ts', async original => ({
    ...(await original<object>()),
    encodeMessage: <Name extends Tag>(tag: Name, content: Messages[Name]) =>
      encodeAs(version, tag, content),
  }));
  onTestFinished(() => vi.doUnmock('../../src/cluster/messages.ts'));
  const { startNode } = await import('../../src/node.ts');
  const config = { ...cluster.realm.config(), redisUrl: anyRedisUrl ?? '' };
  const node = await startNode({ config, log: quiet });
  let stopping: Promise<void> | null = null;
  const stop = () => {
    stopping ??= node.stop();
    return stopping;
  };
  onTestFinished(stop);
  return { node, stop };
}

onCluster(
  'nodes of two adjacent versions work together, whichever of them leads',
  { timeout: 60_000 },
  async () => {
    const cluster = await TestCluster.start(1);
    const token = await processToken('game');
    const judge = new Judge({ seed: 81, token, sockets: 4, inFlight: 4, paceMs: 10 });
    await judge.prepare(cluster.leader.port);
    const { node, stop } = await startForeign(cluster, CLUSTER_VERSION + 1);
    await until(() => node.leader === cluster.leader.name, 'the newer node hears the leader');
    await judge.begin(cluster.leader.port, node.port);
    await until(() => judge.answers > 200, 'both are answered');
    expect(judge.counts()).toMatchObject({ unknown: 0, unavailable: 0 });

    // The older one is restarted; meanwhile the newer one leads, and then the old version is back.
    const [old] = cluster.nodes as [NodeProcess];
    await old.kill('SIGTERM');
    await until(() => node.leader === node.name, 'the newer node leads');
    const { port } = await cluster.replace(old);
    await cluster.heard();
    await judge.join(port, 2);
    const seen = judge.answers;
    await until(() => judge.answers > seen + 200, 'both are answered again');
    judge.stopSending();
    await judge.settled(10_000);
    await stop();
    await cluster.leaderAfter(1);
    await cluster.heard();
    expect(judge.counts()).toMatchObject({ unknown: 0 });
    await passVerdict(cluster, judge);
  },
);

onCluster(
  'what a node of a version too far away says is refused aloud, and the cluster goes on',
  { timeout: 60_000 },
  async () => {
    const cluster = await TestCluster.start(1);
    const token = await processToken('game');
    const { node, stop } = await startForeign(cluster, CLUSTER_VERSION + 2);
    const near = await JudgeSocket.open(cluster.leader.port, token);
    const far = await JudgeSocket.open(node.port, token);
    const grant = { player: 'ann', asset: 'coins', quantity: 1 };
    await until(() => node.leader !== '', 'it hears the leader');
    void far.tell(1, 'wallet.grant', grant, { key: 'far' });
    await until(
      () => cluster.leader.server.output.includes(`speaks version ${CLUSTER_VERSION + 2}`),
      'the leader says who speaks too new a version',
    );
    expect(await near.ask('wallet.grant', grant, { key: 'near' })).toMatchObject({
      ...{ outcome: 'ok', body: { balance: { available: 1 } } },
    });
    expect((await near.ask('keys.get', { key: 'far' })).body).toEqual({ status: 'free' });
    near.destroy();
    far.destroy();
    await stop();
  },
);
