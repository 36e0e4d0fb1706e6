// keys.get: what became of a command that was sent with an idempotency key.

import { z } from 'zod';
import { idempotencyKey } from '../fields.ts';
import type { CommandSpec } from './spec.ts';

export const keyCommands = {
  /**
   * 'decided': the first answer, as the command's own reply had it. 'free': no command with this
   * key was decided before this question was sequenced. 'expired': it is too old to say, and no
   * command is executed with it any more. Prefer to send the command itself again.
   */
  'keys.get': {
    answeredBy: 'engine',
    payload: z.strictObject({ key: idempotencyKey }),
    result: z.union([
      z.strictObject({ status: z.literal('free') }),
      z.strictObject({ status: z.literal('expired') }),
      z.strictObject({
        status: z.literal('decided'),
        outcome: z.enum(['ok', 'rejected']),
        body: z.record(z.string(), z.json()),
      }),
    ]),
  },
} as const satisfies Record<string, CommandSpec>;
