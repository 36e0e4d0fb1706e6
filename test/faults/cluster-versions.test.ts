// Nodes of two adjacent versions in one cluster, as in a rolling restart: each understands the
// other. What is further away is refused by name, and does no harm to those who understand.

import { expect, onTestFinished, vi } from 'vitest';
import { Envelope } from '../../src/cluster/envelope.ts';
import { CLUSTER_VERSION, type Messages, type Tag } from '../../src/cluster/messages.ts';
import { type NodeProcess, onCluster, TestCluster } from '../support/cluster-nodes.ts';
import { passVerdict } from '../support/cluster-verdict.ts';
import { until } from '../support/fault-realm.ts';
import { Judge } from '../support/judge.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { quiet } from '../support/postgres.ts';
import { anyRedisUrl } from '../support/redis-server.ts';
import { processToken } from '../support/server-process.ts';
import { testKey } from '../support/test-key.ts';

/** As a node of another version seals, with something in it that this one does not know. */
class ForeignEnvelope extends Envelope {
  static version = CLUSTER_VERSION;

  override seal<Name extends Tag>(place: string, tag: Name, content: Messages[Name]): Buffer {
    const bytes = super.seal(place, tag, { ...content, addedLater: true });
    bytes[0] = ForeignEnvelope.version;
    return bytes;
  }
}

/** A node in this process that speaks another version than the processes of the cluster. */
async function startForeign(cluster: TestCluster, version: number) {
  vi.resetModules();
  ForeignEnvelope.version = version;
  vi.doMock('../../src/cluster/envelope.ts', () => ({ Envelope: ForeignEnvelope }));
  onTestFinished(() => vi.doUnmock('../../src/cluster/envelope.ts'));
  const { startNode } = await import('../../src/node.ts');
  const config = {
    ...cluster.realm.config({ REDIS_URL: anyRedisUrl ?? '' }),
    redisUrl: anyRedisUrl ?? '',
  };
  const node = await startNode({ config, log: quiet, failed: () => {} });
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
    void far.tell(1, 'wallet.grant', grant, { key: testKey('far') });
    await until(
      () => cluster.leader.server.output.includes(`speaks version ${CLUSTER_VERSION + 2}`),
      'the leader says who speaks too new a version',
    );
    expect(await near.ask('wallet.grant', grant, { key: testKey('near') })).toMatchObject({
      ...{ outcome: 'ok', body: { balance: { available: 1 } } },
    });
    expect((await near.ask('keys.get', { key: testKey('far') })).body).toEqual({ status: 'free' });
    near.destroy();
    far.destroy();
    await stop();
  },
);
