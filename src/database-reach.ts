// Whether the Postgres of a process that starts is there. One that is away for now (started
// together with us, restarting, behind a cut line) is waited for, as long as the operator wants; a
// wrong password, a database that there is not, anything that does not mend itself is not.

import type { Log } from './base/log.ts';
import { connect, type Database, discard } from './database/connection.ts';
import { BackOff } from './journal/back-off.ts';

/** Postgres was not there in time. The message is for the operator. */
export class DatabaseAwayError extends Error {
  override readonly name = 'DatabaseAwayError';
}

const CONNECTION = { name: 'start', statementTimeoutMs: 5_000 };
const BACK_OFF_MIN_MS = 100;
const BACK_OFF_MAX_MS = 3_000;
const SAY_AGAIN_MS = 10_000;

/** What the line says, from the resolver to a server that hangs up. */
const CUT = [
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH'],
  ...['ENETUNREACH', 'ENETDOWN', 'EHOSTDOWN', 'ENOTFOUND', 'EAI_AGAIN'],
];
/** What the driver says without a code. */
const CUT_TEXT = /timeout|terminated unexpectedly|connection terminated/i;
/** Starting, stopping, or full for the moment; and all of the class of connections. */
const NOT_NOW = ['57P01', '57P02', '57P03', '53300'];
const CONNECTION_CLASS = /^08\w{3}$/;

/** Whether the database may answer something else in a while. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  if (code === '') return CUT_TEXT.test(error.message);
  // The socket of a server that does not run; but not a certificate that is not where it should be.
  if (code === 'ENOENT') return 'syscall' in error && error.syscall === 'connect';
  return CUT.includes(code) || NOT_NOW.includes(code) || CONNECTION_CLASS.test(code);
}

/**
 * Resolves once a connection was answered.
 * @param where the address, as it may be shown.
 * @throws {DatabaseAwayError} when nobody answers within `waitMs`; at once what cannot change.
 */
export async function reachDatabase(
  database: Database,
  { where, waitMs, log }: { readonly where: string; readonly waitMs: number; readonly log: Log },
): Promise<void> {
  const backOff = new BackOff(BACK_OFF_MIN_MS, BACK_OFF_MAX_MS);
  const beganMs = performance.now();
  let saidMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    try {
      discard(await connect(database, CONNECTION, () => {}));
      if (saidMs > 0) log.info(`${where} is there`);
      return;
    } catch (error) {
      if (!isAway(error)) throw error;
      const nowMs = performance.now();
      const leftMs = waitMs - (nowMs - beganMs);
      if (leftMs <= 0) throw tooLate(where, waitMs, error);
      if (nowMs - saidMs >= SAY_AGAIN_MS) {
        const seconds = Math.ceil(leftMs / 1_000);
        log.warn(`${where} is away (${reasonOf(error)}). Waiting for ${seconds} s at most`);
        saidMs = nowMs;
      }
    }
    await backOff.wait();
  }
}

function tooLate(where: string, waitMs: number, error: unknown): DatabaseAwayError {
  const waited = waitMs === 0 ? '' : ` START_WAIT_MS=${waitMs}: it was waited for.`;
  return new DatabaseAwayError(`${where} is away: ${reasonOf(error)}.${waited}`);
}

/** An address with several numbers fails without a message, but with a code. */
function reasonOf(error: unknown): string {
  const { message, code } = error as Error & { readonly code?: string };
  return message === '' ? String(code) : message;
}
