// Lived time: for how long the realm has surely lived, in milliseconds. Keys are as old as the
// realm lived since they were decided. Engine time passes in steps as well: a server was down for a
// week, a clock was set, perhaps wrongly; nobody lived through such a step. So of the time between
// two decisions that left facts only a little counts. Example: two decisions ten hours apart are
// ten hours of engine time and one second of lived time. Lived time follows from the facts alone,
// so the engine, the tables and an engine that is restored from both agree about it.

import { KEY_RETENTION_MS } from '../../protocol/limits.ts';

export const LIVED_STEP_MAX_MS = 1_000;

/**
 * Keys are kept for longer than is promised: lived time may run ahead of true time by a hundredth
 * (the clock of the engine catches up by so much), which is 15 minutes a day, and by a second with
 * each start, which leaves room for 900 starts a day.
 */
export const KEY_KEPT_MS = KEY_RETENTION_MS + 30 * 60 * 1_000;

/**
 * The lived time of a decision at `atMs`, when the decision before it came at `beforeMs` with
 * `livedMs`. Of the time between the two at most `stepMaxMs` counts.
 */
export function livedAfter(
  livedMs: number,
  beforeMs: number,
  atMs: number,
  stepMaxMs: number,
): number {
  return livedMs + Math.min(atMs - beforeMs, stepMaxMs);
}
