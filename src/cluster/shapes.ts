// What is taken for a message: every field that this version knows, by hand, because feeds and
// replies are the hot path of a cluster. What a later version adds behind them is not looked at. A
// value that passes here can be worked with without a crash; whether it is true is a question of
// who may write to Redis. What is in a command is checked where it is executed, by its own schema.

import { PLAYER_PATTERN } from '../../protocol/fields.ts';
import { CHANNELS_PER_COMMAND_MAX } from '../../protocol/limits.ts';
import { OUTCOMES } from '../../protocol/rejects.ts';
import { type Messages, PIECE_PLAYERS_MAX, PIECES, type Tag } from './messages.ts';
import { isPossible } from './stream-id.ts';

type Unknown = { readonly [field: string]: unknown };
type Check = (value: unknown) => boolean;

const NODE_PATTERN = /^[\w.-]{1,264}$/;
/** Channels, commands: the longest name of a market and more. */
const NAME_LENGTH_MAX = 256;
const KEY_LENGTH = 36;
const SENDERS: readonly unknown[] = ['player', 'service', 'proxy'];
const COMMANDS_MAX = 4_096;
const NUMBER_MAX = 0xffff_ffff;
const LIFE_MS_MAX = 60 * 60_000;
const LIST_MAX = 1_000_000;

export function isMessage(tag: Tag, content: unknown): boolean {
  return isRecord(content) && SHAPES[tag](content);
}

const isCount: Check = value => Number.isSafeInteger(value) && (value as number) >= 0;
const isNumber: Check = value => isCount(value) && (value as number) <= NUMBER_MAX;
const isBytes: Check = value => value instanceof Uint8Array;
const isFlag: Check = value => typeof value === 'boolean';
const isName: Check = value => typeof value === 'string' && value.length <= NAME_LENGTH_MAX;
const isNode: Check = value => typeof value === 'string' && NODE_PATTERN.test(value);
const isPlayer: Check = value => typeof value === 'string' && PLAYER_PATTERN.test(value);
const isKey: Check = value =>
  value === null || (typeof value === 'string' && value.length === KEY_LENGTH);
const isLag: Check = value => Number.isFinite(value) && (value as number) >= 0;

function isRecord(value: unknown): value is Unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOf(value: unknown, check: Check, max = LIST_MAX): boolean {
  if (!Array.isArray(value) || value.length > max) return false;
  for (const one of value) if (!check(one)) return false;
  return true;
}

/** Of at least as many values as checks, each in its place. */
function tuple(...checks: readonly Check[]): Check {
  return value =>
    Array.isArray(value) &&
    value.length >= checks.length &&
    checks.every((check, index) => check(value[index]));
}

const isShare = tuple(isPlayer, isNumber);
const isPiece: Check = value => PIECES.some(piece => piece === value);
const isPieceOf = (value: unknown, check: Check) => isListOf(value, check, PIECE_PLAYERS_MAX);

const isPresence = (value: Unknown) =>
  isCount(value.count) && isPiece(value.piece) && isPieceOf(value.present, isShare);

const isSent: Check = value =>
  isRecord(value) && ('present' in value ? isPresence(value) : isCommand(value));

const isCommand = (value: Unknown) =>
  isNumber(value.n) &&
  isPlayer(value.player) &&
  isKey(value.key) &&
  SENDERS.includes(value.sender) &&
  isName(value.command) &&
  isRecord(value.payload);

const isPublished = tuple(isName, isBytes);
const isOfWindow = tuple(tuple(isPlayer, isPlayer), isCount, isBytes);
const isPrivate = tuple(isPlayer, isCount, isRecord);
const isListening = tuple(isPlayer, isFlag);

const ASKS: Readonly<Record<string, (ask: Unknown) => boolean>> = {
  snapshot: ask => isName(ask.channel),
  market: ask => isName(ask.command) && isRecord(ask.payload),
  listen: ask => isPlayer(ask.player),
  windows: ask => isPlayer(ask.player) && isListOf(ask.windows, isCount, CHANNELS_PER_COMMAND_MAX),
};

