// Drives a fan-out tick by tick and measures it, whatever the server is.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Histogram } from 'hdr-histogram-js';
import type { Audience } from './audience.ts';
import type { Clocks } from './clocks.ts';
import { createHistogram, latenciesOf } from './meter.ts';
import { NOTHING, type Result } from './report.ts';
import { say } from './trial.ts';

export interface FanoutCase {
  readonly scenario: string;
  readonly subscribers: number;
  readonly seconds: number;
  /** Channels that everybody subscribes to. */
  readonly books: number;
  /** Updates of one tick, over all books. */
  readonly updates: number;
}

export interface TicksPlan {
  readonly plan: FanoutCase;
  readonly audience: Audience;
  readonly clocks: Clocks;
  /** Starts a tick. Where there is a commit, `committed` is told; else the start counts. */
  readonly publish: (tick: number, committed: () => void) => void;
}

export interface Ticks {
  readonly seconds: number;
  readonly updates: number;
  readonly frames: number;
  readonly bytes: number;
  readonly latency: Histogram;
  readonly clocks: Clocks;
}

const UNDER_WAY = 2;
const WARM_UP_SECONDS = 1;
const SETTLE_MS = 10_000;

/** Publishes ticks for the time of the plan, then waits until everybody has everything. */
export async function runTicks({ plan, audience, clocks, publish }: TicksPlan): Promise<Ticks> {
  audience.updatesPerTick = plan.updates;
  const latency = createHistogram();
  const sinceMs: number[] = [];
  let next = 0;
  let isRunning = true;
  const start = () => {
    const tick = next++;
    sinceMs[tick] = performance.now();
    publish(tick, () => {
      sinceMs[tick] = performance.now();
    });
  };
  audience.onTick = tick => {
    const took = performance.now() - (sinceMs[tick] as number);
    latency.recordValue(Math.max(1, Math.round(took * 1_000)));
    if (isRunning) start();
  };
  for (let tick = 0; tick < UNDER_WAY; tick++) start();
  await sleep(WARM_UP_SECONDS * 1_000);
  latency.reset();
  clocks.start();
  const startedMs = performance.now();
  const before = { updates: audience.updates, frames: audience.frames, bytes: audience.bytes };
  for (let second = 1; second <= plan.seconds; second++) {
    await sleep(1_000);
    say(`${plan.scenario}: ${Math.round((audience.updates - before.updates) / second)}/s`);
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  const measured = {
    seconds,
    updates: audience.updates - before.updates,
    frames: audience.frames - before.frames,
    bytes: audience.bytes - before.bytes,
    latency,
    clocks,
  };
  clocks.stop();
  isRunning = false;
  await until(() => audience.ticks === next);
  return measured;
}

/** Waits for a condition that is bound to come true. */
export async function until(isTrue: () => boolean, withinMs = SETTLE_MS): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (!isTrue()) {
    if (performance.now() > deadlineMs) throw new Error('The subscribers do not get everything.');
    await sleep(2);
  }
}

export function fanoutResult(plan: FanoutCase, audience: Audience, ticks: Ticks): Result {
  const { seconds, updates, frames, bytes } = ticks;
  const used = ticks.clocks.used();
  return {
    ...NOTHING,
    scenario: plan.scenario,
    sockets: plan.subscribers,
    inFlight: UNDER_WAY,
    seconds: Math.round(seconds * 10) / 10,
    commands: updates,
    commandsPerSecond: Math.round(updates / seconds),
    ...latenciesOf(ticks.latency),
    audit: audience.gaps === 0 ? 'ok' : 'FAILED',
    ...used,
    more: {
      framesPerSecond: Math.round(frames / seconds),
      bytesPerUpdate: Math.round(bytes / updates),
      gaps: audience.gaps,
      deliveriesPerServerCpuSecond: Math.round(updates / (used.serverCpuSeconds ?? seconds)),
    },
  };
}
