// The gateway's end of the command stream: what is sent in one turn becomes one entry. It knows of
// each command whether it certainly never entered the stream, or may have; never sends anything
// twice; and refuses before its bounds are passed, so that no queue grows behind a slow leader.

import type { Redis } from 'ioredis';
import type { Log } from '../base/log.ts';
import { SampledLog } from '../base/sampled-log.ts';
import type { Envelope } from './envelope.ts';
import type { SentCommand } from './messages.ts';
import type { CommandSender } from './port.ts';
import { RedisClock } from './redis-clock.ts';

export interface SenderOptions {
  readonly redis: Redis;
  readonly key: string;
  readonly node: string;
  readonly envelope: Envelope;
  readonly log: Log;
  /** How long a command may still be executed after it was sent. */
  readonly lifeMs: number;
  /** Commands of one entry: what is more waits for the next one of the same turn. */
  readonly batchMax: number;
  /** Entries that may be in the stream before nothing more is sent. */
  readonly streamEntriesMax: number;
}

/** How often the length of the stream and the clock of Redis are looked at. */
const LENGTH_INTERVAL_MS = 250;

const COMMANDS = Buffer.from('c');

export class RedisCommandSender implements CommandSender {
  readonly #options: SenderOptions;
  readonly #clock: RedisClock;
  readonly #log: SampledLog;
  readonly #opened = () => void this.#look();
  #incarnation = 1;
  #count = 0;
  #last = 0;
  #forming: SentCommand[] = [];
  #isScheduled = false;
  #isStreamFull = false;
  #isLooking = false;
  readonly #timer: NodeJS.Timeout;
  #entered: (numbers: readonly number[], entry: string) => void = () => {};
  #failed: (numbers: readonly number[], fate: 'unsent' | 'unknown') => void = () => {};

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#clock = new RedisClock(options.redis);
    this.#log = new SampledLog(options.log);
    this.#timer = setInterval(() => void this.#look(), LENGTH_INTERVAL_MS);
    options.redis.on('ready', this.#opened);
    void this.#look();
  }

  onFailed(callback: (numbers: readonly number[], fate: 'unsent' | 'unknown') => void): void {
    this.#failed = callback;
  }

  onEntered(callback: (numbers: readonly number[], entry: string) => void): void {
    this.#entered = callback;
  }

  /** Whether Redis is there, and what time it is by its clock. */
  get isReady(): boolean {
    return this.#options.redis.status === 'ready' && this.#clock.nowMs() !== null;
  }

  send(command: Omit<SentCommand, 'n'>): number {
    if (!this.isReady || this.#isStreamFull) return -1;
    const n = this.#last >= 0xffff_ffff ? 1 : this.#last + 1;
    this.#last = n;
    this.#forming.push({ n, ...command });
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(() => this.#flush());
    }
    return n;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#options.redis.off('ready', this.#opened);
  }

  #flush(): void {
    this.#isScheduled = false;
    const { batchMax } = this.#options;
    while (this.#forming.length > 0) {
      const rest = this.#forming.length > batchMax ? this.#forming.splice(batchMax) : [];
      const commands = this.#forming;
      this.#forming = rest;
      void this.#add(commands);
    }
  }

  async #add(commands: readonly SentCommand[]): Promise<void> {
    const { redis, key, node, envelope, lifeMs } = this.#options;
    const incarnation = this.#incarnation;
    const count = ++this.#count;
    // Whoever sends knows the time.
    const sentAtMs = this.#clock.nowMs() as number;
    const batch = { node, incarnation, count, sentAtMs, lifeMs, commands };
    const bytes = envelope.seal(key, 'commands', batch);
    const numbers = commands.map(({ n }) => n);
    const isConnected = redis.status === 'ready';
    let entry: string;
    try {
      entry = (await redis.xadd(key, '*', COMMANDS, bytes)) as string;
    } catch (error) {
      // What came after it on this connection has the old incarnation; what comes now the new one.
      if (this.#incarnation === incarnation) {
        this.#incarnation++;
        this.#count = 0;
      }
      const fields = () => ({ error: String(error), commands: commands.length });
      this.#log.warn('', 'a batch was not taken', fields);
      const fate = isConnected && !isRefusal(error) ? 'unknown' : 'unsent';
      this.#failed(numbers, fate);
      return;
    }
    this.#entered(numbers, entry);
  }

  async #look(): Promise<void> {
    const { redis, key, streamEntriesMax } = this.#options;
    if (this.#isLooking || redis.status !== 'ready') return;
    this.#isLooking = true;
    try {
      const [length] = await Promise.all([redis.xlen(key), this.#clock.learn()]);
      this.#isStreamFull = length >= streamEntriesMax;
    } catch {
      // The connection says for itself that it is gone.
      this.#isStreamFull = false;
    } finally {
      this.#isLooking = false;
    }
  }
}

/** Whether Redis itself answered with an error: then it has not taken the entry. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}
