// What a command is, apart from its schemas: who answers it and who may send it.

import type { z } from 'zod';

export interface CommandSpec {
  /**
   * 'session': answered by the gateway itself; 'engine': sequenced, decided by the engine and
   * durable before it is answered; 'read': answered from the tables, after they have caught up with
   * everything that anybody was shown before.
   */
  readonly answeredBy: 'session' | 'engine' | 'read';
  /** Roles that may send it; everybody when absent. */
  readonly role?: 'service';
  readonly payload: z.ZodType;
  /** Where `payload` is a union: the one member that is meant, so that an issue names its field. */
  readonly branch?: (fields: object) => z.ZodType;
  readonly result: z.ZodType;
}
