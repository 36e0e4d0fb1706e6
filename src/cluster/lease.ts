// Who should lead: a key in Redis with a time to live, renewed by whoever holds it. It serves
// liveness only. Two nodes that both believe to hold it do no harm: the journal's fence lets one of
// them write. A holder that could not renew in time, by its own monotonic clock, says so first.

import type { Redis } from 'ioredis';
import type { Log } from '../base/log.ts';
import type { Lease } from './port.ts';

export interface LeaseOptions {
  readonly redis: Redis;
  readonly key: string;
  readonly node: string;
  readonly log: Log;
  /** How long it lasts without being renewed. */
  readonly lifeMs: number;
}

/** Renewed this often within its life. */
const RENEWALS_PER_LIFE = 4;
/** How soon one that was given up is found, and one that has ended is noticed. */
const LOOK_INTERVAL_MS = 100;

const RENEW = `if redis.call('get', KEYS[1]) == ARGV[1]
  then return redis.call('pexpire', KEYS[1], ARGV[2]) else return 0 end`;

const GIVE_UP = `if redis.call('get', KEYS[1]) == ARGV[1]
  then return redis.call('del', KEYS[1]) else return 0 end`;

export class RedisLease implements Lease {
  readonly #options: LeaseOptions;
  readonly #renewAfterMs: number;
  #state: 'idle' | 'seeking' | 'held' | 'closed' = 'idle';
  /** Until when it is surely ours, by the monotonic clock. */
  #heldUntilMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #resolve: ((isHeld: boolean) => void) | null = null;
  #lost: () => void = () => {};
  #isAsking = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#renewAfterMs = Math.floor(options.lifeMs / RENEWALS_PER_LIFE);
  }

  acquire(): Promise<boolean> {
    if (this.#state === 'closed') return Promise.resolve(false);
    this.#state = 'seeking';
    const intervalMs = Math.min(LOOK_INTERVAL_MS, this.#renewAfterMs);
    this.#timer ??= setInterval(() => void this.#tick(), intervalMs);
    return new Promise(resolve => {
      this.#resolve = resolve;
      void this.#tick();
    });
  }

  onLost(callback: () => void): void {
    this.#lost = callback;
  }

  async giveUp(): Promise<void> {
    const { redis, key, node, log } = this.#options;
    if (this.#state === 'held') this.#state = 'idle';
    try {
      await redis.eval(GIVE_UP, 1, key, node);
    } catch (error) {
      // It ends by itself within its life.
      log.warn({ error: String(error) }, 'the lease could not be given up');
    }
  }

  close(): void {
    this.#state = 'closed';
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#resolve?.(false);
    this.#resolve = null;
  }

  async #tick(): Promise<void> {
    if (this.#state === 'held' && performance.now() >= this.#heldUntilMs) this.#lose();
    if (this.#isAsking || this.#state === 'closed' || this.#state === 'idle') return;
    const askedAtMs = performance.now();
    const renewAtMs = this.#heldUntilMs - this.#options.lifeMs + this.#renewAfterMs;
    if (this.#state === 'held' && askedAtMs < renewAtMs) return;
    this.#isAsking = true;
    try {
      const isOurs = this.#state === 'held' ? await this.#renew() : await this.#seek();
      if (isOurs) await this.#hold(askedAtMs);
      else if (this.#state === 'held') this.#lose();
    } catch (error) {
      this.#options.log.debug({ error: String(error) }, 'the lease could not be asked for');
    } finally {
      this.#isAsking = false;
    }
  }

  async #hold(askedAtMs: number): Promise<void> {
    this.#heldUntilMs = askedAtMs + this.#options.lifeMs;
    // It was closed or given up while the answer was on its way: nobody here wants it any more.
    if (this.#state === 'closed' || this.#state === 'idle') return this.giveUp();
    if (this.#state !== 'seeking') return;
    this.#state = 'held';
    this.#resolve?.(true);
    this.#resolve = null;
  }

  #lose(): void {
    this.#state = 'idle';
    this.#lost();
  }

  async #seek(): Promise<boolean> {
    const { redis, key, node, lifeMs } = this.#options;
    if ((await redis.set(key, node, 'PX', lifeMs, 'NX')) === 'OK') return true;
    // Ours from before an answer was lost.
    return this.#renew();
  }

  async #renew(): Promise<boolean> {
    const { redis, key, node, lifeMs } = this.#options;
    return (await redis.eval(RENEW, 1, key, node, lifeMs)) === 1;
  }
}
