// One market on three nodes: whoever is on whichever node trades with everybody, every node tells
// its subscribers the same frames in the same order, and nothing is made or lost on the way.

import { expect } from 'vitest';
import { onCluster, TestCluster } from '../support/cluster-nodes.ts';
import { passVerdict } from '../support/cluster-verdict.ts';
import { sleep } from '../support/fault-realm.ts';
import { TestClient } from '../support/gateway-fixture.ts';
import { Judge } from '../support/judge.ts';
import { ITEMS } from '../support/judge-history.ts';
import { processToken } from '../support/server-process.ts';

const LOAD_MS = 2_000;
const CHANNELS = ITEMS.flatMap(item => [`book:${item}`, `trades:${item}`, `ticker:${item}`]);

onCluster(
  'players on three nodes share one market: the same frames everywhere, nothing made or lost',
  { timeout: 90_000 },
  async () => {
    const cluster = await TestCluster.start(3);
    const token = await processToken('game');
    const judge = new Judge({ seed: 71, token, sockets: 6, inFlight: 6, paceMs: 5 });
    await judge.prepare(cluster.leader.port);
    const watchers = await Promise.all(
      cluster.ports.map(async port => {
        const watcher = await TestClient.connect(port, {});
        await watcher.ask('session.open', { token });
        await watcher.ask('session.subscribe', { channels: CHANNELS });
        return watcher;
      }),
    );
    const [first = 0, ...others] = cluster.ports;
    await judge.begin(first, ...others);
    await sleep(LOAD_MS);
    judge.stopSending();
    await judge.settled(10_000);
    await sleep(500);
    let frames = 0;
    for (const channel of CHANNELS) {
      const seen = watchers.map(watcher => watcher.eventsOn(channel));
      const last = seen.map(events => events.at(-1)?.sequence);
      expect(new Set(last).size, channel).toBe(1);
      // A snapshot stands where its node asked for it; what comes after it is for all.
      const from = Math.max(...seen.map(events => events[0]?.sequence ?? 0));
      const [one, ...rest] = seen.map(events =>
        events.filter(
          ({ kind, previousSequence }) => kind !== 'snapshot' && previousSequence >= from,
        ),
      );
      for (const other of rest) expect(other).toEqual(one);
      for (const events of seen) {
        for (const [at, event] of events.slice(1).entries()) {
          expect(event.previousSequence, channel).toBe(events[at]?.sequence);
        }
      }
      frames += one?.length ?? 0;
    }
    expect(frames).toBeGreaterThan(100);
    for (const watcher of watchers) watcher.terminate();
    console.log(`${frames} frames the same on three nodes; ${JSON.stringify(judge.counts())}`);
    await passVerdict(cluster, judge);
  },
);
