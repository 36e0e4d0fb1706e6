// The database of a cluster is restored to an earlier point while its nodes are up: the leader
// stops leading, somebody leads again from what is there, every node and client begins anew.

import { expect } from 'vitest';
import { TestCluster } from '../support/cluster-nodes.ts';
import { sleep, until } from '../support/fault-realm.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { expectGreenAudit } from '../support/outside.ts';
import { OwnPostgres, onOwnPostgres } from '../support/own-postgres.ts';
import { anyRedisUrl, OwnRedis } from '../support/redis-server.ts';
import { processToken } from '../support/server-process.ts';

const GRANTS = 20;
/** A command may be executed for half of the time that its reply is waited for. */
const REPLY_TIMEOUT_MS = 3_000;

onOwnPostgres(
  'nodes whose database is restored lead, read and announce from what is there, without a restart',
  { timeout: 120_000 },
  async () => {
    const postgres = await OwnPostgres.start();
    const redis = anyRedisUrl ?? (await OwnRedis.start()).url;
    const cluster = await TestCluster.start(
      2,
      { REPLY_TIMEOUT_MS: `${REPLY_TIMEOUT_MS}` },
      redis,
      postgres.url,
    );
    const token = await processToken('game');
    const grant = async (port: number, quantity: number): Promise<unknown> => {
      const socket = await JudgeSocket.open(port, token);
      const order = { player: 'ann', asset: 'coins', quantity };
      const { body } = await socket.ask('wallet.grant', order);
      socket.destroy();
      return (body.balance as { available: number } | undefined)?.available;
    };
    const coins = async (port: number): Promise<unknown> => {
      const socket = await JudgeSocket.open(port, token);
      const { body } = await socket.ask('wallet.get', { player: 'ann' });
      socket.destroy();
      return (body.balances as { available: number }[])[0]?.available;
    };
    const [one = 0, two = 0] = cluster.ports;
    expect(await grant(one, 5)).toBe(5);
    await postgres.stop();
    postgres.backUp();
    await postgres.begin();
    await cluster.heard();
    // Many rows, so that positions of the lost past are far beyond those of the new one.
    for (let n = 0; n < GRANTS; n++) await grant(two, 1);
    const epochs: number[] = [];
    const watchers = await Promise.all(
      [one, two].map(port =>
        JudgeSocket.open(port, token, ({ kind, epoch }) => {
          if (kind === 'snapshot') epochs.push(epoch);
        }),
      ),
    );
    for (const watcher of watchers) await watcher.ask('session.subscribe', { channels: ['me'] });
    await until(() => epochs.length === 2, 'both have their snapshots');
    const { epoch } = cluster;
    // The last command is in the stream still: later than this it is not executed again.
    await sleep(REPLY_TIMEOUT_MS / 2);
    await postgres.stop('SIGQUIT');
    postgres.restore();
    await postgres.begin();
    await cluster.leaderAfter(epoch);
    await cluster.heard();
    await until(() => epochs.filter(one => one === cluster.epoch).length >= 2, 'both begin anew');
    expect(await coins(one)).toBe(5);
    expect(await coins(two)).toBe(5);
    expect(await grant(one, 1)).toBe(6);
    expect(await coins(two)).toBe(6);
    expect(await coins(one)).toBe(6);
    await sleep(100);
    expect(cluster.alive).toHaveLength(2);
    await cluster.stop();
    await expectGreenAudit(cluster.realm.environment);
  },
);
