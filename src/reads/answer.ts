// What a read command is answered with.

import type { RejectBody, RejectCode } from '../../protocol/rejects.ts';

export interface TableAnswer {
  readonly outcome: 'ok' | 'rejected' | 'invalid' | 'unavailable';
  readonly body: Readonly<Record<string, unknown>> | RejectBody;
  /** How long the database was busy with it. */
  readonly databaseMs?: number;
}

export function ok(body: Readonly<Record<string, unknown>>): TableAnswer {
  return { outcome: 'ok', body };
}

export function rejected(
  code: RejectCode,
  message: string,
  details?: RejectBody['details'],
): TableAnswer {
  const body = details === undefined ? { code, message } : { code, message, details };
  return { outcome: 'rejected', body };
}
