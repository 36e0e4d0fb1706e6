// The leader's end of the command stream: every entry once and in order, from the offset that the
// journal stands at. Invariants: nothing is skipped in silence (a hole in the count of a node is
// told), and the ids of the stream never fall below what the journal has seen, so that an emptied
// Redis cannot make new commands look like old ones.

import type { Redis } from 'ioredis';
import type { Log } from '../base/log.ts';
import { BLOCK_MS } from './links.ts';
import { type CommandBatch, decodeMessage } from './messages.ts';
import type { CommandReader, ReceivedBatch } from './port.ts';
import { compareIds, idAfter, millisecondsOf, START } from './stream-id.ts';

export interface ReaderOptions {
  /** Blocks: nothing else may use it. */
  readonly reading: Redis;
  readonly commands: Redis;
  readonly key: string;
  readonly log: Log;
}

type Lost = { node: string; batches: number };
type Entry = [id: Buffer, fields: Buffer[]];

const ENTRIES_PER_READ = 64;
const CARE_INTERVAL_MS = 1_000;
const RETRY_MS = 100;
/** The field of an entry that only keeps the ids rising. */
const MARKER = 'm';

export class RedisCommandReader implements CommandReader {
  readonly #options: ReaderOptions;
  /** The last entry that was handed over. */
  #offset = START;
  /** Everything up to here is durable. */
  #released = START;
  #trimmed = START;
  #isStopped = false;
  #stopped: () => void = () => {};
  /** Ends every wait of the loop: a taker that is full must not hold up the end. */
  readonly #stopping = new Promise<void>(resolve => {
    this.#stopped = resolve;
  });
  #loop: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isCaring = false;
  /** The clock of Redis less our monotonic one, so that ours may be set meanwhile. */
  #clockAheadMs = 0;
  /** Of each node: the incarnation and the count of its last batch. */
  readonly #nodes = new Map<string, { incarnation: number; count: number }>();
  /** The last id that was found deleted, or cut off, though it was not read. */
  #deleted = START;
  #lost: (what: Lost) => void = () => {};

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  start(offset: string, take: (received: ReceivedBatch) => Promise<void> | null): void {
    this.#offset = offset === '' ? START : offset;
    this.#released = this.#offset;
    this.#timer = setInterval(() => void this.#care(), CARE_INTERVAL_MS);
    this.#loop = this.#read(take);
  }

  release(offset: string): void {
    this.#released = offset;
  }

  onLost(callback: (what: Lost) => void): void {
    this.#lost = callback;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopped();
    if (this.#timer !== null) clearInterval(this.#timer);
    // Ends a read that blocks.
    this.#options.reading.disconnect();
    await this.#loop;
  }

  async #read(take: (received: ReceivedBatch) => Promise<void> | null): Promise<void> {
    const { reading, key, log } = this.#options;
    await this.#care();
    await this.#opened();
    while (!this.#isStopped) {
      try {
        const streams = (await reading.xreadBuffer(
          'COUNT',
          ENTRIES_PER_READ,
          'BLOCK',
          BLOCK_MS,
          'STREAMS',
          key,
          this.#offset,
        )) as [Buffer, Entry[]][] | null;
        for (const entry of streams?.[0]?.[1] ?? []) {
          if (this.#isStopped) return;
          const waits = this.#entry(entry, take);
          if (waits !== null) await Promise.race([waits, this.#stopping]);
        }
      } catch (error) {
        if (this.#isStopped) return;
        log.warn({ error: String(error) }, 'the command stream cannot be read');
        await new Promise(resolve => setTimeout(resolve, RETRY_MS));
        await this.#care();
      }
    }
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

  #entry(
    [idBytes, fields]: Entry,
    take: (received: ReceivedBatch) => Promise<void> | null,
  ): Promise<void> | null {
    const offset = idBytes.toString('latin1');
    this.#offset = offset;
    if (fields[0]?.toString('latin1') === MARKER) return null;
    const batch = this.#batchOf(fields[1] as Buffer, offset);
    if (batch === null) return null;
    this.#follow(batch);
    const nowMs = performance.now() + this.#clockAheadMs;
    const isLate = nowMs > millisecondsOf(offset) + batch.lifeMs;
    return take({ batch, offset, isLate });
  }

  /** Null, and loud, when it is not for us to read: whoever sent it hears nothing of it. */
  #batchOf(bytes: Buffer, offset: string): CommandBatch | null {
    try {
      const message = decodeMessage(bytes);
      if (message.tag === 'commands') return message.content;
      throw new Error(`The command stream has a message "${message.tag}".`);
    } catch (error) {
      this.#options.log.error({ error: String(error), offset }, 'an entry cannot be read');
      this.#lost({ node: '', batches: 1 });
      return null;
    }
  }

  #follow({ node, incarnation, count }: CommandBatch): void {
    const known = this.#nodes.get(node);
    this.#nodes.set(node, { incarnation, count });
    if (known === undefined || known.incarnation !== incarnation) return;
    const batches = count - known.count - 1;
    if (batches > 0) this.#lost({ node, batches });
  }

  /** Learns the clock of Redis, keeps the ids rising, and takes what is durable off the stream. */
  async #care(): Promise<void> {
    if (this.#isCaring || this.#isStopped) return;
    this.#isCaring = true;
    try {
      await this.#learnClock();
      await this.#keepRising();
      await this.#trim();
    } catch (error) {
      this.#options.log.debug({ error: String(error) }, 'the command stream is out of reach');
    } finally {
      this.#isCaring = false;
    }
  }

  async #learnClock(): Promise<void> {
    const before = performance.now();
    const [seconds, microseconds] = await this.#options.commands.time();
    const redisMs = Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
    this.#clockAheadMs = redisMs - (before + performance.now()) / 2;
  }

  /** After Redis was emptied, or its clock set back: see the head of this file. */
  async #keepRising(): Promise<void> {
    const { commands, key, log } = this.#options;
    const offset = this.#offset;
    const { newest, deleted, cutOff } = await this.#state(offset);
    for (const id of [deleted, cutOff]) {
      if (compareIds(id, this.#offset) <= 0 || id === this.#deleted) continue;
      this.#deleted = id;
      this.#lost({ node: '', batches: 0 });
    }
    if (compareIds(newest, offset) >= 0) return;
    const id = idAfter(offset);
    log.error({ newest, offset }, 'the command stream was emptied: it goes on behind the journal');
    try {
      await commands.xadd(key, id, MARKER, '');
    } catch (error) {
      // Somebody added a later entry meanwhile: then the ids are above already.
      if (!String(error).includes('equal or smaller')) throw error;
    }
  }

  /**
   * The highest id ever added; the highest that XDEL took away (Redis 7; else the lowest); and up
   * to where the stream was cut off behind `offset`, whose own entry nobody here trims.
   */
  async #state(offset: string): Promise<{ newest: string; deleted: string; cutOff: string }> {
    let info: unknown[];
    try {
      info = (await this.#options.commands.xinfo('STREAM', this.#options.key)) as unknown[];
    } catch (error) {
      if (!String(error).includes('no such key')) throw error;
      return { newest: START, deleted: START, cutOff: START };
    }
    const fieldOf = (name: string) => {
      const at = info.indexOf(name);
      return at < 0 ? null : info[at + 1];
    };
    const newest = String(fieldOf('last-generated-id') ?? START);
    const first = fieldOf('first-entry') as [id: string, fields: string[]] | null;
    const isWhole =
      offset === START ||
      (first !== null && compareIds(first[0], offset) <= 0) ||
      // The stream was emptied, which was told when this was added.
      first?.[1][0] === MARKER;
    const deleted = String(fieldOf('max-deleted-entry-id') ?? START);
    return { newest, deleted, cutOff: isWhole ? START : (first?.[0] ?? newest) };
  }

  async #trim(): Promise<void> {
    const released = this.#released;
    if (compareIds(released, this.#trimmed) <= 0) return;
    // The entry at the offset itself stays, so that the stream keeps its newest id in sight.
    await this.#options.commands.xtrim(this.#options.key, 'MINID', released);
    this.#trimmed = released;
  }
}
