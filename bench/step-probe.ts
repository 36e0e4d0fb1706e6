// Runs inside of a server, before it (`node --import`): how long its thread was busy at a stretch.
// Writes what it saw to the file STEP_PROBE_FILE once every second. On a machine that does other
// things too a thread waits for its turn: what it used of a processor is told beside what passed.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

interface Step {
  /** Since the process began. */
  readonly atMs: number;
  readonly ms: number;
  /** Used of a processor by this thread. */
  readonly busyMs: number;
}

/** What is in the file. */
export interface Steps {
  readonly longestMs: number;
  readonly longestBusyMs: number;
  /** Used of a processor by this thread since it began. */
  readonly busySeconds: number;
  /** The longest steps of more than 50 ms, the longest first. */
  readonly long: readonly Step[];
  /** The most memory that was resident. */
  readonly residentBytes: number;
}

const LONG_MS = 50;
const LONG_KEPT = 20;
const WRITE_EVERY_MS = 1_000;

const { STEP_PROBE_FILE: file } = process.env;

if (isMainThread && file !== undefined) watch(file);

function watch(file: string): void {
  let before = { atMs: performance.now(), busyMs: busyMs() };
  let [longestMs, longestBusyMs, residentBytes] = [0, 0, 0];
  let long: Step[] = [];
  setInterval(() => {
    const now = { atMs: performance.now(), busyMs: busyMs() };
    const ms = Math.round(now.atMs - before.atMs);
    const busy = Math.round(now.busyMs - before.busyMs);
    longestMs = Math.max(longestMs, ms);
    longestBusyMs = Math.max(longestBusyMs, busy);
    if (busy >= LONG_MS) {
      long.push({ atMs: Math.round(before.atMs), ms, busyMs: busy });
      long = long.sort((one, other) => other.busyMs - one.busyMs).slice(0, LONG_KEPT);
    }
    before = { atMs: performance.now(), busyMs: now.busyMs };
  }, 1).unref();
  setInterval(() => {
    residentBytes = Math.max(residentBytes, process.memoryUsage.rss());
    const busySeconds = busyMs() / 1_000;
    const seen: Steps = { longestMs, longestBusyMs, busySeconds, long, residentBytes };
    // Whoever reads it meanwhile has the one before, whole.
    writeFileSync(`${file}.next`, JSON.stringify(seen));
    renameSync(`${file}.next`, file);
  }, WRITE_EVERY_MS).unref();
}

/** Of the thread that asks, as Linux counts it. */
function busyMs(): number {
  return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6;
}
