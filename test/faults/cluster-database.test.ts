// The leader alone loses the database while Redis goes on: it cannot write any more, so another
// node that can must get its turn.

import { expect } from 'vitest';
import { onCluster, TestCluster } from '../support/cluster-nodes.ts';
import { expectSound } from '../support/cluster-verdict.ts';
import { POSTGRES_URL, until } from '../support/fault-realm.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { processToken } from '../support/server-process.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { testKey } from '../support/test-key.ts';

const TIMES = { REPLY_TIMEOUT_MS: '2000' };
/** A batch must have waited for too long first; then the lease is given up. */
const LEADS_MS = 15_000;

onCluster(
  'a leader that cannot reach the database gives way to a node that can',
  { timeout: 60_000 },
  async () => {
    const { hostname: host, port } = new URL(POSTGRES_URL);
    const proxy = await TcpProxy.open({ host, port: Number(port || 5432) });
    const behind = new URL(POSTGRES_URL);
    behind.hostname = '127.0.0.1';
    behind.port = String(proxy.port);
    const cluster = await TestCluster.start(1, { ...TIMES, DATABASE_URL: behind.href });
    const first = cluster.leader;
    const other = cluster.spawn('direct', { DATABASE_URL: POSTGRES_URL });
    await other.ready();
    cluster.nodes.push(other);
    await cluster.heard();
    const socket = await JudgeSocket.open(other.port, await processToken('game'));
    const grant = { player: 'alice', asset: 'coins', quantity: 5 };
    expect((await socket.ask('wallet.grant', grant, { key: testKey('before') })).outcome).toBe(
      'ok',
    );
    proxy.refuse();
    const cut = await socket.ask('wallet.grant', grant, { key: testKey('cut') });
    expect(cut.outcome).not.toBe('ok');
    await until(() => cluster.leader === other, 'the other node leads', LEADS_MS);
    await until(async () => (await other.page('/ready')).status === 200, 'it hears itself');
    const again = await socket.ask('wallet.grant', grant, { key: testKey('cut') });
    expect(again).toMatchObject({ outcome: 'ok', body: { balance: { available: 10 } } });
    proxy.allow();
    socket.destroy();
    await first.kill('SIGTERM');
    await other.kill('SIGTERM');
    await expectSound(cluster.realm);
    await proxy.close();
  },
);
