// The few numbers that the gateway needs from the start of frames, without decoding them: of our
// own replies and events (which we wrote, so they have their shape), and the command that a
// well-formed but invalid request names.

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

/** Where the value after the short string at `at` starts; -1 when there is no short string. */
function afterText(frame: Uint8Array, at: number): number {
  const token = frame[at] as number;
  if (token >= 0xa0 && token < 0xc0) return at + 1 + (token - 0xa0);
  return token === 0xd9 ? at + 2 + (frame[at + 1] as number) : -1;
}

/** The sequence of an event frame `[channel, epoch, sequence, ...]` of ours. */
export function eventSequence(frame: Uint8Array): number {
  const epochAt = afterText(frame, 1);
  const sequenceAt = epochAt + integerWidth(frame[epochAt] as number);
  return readInteger(frame, sequenceAt);
}

/** The number of the outcome of a reply frame `[id, outcome, body]` of ours at `start`. */
export function replyOutcome(arena: Uint8Array, start: number): number {
  return arena[start + 1 + integerWidth(arena[start + 1] as number)] as number;
}

/** The command that a scanned request `[id, command, ...]` names, or null. */
export function namedCommand(frame: Uint8Array): string | null {
  const header = frame[0] as number;
  const idAt = header === 0xdc ? 3 : header === 0xdd ? 5 : 1;
  const token = frame[idAt] as number;
  // An id may come in any width of integer, the signed ones included.
  const width = token >= 0xd0 && token <= 0xd3 ? 1 + 2 ** (token - 0xd0) : integerWidth(token);
  const end = afterText(frame, idAt + width);
  if (end < 0 || end > frame.length) return null;
  const start = idAt + width + (frame[idAt + width] === 0xd9 ? 2 : 1);
  return Buffer.from(frame.buffer, frame.byteOffset + start, end - start).toString('latin1');
}
