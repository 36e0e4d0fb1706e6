// Whether the Redis of a node can be used at all, asked once when the node starts. One that is away
// is waited for, as long as the operator wants. What is wrong with the password or the rights does
// not mend itself, so it is said in one line, without the password, and the node does not start. A
// Redis that is lost later is an outage: it is waited for.

import type { Redis } from 'ioredis';
import type { Log } from '../base/log.ts';
import { hostsOf } from './redis-url.ts';

/** The Redis of REDIS_URL cannot be used. The message is for the operator. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/** Long enough for a Redis that is slow: nobody should wait for less. */
export const REACH_MIN_MS = 5_000;
/** A Redis that is waited for is spoken of after a moment, and again after so long. */
const SAY_MS = 1_000;
const SAY_AGAIN_MS = 10_000;

export interface ReachOptions {
  readonly waitMs: number;
  readonly log: Log;
}

/** Redis has answered, and will answer the same the next time. */
const REFUSED = /^(WRONGPASS|NOAUTH|NOPERM|ERR (invalid|AUTH)|DENIED)|without any password/i;
/** Something else answers, or in another way. */
const ANOTHER = /self-signed|RESP type|wrong version number|packet length/i;

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
export async function reach(link: Redis, url: string, options: ReachOptions): Promise<void> {
  const reason = await whyNot(link, url, options);
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

async function whyNot(link: Redis, url: string, options: ReachOptions): Promise<string | null> {
  const reason = await connected(link, url, options);
  if (reason !== null) return reason;
  try {
    await link.time();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Null when it is; else the last thing that was heard of it. */
function connected(link: Redis, url: string, options: ReachOptions): Promise<string | null> {
  if (link.status === 'ready') return Promise.resolve(null);
  const { waitMs, log } = options;
  const endsAtMs = performance.now() + waitMs;
  return new Promise(resolve => {
    let reason = `it does not answer within ${waitMs / 1_000} s`;
    const say = () => {
      const seconds = Math.ceil((endsAtMs - performance.now()) / 1_000);
      log.warn(`Redis at ${hostsOf(url)} is away (${reason}). Waiting for ${seconds} s at most`);
      saying = setTimeout(say, SAY_AGAIN_MS);
    };
    let saying = setTimeout(say, SAY_MS);
    const end = (outcome: string | null) => {
      clearTimeout(timer);
      clearTimeout(saying);
      link.off('ready', isReady);
      link.off('error', hasFailed);
      resolve(outcome);
    };
    const isReady = () => end(null);
    const hasFailed = (error: Error) => {
      const said = error.message || String((error as NodeJS.ErrnoException).code);
      if (!ECHO.test(said)) reason = said;
      if (REFUSED.test(reason) || ANOTHER.test(reason)) end(reason);
    };
    const timer = setTimeout(() => end(reason), waitMs);
    link.on('ready', isReady);
    link.on('error', hasFailed);
  });
}
