// What becomes of an exception: it is a bug of ours that costs the socket it happened at, is logged
// and counted, and leaves everybody else alone. A broken invariant is let through and ends the
// process, since nothing can be trusted after it.

import { InvariantError } from '../base/assert.ts';
import type { GatewayContext } from './context.ts';
import type { Session } from './session.ts';

/** Logs and counts an exception and cuts its socket, when it has one. Rethrows InvariantError. */
export function contain(context: GatewayContext, error: unknown, session: Session | null): void {
  if (error instanceof InvariantError) throw error;
  context.metrics.callbackErrors.inc();
  context.log.error(session?.who ?? '', 'a bug in the gateway or its realm', () => ({
    err: error,
  }));
  session?.abort();
}
