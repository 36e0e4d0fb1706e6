// Bytes <-> typed frames: the only place that knows the shape of frames. Requests are decoded
// strictly (scan, then unpack, then the schema of the command) and never throw; what is encoded is
// ours and is trusted to fit its schema. README.md of this folder has the same in prose.

import { Unpackr } from 'msgpackr/unpack';
import type { z } from 'zod';
import { COMMANDS, type CommandName, type Payload } from './commands/registry.ts';
import type { Budget } from './commands/session.ts';
import type { CommandSpec } from './commands/spec.ts';
import type { EventKind } from './events.ts';
import { EVENT_KINDS } from './events.ts';
import { PLAYER_PATTERN } from './fields.ts';
import { KEY_PATTERN } from './key.ts';
import { FRAME_VALUES_MAX, REQUEST_ID_MAX, SERVER_FRAME_DEPTH_MAX } from './limits.ts';
import { FrameWriter } from './msgpack-writer.ts';
import { OUTCOMES, type Outcome, REJECTS } from './rejects.ts';
import { scan } from './scan.ts';

/** `[id, command, payload, key?, player?]` of one command. */
export interface RequestOf<Name extends CommandName> {
  readonly ok: true;
  readonly id: number;
  readonly command: Name;
  /** As its schema has it, fields in the order of the schema. */
  readonly payload: Payload<Name>;
  /** The idempotency key, or null. */
  readonly key: string | null;
  /** The player that the service role acts for, or null: the one of the session. */
  readonly player: string | null;
}

export type Request = { [Name in CommandName]: RequestOf<Name> }[CommandName];

/** A frame that is no request, and what to say about it. */
export interface FrameError {
  readonly ok: false;
  /** Null when the frame had none that could be read. */
  readonly id: number | null;
  /** Null when the frame names no known command. */
  readonly command: CommandName | null;
  readonly code: 'MALFORMED_FRAME' | 'UNKNOWN_COMMAND' | 'INVALID_REQUEST';
  readonly message: string;
  /** The first field at fault: `payload.price`, `key`, `player`. Null but for INVALID_REQUEST. */
  readonly path: string | null;
}

export interface Reply {
  readonly type: 'reply';
  /** Null when it answers a frame whose id could not be read. */
  readonly id: number | null;
  readonly outcome: Outcome;
  readonly body: Readonly<Record<string, unknown>>;
  /** Left out unless the session asked for it. */
  readonly budget?: Budget;
}

export interface ServerEvent {
  readonly type: 'event';
  readonly channel: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly previousSequence: number;
  readonly kind: EventKind;
  readonly data: unknown;
}

// The scan has refused what these options would mishandle: 'number' is exact within +-(2^53 - 1).
const unpackr = new Unpackr({
  useRecords: false,
  mapsAsObjects: true,
  structuredClone: false,
  int64AsType: 'number',
});

const REQUEST_LENGTH_MIN = 3;
const REQUEST_LENGTH_MAX = 5;

const specs: ReadonlyMap<string, CommandSpec> = new Map(Object.entries(COMMANDS));
const outcomeNumbers: ReadonlyMap<Outcome, number> = new Map(OUTCOMES.map((name, i) => [name, i]));

/** Decodes and validates a command frame. Never throws; the frame may be reused afterwards. */
export function decodeRequest(frame: Uint8Array): Request | FrameError {
  const fault = scan(frame, FRAME_VALUES_MAX);
  if (fault !== null) return malformed(readId(frame), `The frame has ${fault}.`);
  const elements: unknown = unpackr.unpack(frame);
  if (!Array.isArray(elements)) return NOT_AN_ARRAY;
  const id: unknown = elements[0];
  if (!isRequestId(id)) return NO_ID;
  if (elements.length < REQUEST_LENGTH_MIN || elements.length > REQUEST_LENGTH_MAX) {
    return malformed(id, 'A request is [id, command, payload, key?, player?].');
  }
  const command: unknown = elements[1];
  if (typeof command !== 'string') return malformed(id, 'The command is no string.');
  const spec = specs.get(command);
  if (spec === undefined) return unknownCommand(id);
  return validate(id, command as CommandName, spec, elements);
}

