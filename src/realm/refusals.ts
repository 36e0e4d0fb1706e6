// What the pipeline answers when it cannot take a command, or cannot say what became of it.

import type { RejectBody } from '../../protocol/rejects.ts';

const RETRY_AFTER_MS = 1_000;

export const OVERLOADED: RejectBody = Object.freeze({
  code: 'SERVICE_UNAVAILABLE',
  message: 'The realm has too much waiting for its journal. Nothing was executed.',
  retryAfterMs: RETRY_AFTER_MS,
});

export const STOPPED: RejectBody = Object.freeze({
  code: 'SERVICE_UNAVAILABLE',
  message: 'The realm takes no more commands here. Nothing was executed.',
  retryAfterMs: RETRY_AFTER_MS,
});

export const UNSURE: RejectBody = Object.freeze({
  code: 'SERVICE_UNAVAILABLE',
  message: 'The clock of the server jumped ahead, which is being checked. Nothing was executed.',
  retryAfterMs: RETRY_AFTER_MS,
});

export const KEY_UNKNOWN: RejectBody = Object.freeze({
  code: 'SERVICE_UNAVAILABLE',
  message: 'The tables cannot say now whether the key was used. Nothing was executed.',
  retryAfterMs: RETRY_AFTER_MS,
});

export const LATE: RejectBody = Object.freeze({
  code: 'OUTCOME_UNKNOWN',
  message: 'Sequenced, but not yet durable. Send it again with the same key.',
});
