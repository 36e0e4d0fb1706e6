// The `me` channel. Each player has one feed for all their sockets: an event is encoded once, and
// its previousSequence is the sequence of the event before it, for every socket alike. A snapshot
// is therefore labelled with the place in that chain at which it stands, and events that come while
// it is read are held back. What is too large for one frame comes in parts, each read when the one
// before it has left, and each with its place in the chain: what it shows is newer than the events
// before it, and older than those after it. The latest events are kept, so that a lost connection
// can be resumed.

import { ME } from '../../protocol/channels.ts';
import { encodeEvent } from '../../protocol/codec.ts';
import type { MeEvent } from '../../protocol/events.ts';
import { InvariantError } from '../base/assert.ts';
import type { SampledLog } from '../base/sampled-log.ts';
import type { Player } from './players.ts';
import type { PrivatePart } from './port.ts';

/** A socket that follows a feed. Only `whenReady` may call back into the feed. */
export interface FeedReader {
  sendPrivate(frame: Uint8Array): void;
  /** Sends what was asked for, which has kept the database busy for so long. */
  sendAnswer(frame: Uint8Array, databaseMs: number): void;
  /** Calls back once there is room for an answer, now or later; never when the socket is gone. */
  whenReady(goOn: () => void): void;
  /** Events could not be kept for it: it has to come back and start anew. */
  overrun(): void;
}

export interface FeedBounds {
  readonly resumeEventsMax: number;
  readonly resumeBytesMax: number;
}

export type ReadSnapshot = (player: string, from: readonly number[] | null) => Promise<PrivatePart>;

interface Sent {
  readonly sequence: number;
  readonly previousSequence: number;
  readonly frame: Uint8Array;
}

interface Unsent {
  readonly sequence: number;
  readonly event: MeEvent;
}

/** Where a part of a snapshot begins; null for the first one. */
type From = readonly number[] | null;

/** A part that is being read, and what came meanwhile. */
interface Reading {
  readonly from: From;
  readonly joining: FeedReader[];
  /** Came while it was being read: theirs must not be older than that. */
  readonly later: FeedReader[];
  /** Where the chain stood when it began. */
  readonly fromSequence: number;
  readonly sent: Sent[];
  /** Only before the first snapshot: the chain has no place to hang them on yet. */
  readonly unsent: Unsent[];
}

const UNKNOWN = -1;
/** Events held back for one snapshot. Beyond it the waiting sockets are overrun. */
const HELD_MAX = 4_096;
const RETRY_MS = 250;
const RETRY_MAX_MS = 5_000;

export class PrivateFeed {
  readonly player: Player;
  /** When its grace ends; Infinity while somebody follows it. */
  graceEndsAtMs = Number.POSITIVE_INFINITY;
  sentAtMs = 0;
  readonly #epoch: number;
  readonly #bounds: FeedBounds;
  readonly #read: ReadSnapshot;
  readonly #log: SampledLog;
  readonly #readers: FeedReader[] = [];
  /** Those that wait for room for a part, each with where it begins. */
  readonly #waiting = new Map<FeedReader, { readonly from: From }>();
  readonly #readings = new Set<Reading>();
  #sequence = UNKNOWN;
  #recent: Sent[] | null = null;
  #recentBytes = 0;

  constructor(
    player: Player,
    options: { epoch: number; bounds: FeedBounds; read: ReadSnapshot; log: SampledLog },
  ) {
    this.player = player;
    this.#epoch = options.epoch;
    this.#bounds = options.bounds;
    this.#read = options.read;
    this.#log = options.log;
  }

  /** Whether nobody follows it or waits for its snapshot. */
  get deserted(): boolean {
    return this.#readers.length + this.#waiting.size + this.#readings.size === 0;
  }

  /** Whether a client could go on from it later. */
  get resumable(): boolean {
    return this.#sequence !== UNKNOWN;
  }

