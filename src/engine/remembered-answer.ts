// What is kept of an answer under its key. What was accepted is kept whole. A rejection is kept
// whole when it is short; of a longer one its code and message are, without the details: they say
// how the world was, which can be as much as the table of a window, and whoever asks looks anew.

import { REJECTION_BYTES_MAX } from '../../protocol/limits.ts';
import { FrameWriter } from '../../protocol/msgpack-writer.ts';
import type { RejectBody } from '../../protocol/rejects.ts';
import type { Decision } from './decision.ts';
import type { ReplyBody } from './entry.ts';

const MESSAGE_UNITS_MAX = 60;

const writer = new FrameWriter(4 * 1024);

/** The very body of the decision when nothing of it is left out. */
export function rememberedBody(decision: Decision): ReplyBody {
  const body = decision.body as unknown as ReplyBody;
  if (decision.ok || isShort(body)) return body;
  const { code, message } = decision.body;
  const whole: RejectBody = { code, message };
  const short = isShort(whole) ? whole : { code, message: message.slice(0, MESSAGE_UNITS_MAX) };
  return short as unknown as ReplyBody;
}

function isShort(body: object): boolean {
  writer.reset();
  writer.value(body);
  return writer.length <= REJECTION_BYTES_MAX;
}
