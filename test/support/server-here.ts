// A server in the process of the tests, for looking into its engine. It is stopped when its test is
// over. What only shows in a process of its own is tested with server-process.ts.

import { onTestFinished } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import type { Config } from '../../src/config.ts';
import { type Server, startServer } from '../../src/server.ts';

/** A server in this process; it is stopped when the test is over. */
export async function startHere(config: Config, failed = unexpected): Promise<Server> {
  const server = await startServer({ config, log: createLog(config.logLevel), failed });
  let stopping: Promise<void> | null = null;
  const stop = () => {
    stopping ??= server.stop();
    return stopping;
  };
  onTestFinished(stop);
  return { ...server, stop };
}

function unexpected(message: string): void {
  throw new Error(`The server failed: ${message}`);
}
