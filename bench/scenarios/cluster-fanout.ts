// `cluster-fanout`: subscribers of one book on two nodes of a cluster, and changes of that book at
// a constant rate: how far the nodes are apart, and whether anybody misses anything.

import { setTimeout as sleep } from 'node:timers/promises';
import { Audience } from '../audience.ts';
import { Clocks } from '../clocks.ts';
import { ClusterProcess } from '../cluster-process.ts';
import { Exchange } from '../exchange.ts';
import { Lag } from '../lag.ts';
import { createHistogram, latenciesOf, Meter } from '../meter.ts';
import type { Options } from '../options.ts';
import { NOTHING, type Result } from '../report.ts';
import { until } from '../ticks.ts';
import { isSound, say } from '../trial.ts';
import { publisher, rest, subscribe } from './fanout-ours.ts';

const SUBSCRIBERS = 1_000;
const PER_SECOND = 20;
const SECONDS = 10;
const WARM_UP_SECONDS = 2;
const PLAN = { scenario: 'cluster-fanout', books: 1, updates: 1 } as const;

export async function clusterFanout(options: Options): Promise<Result> {
  const subscribersPerNode = Math.ceil((options.sockets ?? SUBSCRIBERS) / 2);
  const seconds = options.seconds ?? SECONDS;
  const plan = { ...PLAN, subscribers: 2 * subscribersPerNode, seconds };
  const cluster = new ClusterProcess({
    roles: ['engine', 'gateway', 'gateway'],
    profile: options.profile,
  });
  const exchange = new Exchange(new Meter());
  const audience = new Audience();
  const lag = new Lag(subscribersPerNode);
  try {
    await cluster.start();
    const token = await cluster.token('game');
    await exchange.open(1, cluster.ports, async () => token);
    const orders = await rest({ exchange, server: cluster, say }, plan);
    await subscribe(audience, plan, cluster.ports, token, (port, read) =>
      lag.reader(port === 0 ? 0 : 1, read),
    );
    const clocks = new Clocks(cluster.parts);
    const answered = createHistogram();
    const publish = publisher(exchange, orders, 1);
    let tick = 0;
    const timer = setInterval(
      () => {
        const sinceMs = performance.now();
        publish(tick++, () =>
          answered.recordValue(Math.round((performance.now() - sinceMs) * 1e3)),
        );
      },
      1_000 / (options.rate ?? PER_SECOND),
    );
    await sleep(WARM_UP_SECONDS * 1_000);
    lag.forget();
    clocks.start();
    for (let second = 1; second <= seconds; second++) {
      await sleep(1_000);
      say(`${second} s: ${lag.frames} frames, p99 ${latenciesOf(lag.last).p99Ms} ms apart`);
    }
    clocks.stop();
    const { frames } = lag;
    clearInterval(timer);
    await until(() => exchange.inFlight === 0 && lag.isComplete);
    audience.close();
    exchange.close();
    const drainMs = await cluster.drain();
    await cluster.stop();
    const sound = await isSound(cluster, [], exchange);
    const { p50Ms, p99Ms } = latenciesOf(lag.first);
    return {
      ...NOTHING,
      scenario: plan.scenario,
      database: 'postgres',
      sockets: plan.subscribers,
      offeredPerSecond: options.rate ?? PER_SECOND,
      seconds,
      commands: frames * plan.subscribers,
      commandsPerSecond: Math.round((frames * plan.subscribers) / seconds),
      ...latenciesOf(lag.last),
      audit: sound && audience.gaps === 0 ? 'ok' : 'FAILED',
      ...clocks.used(),
      drainMs,
      more: {
        framesPerSecond: Math.round(frames / seconds),
        gaps: audience.gaps,
        firstApartP50Ms: p50Ms,
        firstApartP99Ms: p99Ms,
        firstToLastP99Ms: latenciesOf(lag.spread).p99Ms,
        answerP99Ms: latenciesOf(answered).p99Ms,
        ...clocks.usedByParts(),
      },
    };
  } finally {
    audience.close();
    exchange.close();
    await cluster.remove();
  }
}