function isAsk(ask: unknown): boolean {
  if (!isRecord(ask) || typeof ask.kind !== 'string') return false;
  return Object.hasOwn(ASKS, ask.kind) && ASKS[ask.kind]?.(ask) === true;
}

const REPLY_LENGTH_MIN = 4;

/** Whether each place is a whole reply frame, as far as a node has to read it. */
function areReplies(frames: unknown, places: unknown): boolean {
  if (!(frames instanceof Uint8Array) || !Array.isArray(places)) return false;
  if (places.length % 3 !== 0) return false;
  for (let i = 0; i < places.length; i += 3) {
    const start = places[i + 1];
    const end = places[i + 2];
    if (!isNumber(places[i]) || !isCount(start) || !isCount(end)) return false;
    if (end > frames.length || end - start < REPLY_LENGTH_MIN || !isReply(frames, start, end)) {
      return false;
    }
  }
  return true;
}

const ARRAY_OF_3 = 0x93;

/** `[n, outcome, body]`: see protocol/frame-head.ts, which takes this for granted. */
function isReply(frames: Uint8Array, start: number, end: number): boolean {
  if (frames[start] !== ARRAY_OF_3) return false;
  const token = frames[start + 1] as number;
  const width = token < 0x80 ? 1 : WIDTHS[token - 0xcc];
  if (width === undefined) return false;
  const outcomeAt = start + 1 + width;
  return outcomeAt + 1 < end && (frames[outcomeAt] as number) < OUTCOMES.length;
}

/** Bytes of an unsigned integer of 8, 16 or 32 bits, its token included. */
const WIDTHS: readonly number[] = [2, 3, 5];

const SHAPES: { readonly [Name in Tag]: (content: Unknown) => boolean } = {
  commands: content =>
    isNode(content.node) &&
    isCount(content.incarnation) &&
    isCount(content.count) &&
    isCount(content.sentAtMs) &&
    isCount(content.lifeMs) &&
    (content.lifeMs as number) <= LIFE_MS_MAX &&
    isListOf(content.commands, isSent, COMMANDS_MAX) &&
    (content.commands as readonly unknown[]).length > 0,
  replies: content =>
    isCount(content.epoch) &&
    isCount(content.position) &&
    areReplies(content.frames, content.places),
  feed: content =>
    isCount(content.epoch) &&
    isCount(content.count) &&
    isCount(content.position) &&
    isNode(content.leader) &&
    (content.begin === '' || (typeof content.begin === 'string' && isPossible(content.begin))) &&
    isLag(content.lagMs) &&
    isCount(content.nowMs) &&
    isFlag(content.clockSure) &&
    isFlag(content.isTaking) &&
    isFlag(content.isReady) &&
    isFlag(content.isHeartbeat) &&
    isListOf(content.published, isPublished) &&
    isListOf(content.windows, isOfWindow) &&
    isListOf(content.ended, isCount) &&
    isListOf(content.private, isPrivate),
  question: content => isNode(content.node) && isCount(content.n) && isAsk(content.ask),
  answer: content => isCount(content.epoch) && isCount(content.n) && 'answer' in content,
  state: content =>
    isNode(content.node) &&
    isCount(content.count) &&
    isFlag(content.isBeat) &&
    isPiece(content.piece) &&
    isPieceOf(content.listening, isListening) &&
    isCount(content.presence) &&
    isFlag(content.wantsOrders) &&
    isFlag(content.isLeaving),
  orders: content =>
    isCount(content.epoch) &&
    isCount(content.membership) &&
    isCount(content.count) &&
    isCount(content.heard) &&
    isFlag(content.wantsListening) &&
    isFlag(content.wantsPresence) &&
    isPieceOf(content.shares, isShare) &&
    isFlag(content.isComplete) &&
    isPieceOf(content.kept, isShare),
} satisfies { readonly [Name in keyof Messages]: (content: Unknown) => boolean };