function validate(
  id: number,
  command: CommandName,
  spec: CommandSpec,
  elements: readonly unknown[],
): Request | FrameError {
  const fields = elements[2];
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    return invalid(id, command, 'payload', 'expected a map');
  }
  const key = elements[3] ?? null;
  if (key !== null && !(typeof key === 'string' && KEY_PATTERN.test(key))) {
    return invalid(id, command, 'key', 'expected a UUIDv7 in lower case');
  }
  const player = elements[4] ?? null;
  if (player !== null && !(typeof player === 'string' && PLAYER_PATTERN.test(player))) {
    return invalid(id, command, 'player', 'expected the name of a player');
  }
  const schema = spec.branch === undefined ? spec.payload : spec.branch(fields);
  const parsed = schema.safeParse(fields);
  if (!parsed.success) {
    const issue = parsed.error.issues[0] as z.core.$ZodIssue;
    return invalid(id, command, issuePath(issue), issue.message);
  }
  // The schema was the one of this command, so the types belong together.
  return { ok: true, id, command, payload: parsed.data, key, player } as Request;
}

/** The frame of a reply, appended to `writer`. Returns where in the arena its body starts. */
export function writeReply(
  writer: FrameWriter,
  id: number,
  outcome: Outcome,
  body: object,
): number {
  writeReplyHead(writer, id, outcome);
  const bodyStart = writer.length;
  writer.value(body);
  return bodyStart;
}

/** All of a reply but its body, which must follow: one value. */
export function writeReplyHead(writer: FrameWriter, id: number, outcome: Outcome): void {
  writer.arrayHeader(3);
  writer.integer(id);
  writer.integer(outcomeNumbers.get(outcome) as number);
}

const scratch = new FrameWriter();

/** The frame of an event in bytes of its own; `into` lends the arena it is put together in. */
export function encodeEvent(
  channel: string,
  epoch: number,
  sequence: number,
  previousSequence: number,
  kind: EventKind,
  data: unknown,
  into: FrameWriter = scratch,
): Uint8Array {
  into.reset();
  into.arrayHeader(6);
  into.text(channel);
  into.integer(epoch);
  into.integer(sequence);
  into.integer(previousSequence);
  into.text(kind);
  into.value(data);
  return into.copy();
}

/** The frame of a reply in bytes of its own. Id null: to a frame whose id could not be read. */
export function encodeReply(id: number | null, outcome: Outcome, body: object): Uint8Array {
  if (id === null) return encode([null, outcomeNumbers.get(outcome) as number, body]);
  scratch.reset();
  writeReply(scratch, id, outcome, body);
  return scratch.copy();
}

/** The frame of a request. `key` and `player` are left out when there are none. */
export function encodeRequest<Name extends CommandName>(
  id: number,
  command: Name,
  payload: Payload<Name>,
  more: { readonly key?: string | null; readonly player?: string | null } = {},
): Uint8Array {
  const key = more.key ?? null;
  const player = more.player ?? null;
  scratch.reset();
  scratch.arrayHeader(player !== null ? 5 : key !== null ? 4 : 3);
  scratch.integer(id);
  scratch.text(command);
  scratch.value(payload);
  if (key !== null || player !== null) scratch.value(key);
  if (player !== null) scratch.text(player);
  return scratch.copy();
}

/** Any value of the wire in bytes of its own. */
export function encode(value: unknown): Uint8Array {
  scratch.reset();
  scratch.value(value);
  return scratch.copy();
}

/** What {@link encode} wrote. For bytes of our own only: nothing is scanned. */
export function decode(bytes: Uint8Array): unknown {
  return unpackr.unpack(bytes);
}

const REPLY_WITH_BUDGET = 0x94;

