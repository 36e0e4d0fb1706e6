// The projection's thread: a ProjectionLoop that is told what to do by messages. What it can't go
// on after ends the thread, and projection.ts sees to that.

import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../base/assert.ts';
import type { Database } from '../database/connection.ts';
import { type LoopOptions, ProjectionLoop, type QuarantineNews } from './loop.ts';

/** What the thread is started with. */
export interface WorkerStart {
  readonly database: Database;
  readonly options: LoopOptions;
}

/** To the thread. */
export type WorkerOrder =
  | { readonly kind: 'notify'; readonly committed: number; readonly wanted: number }
  | { readonly kind: 'stop'; readonly position: number };

/** From the thread. `stopped` is the last thing that it says. */
export type WorkerReport =
  | { readonly kind: 'reached'; readonly position: number; readonly epoch: number }
  | { readonly kind: 'quarantined'; readonly news: QuarantineNews }
  | { readonly kind: 'failed' | 'broken'; readonly reason: string }
  | { readonly kind: 'missing' | 'stopped' };

const port = parentPort;
assert(port !== null, 'this file runs in a worker thread');

const { database, options } = workerData as WorkerStart;
const report = (what: WorkerReport) => port.postMessage(what);

const loop = new ProjectionLoop(database, options, {
  reached: (position, epoch) => report({ kind: 'reached', position, epoch }),
  quarantined: news => report({ kind: 'quarantined', news }),
  failed: reason => report({ kind: 'failed', reason }),
  missing: () => report({ kind: 'missing' }),
  broken: reason => report({ kind: 'broken', reason }),
});

port.on('message', (order: WorkerOrder) => {
  if (order.kind === 'notify') loop.notify(order.committed, order.wanted);
  else loop.stop(order.position);
});

await loop.run();
report({ kind: 'stopped' });
port.close();
