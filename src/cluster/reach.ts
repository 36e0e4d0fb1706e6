// Whether the Redis of a node can be used at all, asked once when the node starts. What is wrong
// with the address, the password or TLS does not mend itself, so it is said in one line, without
// the password, and the node does not start. A Redis that is lost later is an outage: it is waited
// for.

import type { Redis } from 'ioredis';
import { hostsOf } from './redis-url.ts';

/** The Redis of REDIS_URL cannot be used. The message is for the operator. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/** Long enough for a Redis that is started together with its nodes. */
export const REACH_TIMEOUT_MS = 5_000;

/** Redis has answered, and will answer the same the next time. */
const FINAL =
  /^(WRONGPASS|NOAUTH|NOPERM|ERR (invalid|AUTH)|DENIED)|without any password|self-signed/i;

const HINTS: readonly [reason: RegExp, hint: string][] = [
  [/WRONGPASS|NOAUTH|invalid (username|password)|without any password/i, 'Look at its password'],
  [/NOPERM/, 'Give its user all commands on keys and channels that begin with tradepost:'],
  [/certificate|self-signed/i, 'NODE_EXTRA_CA_CERTS names the authority of its certificate'],
  [/RESP|Protocol error/, 'What answers there is no Redis'],
];
/** A server that is spoken to in the wrong way hangs up, or waits for the rest. */
const MISUNDERSTOOD = /wrong version|packet length|EPROTO|closed|ECONNRESET|does not answer/i;
/** What follows from a reason, and says less. */
const ECHO = /^(Stream isn't writeable|Connection is closed)/;

/**
 * Resolves when `link`, whose address is `url`, is connected and may be used.
 * @throws {UnreachableError}
 */
export async function reach(link: Redis, url: string, timeoutMs = REACH_TIMEOUT_MS): Promise<void> {
  const reason = await whyNot(link, timeoutMs);
  if (reason === null) return;
  const advice = hintFor(reason, url.startsWith('rediss'));
  throw new UnreachableError(
    `REDIS_URL: the Redis at ${hostsOf(url)} cannot be used: ${withoutDot(reason)}.${advice}`,
  );
}

function hintFor(reason: string, isTls: boolean): string {
  const hint = HINTS.find(([pattern]) => pattern.test(reason))?.[1];
  if (hint !== undefined) return ` ${hint}.`;
  if (!MISUNDERSTOOD.test(reason)) return '';
  return isTls
    ? ' If it speaks no TLS, write redis for rediss.'
    : ' If it wants TLS, write rediss for redis.';
}

function withoutDot(reason: string): string {
  return reason.replace(/(\. Please report this)?\.$/, '');
}

async function whyNot(link: Redis, timeoutMs: number): Promise<string | null> {
  const reason = await connected(link, timeoutMs);
  if (reason !== null) return reason;
  try {
    await link.time();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Null when it is; else the last thing that was heard of it. */
function connected(link: Redis, timeoutMs: number): Promise<string | null> {
  if (link.status === 'ready') return Promise.resolve(null);
  return new Promise(resolve => {
    let reason = `it does not answer within ${timeoutMs / 1_000} s`;
    const end = (outcome: string | null) => {
      clearTimeout(timer);
      link.off('ready', isReady);
      link.off('error', hasFailed);
      resolve(outcome);
    };
    const isReady = () => end(null);
    const hasFailed = (error: Error) => {
      const said = error.message || String((error as NodeJS.ErrnoException).code);
      if (!ECHO.test(said)) reason = said;
      if (FINAL.test(reason)) end(reason);
    };
    const timer = setTimeout(() => end(reason), timeoutMs);
    link.on('ready', isReady);
    link.on('error', hasFailed);
  });
}
