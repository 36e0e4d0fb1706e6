// The leader's end of the command stream: every entry once and in order, from the offset that the
// journal stands at. Invariants: nothing is skipped in silence (a hole in the count of a node is
// told), an entry that is no batch of this realm, or that came before, is passed and holds up
// nothing; the ids of the stream never fall below what the journal has seen, so that an emptied
// Redis cannot make new commands look like old ones; and no id that no clock has given gets that
// far. How the stream itself is kept in order stands in stream-care.ts.

import type { Redis } from 'ioredis';
import { Breath } from '../base/breath.ts';
import type { Log } from '../base/log.ts';
import type { Envelope } from './envelope.ts';
import { BLOCK_MS } from './links.ts';
import type { CommandBatch } from './messages.ts';
import { NodeCounts } from './node-counts.ts';
import type { CommandReader, ReceivedBatch } from './port.ts';
import { RedisClock } from './redis-clock.ts';
import { type Refused, RefusedError } from './refused.ts';
import { MARKER, StreamCare } from './stream-care.ts';
import { millisecondsOf } from './stream-id.ts';

export interface ReaderOptions {
  /** Blocks: nothing else may use it. */
  readonly reading: Redis;
  readonly commands: Redis;
  readonly key: string;
  readonly envelope: Envelope;
  readonly refused: Refused;
  readonly log: Log;
}

type Take = (received: ReceivedBatch) => Promise<void> | null;
type Lost = { node: string; batches: number };
type Entry = [id: Buffer, fields: Buffer[]];

const ENTRIES_PER_READ = 64;
const CARE_INTERVAL_MS = 1_000;
const RETRY_MS = 100;
/**
 * An entry that took longer into the stream was given up by its sender, or was put there again by
 * somebody else: nobody is told that it was not executed, for it may have been.
 */
const TRANSIT_MAX_MS = 2_500;
/** By how much ids may be ahead of the clock, and still tell when an entry came. */
const AHEAD_MS = 1_000;

export class RedisCommandReader implements CommandReader {
  readonly #options: ReaderOptions;
  readonly #clock: RedisClock;
  readonly #care: StreamCare;
  readonly #counts = new NodeCounts();
  #isStopped = false;
  #stopped: () => void = () => {};
  /** Ends every wait of the loop: a taker that is full must not hold up the end. */
  readonly #stopping = new Promise<void>(resolve => {
    this.#stopped = resolve;
  });
  #loop: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #lost: (what: Lost) => void = () => {};

  constructor(options: ReaderOptions) {
    this.#options = options;
    const { commands, key, refused, log } = options;
    this.#clock = new RedisClock(commands);
    const lost = () => this.#lost({ node: '', batches: 0 });
    this.#care = new StreamCare({ commands, key, clock: this.#clock, refused, log, lost });
  }

  start(offset: string, take: Take): void {
    this.#care.begin(offset);
    this.#timer = setInterval(() => void this.#care.look(), CARE_INTERVAL_MS);
    this.#loop = this.#read(take);
  }

  release(offset: string): void {
    this.#care.released = offset;
  }

  onLost(callback: (what: Lost) => void): void {
    this.#lost = callback;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#care.end();
    this.#stopped();
    if (this.#timer !== null) clearInterval(this.#timer);
    // Ends a read that blocks.
    this.#options.reading.disconnect();
    await this.#loop;
  }

  async #read(take: Take): Promise<void> {
    const { log } = this.#options;
    await this.#care.look();
    await this.#opened();
    while (!this.#isStopped) {
      try {
        await this.#care.mend();
        const breath = new Breath();
        for (const [idBytes, fields] of await this.#next()) {
          if (this.#isStopped) return;
          const id = idBytes.toString('latin1');
          if (!this.#care.believes(id)) {
            await this.#care.doubt(id);
            break;
          }
          const waits = this.#entry(id, fields, take);
          if (waits !== null) await Promise.race([waits, this.#stopping]);
          // What has piled up is taken in slices: the lease, the feed and the pages wait too.
          if (breath.isDue) await breath.take();
        }
      } catch (error) {
        if (this.#isStopped) return;
        log.warn({ error: String(error) }, 'the command stream cannot be read');
        await new Promise(resolve => setTimeout(resolve, RETRY_MS));
        await this.#care.look();
      }
    }
  }

  async #next(): Promise<readonly Entry[]> {
    const { reading, key } = this.#options;
    const streams = (await reading.xreadBuffer(
      'COUNT',
      ENTRIES_PER_READ,
      'BLOCK',
      BLOCK_MS,
      'STREAMS',
      key,
      this.#care.offset,
    )) as [Buffer, Entry[]][] | null;
    return streams?.[0]?.[1] ?? [];
  }

  /** Resolves when the reading connection is up for the first time, or has failed to be. */
  async #opened(): Promise<void> {
    const { reading } = this.#options;
    if (reading.status === 'ready') return;
    const isDecided = new Promise<void>(resolve => {
      reading.once('ready', resolve);
      reading.once('close', resolve);
    });
    await Promise.race([isDecided, this.#stopping]);
  }

  #entry(offset: string, fields: readonly Buffer[], take: Take): Promise<void> | null {
    this.#care.offset = offset;
    const nowMs = this.#clock.nowMs() as number;
    const batch = this.#batchOf(fields, offset, nowMs);
    const isLate = batch !== null && Math.abs(nowMs - batch.sentAtMs) > batch.lifeMs;
    return take({ batch, offset, isLate });
  }

  /** Null, and aloud, when it is not to be executed: whoever sent it hears nothing of it. */
  #batchOf(fields: readonly Buffer[], offset: string, nowMs: number): CommandBatch | null {
    if (fields[0]?.toString('latin1') === MARKER) return null;
    const { envelope, refused, key } = this.#options;
    try {
      const message = envelope.open(key, fields[1] ?? Buffer.alloc(0));
      if (message?.tag !== 'commands') {
        throw new RefusedError('malformed', 'It is no batch of commands.');
      }
      const batch = message.content;
      this.#assertFirst(batch, offset, nowMs);
      return batch;
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      refused.note(error.refusal, offset, error);
      if (error.refusal !== 'repeated') this.#lost({ node: '', batches: 1 });
      return null;
    }
  }

  /**
   * @throws {RefusedError} when an entry came before, or may have. Tells what is missing before.
   */
  #assertFirst(batch: CommandBatch, offset: string, nowMs: number): void {
    const { node, sentAtMs } = batch;
    const missing = this.#counts.take(batch);
    if (missing < 0) throw new RefusedError('repeated', `A batch of ${node} came again.`);
    if (missing > 0) this.#lost({ node, batches: missing });
    const enteredAtMs = millisecondsOf(offset);
    const isKnown = enteredAtMs <= nowMs + AHEAD_MS;
    if (isKnown && enteredAtMs - sentAtMs > TRANSIT_MAX_MS) {
      throw new RefusedError('repeated', `A batch of ${node} came long after it was sent.`);
    }
  }
}