  /** One decision, if it comes after what was shown. `nowMs` is monotonic. */
  publish(sequence: number, event: MeEvent, nowMs: number): void {
    if (sequence <= this.#sequence) return;
    let sent: Sent | null = null;
    if (this.#sequence !== UNKNOWN) {
      sent = this.#append(sequence, event);
      this.#sendAll(sent.frame, nowMs);
    }
    for (const reading of this.#readings) {
      if (sent === null) reading.unsent.push({ sequence, event });
      else reading.sent.push(sent);
      if (reading.sent.length + reading.unsent.length <= HELD_MAX) continue;
      this.#readings.delete(reading);
      for (const reader of waitingFor(reading)) reader.overrun();
    }
  }

  /** Follows from a fresh snapshot on; also for one that follows already. */
  join(reader: FeedReader): void {
    // It gets one anyway: asking again makes nobody read twice.
    if (this.#waiting.get(reader)?.from === null) return;
    if (this.#firstReading()?.joining.includes(reader) === true) return;
    this.#drop(reader);
    this.#await(reader, null);
  }

  /** Follows from `sequence` on: the frames that were missed, or null when they are not known. */
  resume(reader: FeedReader, epoch: number, sequence: number): readonly Uint8Array[] | null {
    if (epoch !== this.#epoch || this.#sequence === UNKNOWN) return null;
    const recent = this.#recent ?? [];
    const first =
      sequence === this.#sequence
        ? recent.length
        : recent.findIndex(sent => sent.previousSequence === sequence);
    if (first < 0) return null;
    this.#readers.push(reader);
    return recent.slice(first).map(sent => sent.frame);
  }

  /** Ends the feed: nobody hears from it any more. Returns who followed it or waited for it. */
  end(): FeedReader[] {
    const joining = [...this.#readings].flatMap(waitingFor);
    const readers = new Set([...this.#readers, ...this.#waiting.keys(), ...joining]);
    this.#readers.length = 0;
    this.#waiting.clear();
    this.#readings.clear();
    return [...readers];
  }

  leave(reader: FeedReader): void {
    this.#drop(reader);
  }

  /** Says that nothing was missed, to those who have heard nothing for a while. */
  heartbeat(nowMs: number): void {
    if (this.#sequence === UNKNOWN || this.#readers.length === 0) return;
    const at = this.#sequence;
    this.#sendAll(encodeEvent(ME, this.#epoch, at, at, 'heartbeat', null), nowMs);
  }

  #sendAll(frame: Uint8Array, nowMs: number): void {
    this.sentAtMs = nowMs;
    for (const reader of this.#readers) reader.sendPrivate(frame);
  }

  #drop(reader: FeedReader): void {
    remove(this.#readers, reader);
    this.#waiting.delete(reader);
    for (const reading of this.#readings) {
      remove(reading.joining, reader);
      remove(reading.later, reader);
      // With nobody waiting the read is for nothing; what it holds would only grow.
      if (waitingFor(reading).length === 0) this.#readings.delete(reading);
    }
  }

  #append(sequence: number, event: MeEvent): Sent {
    const previousSequence = this.#sequence;
    const frame = encodeEvent(ME, this.#epoch, sequence, previousSequence, 'event', event);
    const sent = { sequence, previousSequence, frame };
    this.#sequence = sequence;
    this.#recent ??= [];
    this.#recent.push(sent);
    this.#recentBytes += frame.length;
    const { resumeEventsMax, resumeBytesMax } = this.#bounds;
    while (this.#recent.length > resumeEventsMax || this.#recentBytes > resumeBytesMax) {
      this.#recentBytes -= (this.#recent.shift() as Sent).frame.length;
    }
    return sent;
  }

  /** Goes on with a snapshot, from its beginning or from a part on, when there is room for it. */
  #await(reader: FeedReader, from: From): void {
    const waiting = { from };
    this.#waiting.set(reader, waiting);
    reader.whenReady(() => {
      if (this.#waiting.get(reader) !== waiting) return;
      this.#waiting.delete(reader);
      // Meanwhile it has followed, if it had a part before.
      remove(this.#readers, reader);
      const first = from === null ? this.#firstReading() : null;
      if (first !== null) first.later.push(reader);
      else this.#startReading([reader], from, RETRY_MS);
    });
  }

  #firstReading(): Reading | null {
    for (const reading of this.#readings) if (reading.from === null) return reading;
    return null;
  }

  #startReading(joining: FeedReader[], from: From, retryMs: number): void {
    const fromSequence = this.#sequence;
    const reading: Reading = { from, joining, later: [], fromSequence, sent: [], unsent: [] };
    this.#readings.add(reading);
    this.#read(this.player.name, from)
      .then(part => {
        if (!this.#readings.has(reading)) return;
        // An older state than the chain has reached would be labelled as a newer one.
        if (part.sequence < reading.fromSequence) this.#retryLater(reading, retryMs);
        else this.#finishReading(reading, part);
      })
      .catch((error: unknown) => {
        if (error instanceof InvariantError) throw error;
        const fields = () => ({ err: error, player: this.player.name });
        this.#log.warn(this.player.name, 'a private snapshot could not be read or sent', fields);
        if (this.#readings.has(reading)) this.#retryLater(reading, retryMs);
        else for (const reader of waitingFor(reading)) reader.overrun();
      });
  }

  #retryLater(reading: Reading, retryMs: number): void {
    const timer = setTimeout(() => {
      if (!this.#readings.delete(reading)) return;
      const { from, joining, sent } = reading;
      // A snapshot will have in it what came meanwhile, a part will not.
      if (from !== null) sendFrames(joining, sent);
      this.#startReading(waitingFor(reading), from, Math.min(2 * retryMs, RETRY_MAX_MS));
    }, retryMs);
    timer.unref();
  }

  #finishReading(reading: Reading, { sequence, data, next, databaseMs }: PrivatePart): void {
    this.#readings.delete(reading);
    const { from, joining } = reading;
    let later = reading.sent.filter(sent => sent.sequence > sequence);
    const sentBefore = reading.sent.length - later.length;
    let place = later[0]?.previousSequence ?? this.#sequence;
    if (this.#sequence === UNKNOWN) {
      place = sequence;
      this.#sequence = sequence;
      later = reading.unsent
        .filter(unsent => unsent.sequence > sequence)
        .map(unsent => this.#append(unsent.sequence, unsent.event));
    }
    const kind = from === null ? 'snapshot' : 'part';
    const frame = encodeEvent(ME, this.#epoch, place, place, kind, data);
    if (from !== null) sendFrames(joining, reading.sent.slice(0, sentBefore));
    const costMs = databaseMs / joining.length;
    for (const reader of joining) reader.sendAnswer(frame, costMs);
    sendFrames(joining, later);
    this.#readers.push(...joining);
    if (next !== null) for (const reader of [...joining]) this.#await(reader, next);
    if (reading.later.length > 0) this.#startReading(reading.later, null, RETRY_MS);
  }
}

function waitingFor(reading: Reading): FeedReader[] {
  return [...reading.joining, ...reading.later];
}

function sendFrames(readers: readonly FeedReader[], frames: readonly Sent[]): void {
  for (const reader of readers) for (const { frame } of frames) reader.sendPrivate(frame);
}

function remove(readers: FeedReader[], reader: FeedReader): void {
  const index = readers.indexOf(reader);
  if (index >= 0) readers.splice(index, 1);
}