/** A copy of a reply frame with the remaining budget as its fourth element. */
export function withBudget(frame: Uint8Array, budget: Budget): Uint8Array {
  const tail = encode(budget);
  const longer = new Uint8Array(frame.length + tail.length);
  longer.set(frame);
  longer.set(tail, frame.length);
  longer[0] = REPLY_WITH_BUDGET;
  return longer;
}

/** For clients: a reply or an event, or null when the frame is neither. Never throws. */
export function decodeServerFrame(frame: Uint8Array): Reply | ServerEvent | null {
  const fault = scan(frame, Number.MAX_SAFE_INTEGER, SERVER_FRAME_DEPTH_MAX);
  if (fault !== null) return null;
  const elements: unknown = unpackr.unpack(frame);
  if (!Array.isArray(elements)) return null;
  return typeof elements[0] === 'string' ? asEvent(elements) : asReply(elements);
}

function asReply(elements: readonly unknown[]): Reply | null {
  const [id, number, body, budget] = elements;
  const outcome = typeof number === 'number' ? OUTCOMES[number] : undefined;
  if ((id !== null && !isRequestId(id)) || outcome === undefined) return null;
  if (typeof body !== 'object' || body === null) return null;
  const reply = { type: 'reply' as const, id, outcome, body: body as Record<string, unknown> };
  return elements.length < 4 ? reply : { ...reply, budget: budget as Budget };
}

function asEvent(elements: readonly unknown[]): ServerEvent | null {
  const [channel, epoch, sequence, previousSequence, name, data] = elements;
  const kind = EVENT_KINDS.find(known => known === name);
  if (kind === undefined || elements.length !== 6 || typeof channel !== 'string') return null;
  if (typeof epoch !== 'number' || typeof sequence !== 'number') return null;
  if (typeof previousSequence !== 'number') return null;
  return { type: 'event', channel, epoch, sequence, previousSequence, kind, data };
}

function isRequestId(id: unknown): id is number {
  return typeof id === 'number' && id >= 0 && id <= REQUEST_ID_MAX;
}

/** The id of a frame that is broken further on, so that the reply can name it; else null. */
function readId(frame: Uint8Array): number | null {
  const header = frame[0] ?? 0;
  const start =
    header >= 0x91 && header <= 0x9f ? 1 : header === 0xdc ? 3 : header === 0xdd ? 5 : 0;
  const token = frame[start];
  if (start === 0 || token === undefined) return null;
  if (token < 0x80) return token;
  if (token < 0xcc || token > 0xce) return null;
  const width = 1 << (token - 0xcc);
  if (frame.length < start + 1 + width) return null;
  let id = 0;
  for (let i = 1; i <= width; i++) id = id * 256 + (frame[start + i] as number);
  return id;
}

function malformed(id: number | null, message: string): FrameError {
  return { ok: false, id, command: null, code: 'MALFORMED_FRAME', message, path: null };
}

const NOT_AN_ARRAY = Object.freeze(malformed(null, 'The frame is no array.'));
const NO_ID = Object.freeze(malformed(null, 'The request id is no unsigned 32-bit integer.'));

function unknownCommand(id: number): FrameError {
  const message = REJECTS.UNKNOWN_COMMAND.meaning;
  return { ok: false, id, command: null, code: 'UNKNOWN_COMMAND', message, path: null };
}

function invalid(id: number, command: CommandName, path: string, problem: string): FrameError {
  const message = `${path}: ${problem}`;
  return { ok: false, id, command, code: 'INVALID_REQUEST', message, path };
}

const PATH_PART = /^[\w.-]{1,64}$/;

/** Where the issue is. Of an unknown field the name is shown only when it is a plain one. */
function issuePath(issue: z.core.$ZodIssue): string {
  const parts = ['payload', ...issue.path];
  if (issue.code === 'unrecognized_keys') parts.push(issue.keys[0] as string);
  return parts.filter(part => PATH_PART.test(String(part))).join('.');
}
