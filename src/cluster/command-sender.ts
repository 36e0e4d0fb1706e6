// The gateway's end of the command stream: what is sent in one turn becomes one entry. It knows of
// each command whether it certainly never entered the stream, or may have; never sends anything
// twice; and refuses before its bounds are passed, so that no queue grows behind a slow leader. Who
// comes and goes at the node takes its place among the commands: neither overtakes the other.

import type { Redis } from 'ioredis';
import type { Log } from '../base/log.ts';
import { SampledLog } from '../base/sampled-log.ts';
import type { Envelope } from './envelope.ts';
import { PIECE_PLAYERS_MAX, type Piece, type SentCommand, type SentPresence } from './messages.ts';
import type { CommandSender } from './port.ts';
import { RedisClock } from './redis-clock.ts';

export interface SenderOptions {
  readonly redis: Redis;
  readonly key: string;
  /** A key that is never there: see {@link RedisCommandSender} `#probe`. */
  readonly nothing: string;
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

type Sent = SentCommand | SentPresence;
/** One that may still grow until its turn is over. */
interface FormingPresence extends SentPresence {
  readonly present: (readonly [player: string, sockets: number])[];
}

export class RedisCommandSender implements CommandSender {
  readonly #options: SenderOptions;
  readonly #clock: RedisClock;
  readonly #log: SampledLog;
  readonly #opened = () => void this.#look();
  #incarnation = 1;
  #count = 0;
  #last = 0;
  #forming: (SentCommand | FormingPresence)[] = [];
  #presenceTold = 0;
  #isScheduled = false;
  #isStreamFull = false;
  /** Redis has answered that it takes nothing new: its memory is full, or its disk. */
  #isRefused = false;
  #isLooking = false;
  readonly #timer: NodeJS.Timeout;
  #entered: (numbers: readonly number[], entry: string) => void = () => {};
  #failed: (numbers: readonly number[], fate: 'unsent' | 'unknown') => void = () => {};
  #presenceFailed: () => void = () => {};

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

  get isTaking(): boolean {
    return this.isReady && !this.#isStreamFull && !this.#isRefused;
  }

  onPresenceFailed(callback: () => void): void {
    this.#presenceFailed = callback;
  }

  send(command: Omit<SentCommand, 'n'>): number {
    if (!this.isTaking) return -1;
    const n = this.#last >= 0xffff_ffff ? 1 : this.#last + 1;
    this.#last = n;
    this.#forming.push({ n, ...command });
    this.#schedule();
    return n;
  }

  get presenceTold(): number {
    return this.#presenceTold;
  }

  tellPresence(piece: Piece, present: SentPresence['present']): boolean {
    if (!this.isReady || this.#isStreamFull) return false;
    const last = this.#forming.at(-1);
    const hasPlace =
      piece === 'change' &&
      last !== undefined &&
      isPresence(last) &&
      last.piece === 'change' &&
      last.present.length + present.length <= PIECE_PLAYERS_MAX;
    if (hasPlace) last.present.push(...present);
    else this.#forming.push({ count: ++this.#presenceTold, piece, present: [...present] });
    this.#schedule();
    return true;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#options.redis.off('ready', this.#opened);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#isScheduled = false;
    while (this.#forming.length > 0) {
      const size = this.#sizeOfEntry();
      const rest = this.#forming.length > size ? this.#forming.splice(size) : [];
      const commands = this.#forming;
      this.#forming = rest;
      void this.#add(commands);
    }
  }

  /** How much of what is forming goes into one entry: its players are bounded, too. */
  #sizeOfEntry(): number {
    const { batchMax } = this.#options;
    const forming = this.#forming;
    let players = 0;
    let size = 0;
    while (size < forming.length && size < batchMax && players < PIECE_PLAYERS_MAX) {
      const one = forming[size++] as Sent;
      if (isPresence(one)) players += one.present.length;
    }
    return size;
  }

  async #add(commands: readonly Sent[]): Promise<void> {
    const { redis, key, node, envelope, lifeMs } = this.#options;
    const incarnation = this.#incarnation;
    const count = ++this.#count;
    // Whoever sends knows the time.
    const sentAtMs = this.#clock.nowMs() as number;
    const batch = { node, incarnation, count, sentAtMs, lifeMs, commands };
    const bytes = envelope.seal(key, 'commands', batch);
    const numbers: number[] = [];
    for (const one of commands) if (!isPresence(one)) numbers.push(one.n);
    const hasPresence = numbers.length < commands.length;
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
      if (isRefusal(error)) this.#isRefused = true;
      const fate = isConnected && !isRefusal(error) ? 'unknown' : 'unsent';
      this.#failed(numbers, fate);
      if (hasPresence) this.#presenceFailed();
      return;
    }
    this.#entered(numbers, entry);
  }

  async #look(): Promise<void> {
    const { redis, key, streamEntriesMax } = this.#options;
    if (this.#isLooking || redis.status !== 'ready') return;
    this.#isLooking = true;
    try {
      const [length] = await Promise.all([redis.xlen(key), this.#clock.learn(), this.#probe()]);
      this.#isStreamFull = length >= streamEntriesMax;
    } catch {
      // The connection says for itself that it is gone.
      this.#isStreamFull = false;
    } finally {
      this.#isLooking = false;
    }
  }

  /**
   * Whether Redis takes what is new, though nobody sends anything: by a write of nothing to where
   * nothing is, which changes nothing, and is refused as an entry of the stream would be.
   */
  async #probe(): Promise<void> {
    const { redis, nothing } = this.#options;
    try {
      await redis.setrange(nothing, 0, '');
      this.#isRefused = false;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#isRefused = true;
    }
  }
}

function isPresence<Kind extends Sent>(one: Kind): one is Extract<Kind, SentPresence> {
  return 'present' in one;
}

/** Whether Redis itself answered with an error: then it has not taken the entry. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}
