// Whether a node of a cluster is ready is what a command would get there: while the leader or Redis
// takes none, every node says so on /ready, and says so by itself when that is over.

import { expect } from 'vitest';
import { type NodeProcess, onCluster, onOwnRedis, TestCluster } from '../support/cluster-nodes.ts';
import { until } from '../support/fault-realm.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { OwnRedis } from '../support/redis-server.ts';
import { processToken } from '../support/server-process.ts';
import { testKey } from '../support/test-key.ts';

const GRANT = { player: 'ann', asset: 'coins', quantity: 1 };

class Asked {
  readonly #sockets: JudgeSocket[];
  readonly #nodes: readonly NodeProcess[];
  #count = 0;

  private constructor(nodes: readonly NodeProcess[], sockets: JudgeSocket[]) {
    this.#nodes = nodes;
    this.#sockets = sockets;
  }

  static async of({ nodes }: TestCluster): Promise<Asked> {
    const token = await processToken('game');
    return new Asked(nodes, await Promise.all(nodes.map(one => JudgeSocket.open(one.port, token))));
  }

  /** What each node answers to `/ready`, and then to a command. */
  async all(): Promise<[status: number, outcome: string][]> {
    return Promise.all(
      this.#nodes.map(async (node, index) => {
        const { status } = await node.page('/ready');
        const socket = this.#sockets[index] as JudgeSocket;
        const key = testKey(`k-${this.#count++}`, Date.now());
        const { outcome } = await socket.ask('wallet.grant', GRANT, { key });
        return [status, outcome] as [number, string];
      }),
    );
  }

  async become(status: number, outcome: string): Promise<void> {
    const isSo = async () =>
      (await this.all()).every(([is, got]) => is === status && got === outcome);
    await until(isSo, `every node answers ${status}, and a command ${outcome}`, 15_000);
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

onCluster(
  'no node is ready while the tables are so far behind that commands are refused',
  { timeout: 60_000 },
  async () => {
    const cluster = await TestCluster.start(2, { PROJECTION_LAG_MAX_MS: '500' });
    const asked = await Asked.of(cluster);
    await asked.become(200, 'ok');
    const holder = await cluster.realm.session();
    await holder.query('begin');
    await holder.query('lock table projection in exclusive mode');
    await asked.become(503, 'unavailable');
    for (const { page } of cluster.nodes.map(node => ({ page: node.page('/ready') }))) {
      const { refusal, ready } = JSON.parse((await page).text);
      expect([ready, refusal]).toEqual([false, expect.stringContaining('Nothing was executed')]);
    }
    // It goes on being so, and a refusal does not take the time of a reply that never comes.
    for (let round = 0; round < 10; round++) {
      const beganMs = performance.now();
      expect(new Set((await asked.all()).map(String))).toEqual(new Set(['503,unavailable']));
      expect(performance.now() - beganMs).toBeLessThan(1_000);
    }
    await holder.query('rollback');
    await asked.become(200, 'ok');
    asked.destroy();
    await cluster.stop();
  },
);

onOwnRedis(
  'no node is ready while Redis is full, and each is when it has room, though nobody asks',
  { timeout: 60_000 },
  async () => {
    const redis = await OwnRedis.start();
    const cluster = await TestCluster.start(2, {}, redis.url);
    const asked = await Asked.of(cluster);
    await asked.become(200, 'ok');
    await redis.ask(link => link.config('SET', 'maxmemory', '1'));
    // Nobody sends anything, and yet it is known.
    const statuses = async () =>
      (await Promise.all(cluster.nodes.map(node => node.page('/ready')))).map(
        ({ status }) => status,
      );
    await until(async () => (await statuses()).every(one => one === 503), 'none is ready', 5_000);
    await asked.become(503, 'unavailable');
    await redis.ask(link => link.config('SET', 'maxmemory', '0'));
    await until(async () => (await statuses()).every(one => one === 200), 'all are ready', 5_000);
    await asked.become(200, 'ok');
    asked.destroy();
    await cluster.stop();
  },
);
