// The few numbers that a server needs from the start of frames of our own, undecoded. They were
// written by codec.ts, so they have its shape.

/** Bytes of the integer token at `at`, its header included. */
function integerWidth(token: number): number {
  if (token < 0x80) return 1;
  return token === 0xcc ? 2 : token === 0xcd ? 3 : token === 0xce ? 5 : 9;
}

function readInteger(frame: Uint8Array, at: number): number {
  const token = frame[at] as number;
  if (token < 0x80) return token;
  const end = at + integerWidth(token);
  let value = 0;
  for (let i = at + 1; i < end; i++) value = value * 256 + (frame[i] as number);
  return value;
}

/** Where the value after the name of a channel at `at` starts: it has less than 256 bytes. */
function afterText(frame: Uint8Array, at: number): number {
  const token = frame[at] as number;
  return token === 0xd9 ? at + 2 + (frame[at + 1] as number) : at + 1 + (token - 0xa0);
}

/** The sequence of an event frame `[channel, epoch, sequence, ...]` of ours. */
export function eventSequence(frame: Uint8Array): number {
  const epochAt = afterText(frame, 1);
  const sequenceAt = epochAt + integerWidth(frame[epochAt] as number);
  return readInteger(frame, sequenceAt);
}

/** The request id of a reply frame of ours at `start`, and where the outcome behind it is. */
export function replyId(arena: Uint8Array, start: number): { id: number; outcomeAt: number } {
  const at = start + 1;
  const outcomeAt = at + integerWidth(arena[at] as number);
  return { id: readInteger(arena, at), outcomeAt };
}

/** The number of the outcome of a reply frame `[id, outcome, body]` of ours at `start`. */
export function replyOutcome(arena: Uint8Array, start: number): number {
  return arena[start + 1 + integerWidth(arena[start + 1] as number)] as number;
}
