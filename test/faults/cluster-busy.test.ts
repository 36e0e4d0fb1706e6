// A cluster under as much load as it takes, whose leader is killed: the next one takes over once,
// and keeps the lease though everything that has piled up comes at the same moment.

import { expect } from 'vitest';
import { onCluster, TestCluster } from '../support/cluster-nodes.ts';
import { sleep, until } from '../support/fault-realm.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { processToken } from '../support/server-process.ts';

const IN_FLIGHT = 400;
const SOCKETS_PER_NODE = 3;
const LOAD_MS = 3_000;
const AFTER_MS = 10_000;
const LOST = /"msg":"the lease was lost"/g;

/** Sends without a pause, as much as may be in flight, and counts what was executed. */
class Load {
  executed = 0;
  #isStopped = false;
  readonly #running: Promise<unknown>;

  constructor(sockets: readonly JudgeSocket[]) {
    this.#running = Promise.all(sockets.map((socket, index) => this.#send(socket, index)));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #send(socket: JudgeSocket, index: number): Promise<void> {
    const payload = { player: `p${index}`, asset: 'coins', quantity: 1 };
    while (!this.#isStopped && socket.isOpen) {
      while (socket.waiting < IN_FLIGHT && socket.isOpen) {
        socket.ask('wallet.grant', payload).then(
          ({ outcome }) => {
            if (outcome === 'ok') this.executed++;
          },
          // Its socket was closed, at the end.
          () => {},
        );
      }
      await sleep(2);
    }
  }
}

onCluster(
  'under full load the next leader takes over once, and keeps the lease',
  { timeout: 120_000 },
  async () => {
    const cluster = await TestCluster.start(3, { LEASE_MS: '1000' });
    const token = await processToken('game');
    const { leader, followers, epoch } = cluster;
    const ports = followers.flatMap(({ port }) => Array<number>(SOCKETS_PER_NODE).fill(port));
    const sockets = await Promise.all(ports.map(port => JudgeSocket.open(port, token)));
    const load = new Load(sockets);
    await sleep(LOAD_MS);
    expect(load.executed).toBeGreaterThan(500);
    await leader.kill('SIGKILL');
    await until(() => cluster.epoch > epoch, 'another node leads', 20_000);
    const second = cluster.epoch;
    const { executed } = load;
    await until(() => load.executed > executed, 'commands are executed again', 20_000);
    await sleep(AFTER_MS);
    expect(cluster.epoch).toBe(second);
    for (const { server } of followers) expect(server.output.match(LOST) ?? []).toEqual([]);
    await load.stop();
    for (const socket of sockets) socket.destroy();
  },
);
