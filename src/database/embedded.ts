// The embedded database: PGlite (Postgres in WebAssembly) in a worker thread, reached by the
// ordinary driver over a Unix socket. It keeps what it acknowledged when the process is killed, but
// it never flushes to the disk, so not when the machine loses power. One process at a time.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Log } from '../base/log.ts';
import { type Database, EMBEDDED_PORT } from './connection.ts';
import type { EmbeddedReport, EmbeddedStart } from './embedded-worker.ts';
import { workerFile } from './worker-file.ts';

/** What an operator must know of this database: for the banner and for health. */
export const EMBEDDED_SAFETY =
  'The embedded database is safe against a crash of the process, not against a loss of power: ' +
  'it does not flush to the disk. For production, set DATABASE_URL to a Postgres server.';

/** Beyond it the address of a Unix socket does not fit: 104 bytes on macOS, 108 on Linux. */
const SOCKET_PATH_BYTES_MAX = 100;

const CLOSE_GRACE_MS = 10_000;

export interface Embedded {
  readonly address: Database['address'];
  /** {@link EMBEDDED_SAFETY}. */
  readonly safety: string;
  /** Writes everything down and ends. Connections should have ended before. */
  close(): Promise<void>;
}

/**
 * Opens the database in `folder`, creating it at the first start (some seconds). Hold the folder
 * (folder.ts) before, and until it is closed. A database that ends by itself ends the process.
 */
export async function startEmbedded(folder: string, log: Log): Promise<Embedded> {
  const whole = resolve(folder);
  mkdirSync(whole, { recursive: true, mode: 0o700 });
  const socketFolder = socketFolderFor(whole);
  const start: EmbeddedStart = { folder: whole, socketPath: socketPath(socketFolder) };
  const worker = new Worker(workerFile(import.meta.url, 'embedded-worker'), { workerData: start });
  const ended = new Promise<Error>(settle => {
    worker.once('error', error => settle(error));
    worker.once('exit', code => settle(new Error(`The embedded database ended (${code}).`)));
  });
  const tidyUp = () => {
    if (socketFolder !== whole) rmSync(socketFolder, { recursive: true, force: true });
  };
  const opened = await Promise.race([ended, reported(worker, 'ready')]);
  if (opened instanceof Error) {
    tidyUp();
    throw opened;
  }
  let isClosing = false;
  ended.then(error => {
    if (isClosing) return;
    log.fatal({ error: error.message }, 'the embedded database ended by itself');
    setImmediate(() => {
      throw error;
    });
  });
  const close = async () => {
    isClosing = true;
    worker.postMessage('close');
    const terminate = setTimeout(() => void worker.terminate(), CLOSE_GRACE_MS);
    await ended;
    clearTimeout(terminate);
    tidyUp();
  };
  return { address: { kind: 'embedded', socketFolder }, safety: EMBEDDED_SAFETY, close };
}

function reported(worker: Worker, report: EmbeddedReport): Promise<null> {
  return new Promise(resolve => {
    worker.on('message', (said: EmbeddedReport) => {
      if (said === report) resolve(null);
    });
  });
}

/** The data folder itself, or a private one with a shorter name when its path is too long. */
function socketFolderFor(folder: string): string {
  if (Buffer.byteLength(socketPath(folder)) <= SOCKET_PATH_BYTES_MAX) return folder;
  const shorter = mkdtempSync(join(tmpdir(), 'tradepost-'));
  if (Buffer.byteLength(socketPath(shorter)) <= SOCKET_PATH_BYTES_MAX) return shorter;
  rmSync(shorter, { recursive: true });
  throw new Error(`The paths of ${folder} and ${tmpdir()} are too long for a socket.`);
}

function socketPath(folder: string): string {
  return join(folder, `.s.PGSQL.${EMBEDDED_PORT}`);
}
