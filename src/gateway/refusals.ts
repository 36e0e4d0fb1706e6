// The bodies of the refusals that the gateway itself gives. Those without details are made once.

import type { CommandName } from '../../protocol/commands/registry.ts';
import { COMMANDS } from '../../protocol/commands/registry.ts';
import type { CommandSpec } from '../../protocol/commands/spec.ts';
import { REJECTS, type RejectBody, type RejectCode } from '../../protocol/rejects.ts';
import { NOT_ACCEPTED } from './auth.ts';
import { commandIndex } from './metrics.ts';

function plain(code: RejectCode): RejectBody {
  return Object.freeze({ code, message: REJECTS[code].meaning });
}

export const UNAUTHORIZED = plain('UNAUTHORIZED');
export const TOKEN_NOT_ACCEPTED: RejectBody = Object.freeze({
  code: 'UNAUTHORIZED',
  message: NOT_ACCEPTED,
});
export const FORBIDDEN = plain('FORBIDDEN');
export const WINDOW_NOT_FOUND = plain('WINDOW_NOT_FOUND');

/** How long a client should wait when the server is busy or going away. */
const BUSY_RETRY_MS = 1_000;

export const UNAVAILABLE: RejectBody = Object.freeze({
  ...plain('SERVICE_UNAVAILABLE'),
  retryAfterMs: BUSY_RETRY_MS,
});

export function rateLimited(
  retryAfterMs: number,
  budget: 'commands' | 'sessions' = 'commands',
): RejectBody {
  return { ...plain('RATE_LIMIT_EXCEEDED'), details: { budget }, retryAfterMs };
}

const ANSWERS_SPENT =
  'What was answered to the player was too much: too many bytes, or too long a search. Ask for ' +
  'less. retryAfterMs says when to try again.';

export function answersLimited(retryAfterMs: number): RejectBody {
  const details = { budget: 'answers' };
  return { code: 'RATE_LIMIT_EXCEEDED', message: ANSWERS_SPENT, details, retryAfterMs };
}

/** Of a socket that does not read. */
export function tooMuchUnread(limit: number): RejectBody {
  const message = `More than ${limit} bytes of answers wait to be read: read them, then go on.`;
  const details = { limit };
  return { code: 'TOO_MANY_IN_FLIGHT', message, details, retryAfterMs: BUSY_RETRY_MS };
}

export function tooManyInFlight(limit: number): RejectBody {
  return { ...plain('TOO_MANY_IN_FLIGHT'), details: { limit } };
}

export function limitReached(limit: string, max: number): RejectBody {
  return { ...plain('LIMIT_REACHED'), details: { limit, max } };
}

export function invalidRequest(path: string, message: string): RejectBody {
  return { code: 'INVALID_REQUEST', message: `${path}: ${message}`, details: { path } };
}

/** What the gateway needs to know of a command before it passes it on. */
export interface Route {
  readonly index: number;
  readonly answeredBy: CommandSpec['answeredBy'];
  readonly serviceOnly: boolean;
}

export const ROUTES: ReadonlyMap<string, Route> = new Map(
  Object.entries(COMMANDS).map(([name, spec]: [string, CommandSpec]) => [
    name,
    {
      index: commandIndex(name as CommandName),
      answeredBy: spec.answeredBy,
      serviceOnly: spec.role === 'service',
    },
  ]),
);
