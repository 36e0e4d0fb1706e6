// What a command came to, before it is known whether a key remembers it.

import type { RejectBody, RejectCode } from '../../protocol/rejects.ts';
import type { ReplyBody } from './entry.ts';

export type Decision =
  | { readonly ok: true; readonly body: ReplyBody }
  | { readonly ok: false; readonly body: RejectBody };

export function accept(body: ReplyBody): Decision {
  return { ok: true, body };
}

export function reject(
  code: RejectCode,
  message: string,
  details?: RejectBody['details'],
): Decision {
  return {
    ok: false,
    body: details === undefined ? { code, message } : { code, message, details },
  };
}
