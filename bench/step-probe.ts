// Runs inside of a server, before it (`node --import`): how long its thread was busy at a stretch.
// Writes what it saw to the file STEP_PROBE_FILE once every second.

import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/** What is in the file. Times in milliseconds, `atMs` since the process began. */
export interface Steps {
  readonly longestMs: number;
  /** The longest ones beyond 50 ms, the longest first. */
  readonly long: readonly { readonly atMs: number; readonly ms: number }[];
  /** The most memory that was resident. */
  readonly residentBytes: number;
}

const LONG_MS = 50;
const LONG_KEPT = 20;
const WRITE_EVERY_MS = 1_000;

const { STEP_PROBE_FILE: file } = process.env;

if (isMainThread && file !== undefined) watch(file);

function watch(file: string): void {
  let beforeMs = performance.now();
  let longestMs = 0;
  let residentBytes = 0;
  let long: { atMs: number; ms: number }[] = [];
  const look = () => {
    const nowMs = performance.now();
    const ms = Math.round(nowMs - beforeMs);
    longestMs = Math.max(longestMs, ms);
    if (ms >= LONG_MS) {
      long.push({ atMs: Math.round(beforeMs), ms });
      long = long.sort((one, other) => other.ms - one.ms).slice(0, LONG_KEPT);
    }
    beforeMs = performance.now();
  };
  setInterval(look, 1).unref();
  setInterval(() => {
    residentBytes = Math.max(residentBytes, process.memoryUsage.rss());
    writeFileSync(file, JSON.stringify({ longestMs, long, residentBytes } satisfies Steps));
  }, WRITE_EVERY_MS).unref();
}
