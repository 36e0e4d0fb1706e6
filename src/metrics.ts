// What the realm adds to the metrics that the gateway shows.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ClockWatch } from './clock-watch.ts';
import type { PipelineObserver } from './realm/pipeline.ts';
import type { Realm } from './realm/realm.ts';
import type { RemoteRealm } from './realm/remote-realm.ts';

const BATCH_BUCKETS = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000];
const BYTE_BUCKETS = [300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 10_000_000];
const SECOND_BUCKETS = [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];

/** Called once per batch, so the library's own histograms are fast enough. */
export function pipelineObserver(registry: Registry): PipelineObserver {
  const registers = [registry];
  const entries = new Histogram({
    name: 'tradepost_batch_entries',
    help: 'Commands per journal row.',
    buckets: BATCH_BUCKETS,
    registers,
  });
  const bytes = new Histogram({
    name: 'tradepost_batch_bytes',
    help: 'Bytes of facts per journal row.',
    buckets: BYTE_BUCKETS,
    registers,
  });
  const append = new Histogram({
    name: 'tradepost_append_seconds',
    help: 'From sending a journal row to its commit.',
    buckets: SECOND_BUCKETS,
    registers,
  });
  return {
    appended(count, size, tookMs) {
      entries.observe(count);
      bytes.observe(size);
      append.observe(tookMs / 1000);
    },
  };
}

/** `current` is the realm that this process leads, or null while it leads none: then all is 0. */
export function registerRealm(registry: Registry, current: () => Realm | null): void {
  const gauge = (name: string, help: string, value: (realm: Realm) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const realm = current();
        this.set(realm === null ? 0 : value(realm));
      },
    });
  gauge(
    'tradepost_projection_lag_seconds',
    'Age of the oldest commit not in the tables.',
    realm => {
      return realm.readiness().projectionLagMs / 1000;
    },
  );
  gauge(
    'tradepost_quarantined_facts',
    'Facts that the tables could not take and nobody has settled: alarm above 0.',
    realm => realm.readiness().quarantined,
  );
  new Counter({
    name: 'tradepost_facts_set_aside_total',
    help: 'Facts that the tables could not take, since this process leads.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(current()?.setAsideTotal ?? 0);
    },
  });
  gauge('tradepost_waiting_commands', 'Decided but not yet durable.', realm => realm.waiting);
  gauge(
    'tradepost_live_windows',
    'Trade windows, invitations included.',
    realm => realm.liveWindows,
  );
  gauge('tradepost_open_offers', 'Directed offers that wait.', realm => realm.openOffers);
  gauge('tradepost_leading', '1 while this process writes the realm.', realm =>
    realm.readiness().leading ? 1 : 0,
  );
  gauge(
    'tradepost_engine_time_ahead_seconds',
    'By how much engine time is ahead of the clocks.',
    realm => realm.timeAheadMs / 1000,
  );
  gauge('tradepost_epoch', 'The number of this leadership.', realm => realm.epoch);
}

/** What each process adds of its clock. */
export function registerClock(registry: Registry, watch: ClockWatch): void {
  const registers = [registry];
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  const { clock } = watch;
  gauge('tradepost_clock_in_doubt', '1 while a jump of the clock here is being checked.', () =>
    clock.isSure ? 0 : 1,
  );
  gauge('tradepost_clock_wrong', '1 while the clock here is known to be ahead of the time.', () =>
    clock.isWallWrong ? 1 : 0,
  );
  gauge(
    'tradepost_clock_apart_seconds',
    'By how much the clock of the database is ahead of the one here.',
    () => clock.apartMs / 1000,
  );
  new Counter({
    name: 'tradepost_clock_jumps_total',
    help: 'How often the clock here jumped ahead.',
    registers,
    collect() {
      this.reset();
      this.inc(watch.jumps);
    },
  });
}

/** What a node of a cluster adds. */
export function registerCluster(
  registry: Registry,
  realm: RemoteRealm,
): { lost: (batches: number) => void } {
  const registers = [registry];
  new Gauge({
    name: 'tradepost_awaited_replies',
    help: 'Commands of this node that await the reply of the leader.',
    registers,
    collect() {
      this.set(realm.waiting);
    },
  });
  new Gauge({
    name: 'tradepost_leader_heard',
    help: '1 while this node hears the leader of the realm.',
    registers,
    collect() {
      this.set(realm.leader === '' ? 0 : 1);
    },
  });
  const lost = new Counter({
    name: 'tradepost_stream_lost_total',
    help: 'Batches of commands that left the stream before the leader had read them.',
    registers,
  });
  return { lost: batches => lost.inc(batches) };
}
