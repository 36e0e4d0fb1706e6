// The `me` channel. Each player has one feed for all his sockets: an event is encoded once, and its
// previousSequence is the sequence of the event before it, for every socket alike. A snapshot is
// therefore labelled with the place in that chain at which it stands, and events that come while it
// is read are held back. The latest events are kept, so that a lost connection can be resumed.

import { ME } from '../../protocol/channels.ts';
import { encodeEvent } from '../../protocol/codec.ts';
import type { MeEvent, MeSnapshot } from '../../protocol/events.ts';
import { InvariantError } from '../base/assert.ts';
import type { SampledLog } from '../base/sampled-log.ts';
import type { Player } from './players.ts';

/** A socket that follows a feed. No method may call back into the feed. */
export interface FeedReader {
  sendPrivate(frame: Uint8Array): void;
  /** Likewise, of what its player pays for. */
  sendSnapshot(frame: Uint8Array): void;
  /** Events could not be kept for it: it has to come back and start anew. */
  overrun(): void;
}

export interface FeedBounds {
  readonly resumeEventsMax: number;
  readonly resumeBytesMax: number;
}

export type ReadSnapshot = (player: string) => Promise<{ sequence: number; data: MeSnapshot }>;

interface Sent {
  readonly sequence: number;
  readonly previousSequence: number;
  readonly frame: Uint8Array;
}

interface Unsent {
  readonly sequence: number;
  readonly event: MeEvent;
}

/** A snapshot that is being read, and what came meanwhile. */
interface Reading {
  readonly joining: FeedReader[];
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
  #sequence = UNKNOWN;
  #reading: Reading | null = null;
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
    return this.#readers.length === 0 && this.#reading === null;
  }

  /** Whether a client could go on from it later. */
  get resumable(): boolean {
    return this.#sequence !== UNKNOWN;
  }

  /** One decision. `nowMs` is monotonic. */
  publish(sequence: number, event: MeEvent, nowMs: number): void {
    const reading = this.#reading;
    if (this.#sequence === UNKNOWN) {
      reading?.unsent.push({ sequence, event });
    } else {
      const sent = this.#append(sequence, event);
      reading?.sent.push(sent);
      this.#sendAll(sent.frame, nowMs);
    }
    if (reading !== null && reading.sent.length + reading.unsent.length > HELD_MAX) {
      this.#reading = null;
      for (const reader of reading.joining) reader.overrun();
    }
  }

  /** Follows from a fresh snapshot on; also for one that follows already. */
  join(reader: FeedReader): void {
    this.#drop(reader);
    if (this.#reading !== null) this.#reading.joining.push(reader);
    else this.#startReading([reader], RETRY_MS);
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
    const readers = [...this.#readers, ...(this.#reading?.joining ?? [])];
    this.#readers.length = 0;
    this.#reading = null;
    return readers;
  }

  leave(reader: FeedReader): void {
    this.#drop(reader);
    // With nobody waiting the read is for nothing; what it holds would only grow.
    if (this.#reading?.joining.length === 0) this.#reading = null;
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
    if (this.#reading !== null) remove(this.#reading.joining, reader);
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

  #startReading(joining: FeedReader[], retryMs: number): void {
    const reading: Reading = { joining, fromSequence: this.#sequence, sent: [], unsent: [] };
    this.#reading = reading;
    this.#read(this.player.name)
      .then(snapshot => {
        if (this.#reading !== reading) return;
        // An older state than the chain has reached would be labelled as a newer one.
        if (snapshot.sequence < reading.fromSequence) this.#retryLater(reading, retryMs);
        else this.#finishReading(reading, snapshot.sequence, snapshot.data);
      })
      .catch((error: unknown) => {
        if (error instanceof InvariantError) throw error;
        const fields = () => ({ err: error, player: this.player.name });
        this.#log.warn(this.player.name, 'a private snapshot could not be read or sent', fields);
        if (this.#reading === reading) this.#retryLater(reading, retryMs);
        else for (const reader of joining) reader.overrun();
      });
  }

  #retryLater(reading: Reading, retryMs: number): void {
    const timer = setTimeout(() => {
      if (this.#reading !== reading) return;
      this.#startReading(reading.joining, Math.min(2 * retryMs, RETRY_MAX_MS));
    }, retryMs);
    timer.unref();
  }

  #finishReading(reading: Reading, sequence: number, data: MeSnapshot): void {
    this.#reading = null;
    let later: Sent[];
    let place: number;
    if (this.#sequence === UNKNOWN) {
      place = sequence;
      this.#sequence = sequence;
      later = reading.unsent
        .filter(unsent => unsent.sequence > sequence)
        .map(unsent => this.#append(unsent.sequence, unsent.event));
    } else {
      later = reading.sent.filter(sent => sent.sequence > sequence);
      place = later[0]?.previousSequence ?? this.#sequence;
    }
    const snapshot = encodeEvent(ME, this.#epoch, place, place, 'snapshot', data);
    for (const reader of reading.joining) {
      reader.sendSnapshot(snapshot);
      for (const sent of later) reader.sendPrivate(sent.frame);
      this.#readers.push(reader);
    }
  }
}

function remove(readers: FeedReader[], reader: FeedReader): void {
  const index = readers.indexOf(reader);
  if (index >= 0) readers.splice(index, 1);
}
