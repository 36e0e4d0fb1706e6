// The thread of the embedded database. PGlite is a single session: the socket server passes on one
// protocol message at a time, whoever it is from, and holds the others back only while a database
// transaction is open. Between Parse and Sync there is none yet, and another connection's Parse
// would replace the unnamed statement; so the session counts as taken from the first message of an
// extended query until its Sync. There are no background processes either: checkpoints and vacuum
// happen when this thread says so.

import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { assert } from '../base/assert.ts';

export interface EmbeddedStart {
  readonly folder: string;
  readonly socketPath: string;
}

/** From the thread. The one order to it is 'close'. */
export type EmbeddedReport = 'ready';

const CONNECTIONS_MAX = 100;
const CHECKPOINT_EVERY_MS = 60_000;
const VACUUM_EVERY_MS = 10 * 60_000;
const BUSY_RETRY_MS = 20;

const SYNC = 'S';
const SIMPLE_QUERY = 'Q';
/** Parse, Bind, Describe, Execute, Close, Flush. */
const EXTENDED_QUERY = 'PBDECH';
const SYNC_MESSAGE = Uint8Array.of(0x53, 0, 0, 0, 4);

class SingleSession extends PGlite {
  #isMidQuery = false;
  #isRunning = false;

  /** For the socket server: whether only the connection that spoke last may go on. */
  override isInTransaction(): boolean {
    return this.#isMidQuery || super.isInTransaction();
  }

  get isBusy(): boolean {
    return this.#isRunning || this.isInTransaction();
  }

  override async execProtocolRawStream(
    message: Uint8Array,
    options: Parameters<PGlite['execProtocolRawStream']>[1],
  ): Promise<void> {
    const type = String.fromCharCode(message[0] ?? 0);
    if (EXTENDED_QUERY.includes(type)) this.#isMidQuery = true;
    this.#isRunning = true;
    try {
      await super.execProtocolRawStream(message, options);
    } catch (error) {
      // Errors of SQL are answers; this is the database itself. The thread ends with it.
      setImmediate(() => {
        throw error;
      });
      throw error;
    } finally {
      this.#isRunning = false;
    }
    if (type === SYNC || type === SIMPLE_QUERY) this.#isMidQuery = false;
  }

  /** The socket server rolls back with it when a connection was cut. */
  override async exec(
    ...args: Parameters<PGlite['exec']>
  ): Promise<Awaited<ReturnType<PGlite['exec']>>> {
    if (this.#isMidQuery) {
      this.#isMidQuery = false;
      await this.execProtocolRaw(SYNC_MESSAGE);
    }
    return super.exec(...args);
  }
}

/** Makes a new database aside and moves it into place whole: one half made is never opened. */
async function create(folder: string, place: string): Promise<void> {
  for (const name of readdirSync(folder)) {
    if (name.startsWith('postgres.new.')) rmSync(join(folder, name), { recursive: true });
  }
  const aside = join(folder, `postgres.new.${process.pid}`);
  const fresh = new PGlite(aside);
  await fresh.waitReady;
  await fresh.exec('checkpoint');
  await fresh.close();
  renameSync(aside, place);
}

const port = parentPort;
assert(port !== null, 'this file runs in a worker thread');
const { folder, socketPath } = workerData as EmbeddedStart;

const place = join(folder, 'postgres');
if (!existsSync(place)) await create(folder, place);
const session = new SingleSession(place);
await session.waitReady;
rmSync(socketPath, { force: true });
const server = new PGLiteSocketServer({
  db: session,
  path: socketPath,
  maxConnections: CONNECTIONS_MAX,
});
await server.start();

/** Runs `statement` once no connection is in the middle of something. */
async function whenFree(statement: string): Promise<void> {
  while (session.isBusy) await new Promise(resolve => setTimeout(resolve, BUSY_RETRY_MS));
  await session.exec(statement);
}

const timers = [
  setInterval(() => whenFree('checkpoint'), CHECKPOINT_EVERY_MS),
  setInterval(() => whenFree('vacuum analyze'), VACUUM_EVERY_MS),
];

port.on('message', async () => {
  for (const timer of timers) clearInterval(timer);
  await server.stop();
  await session.exec('checkpoint');
  await session.close();
  port.close();
});

const ready: EmbeddedReport = 'ready';
port.postMessage(ready);
