// How a realm goes from one node to the next, in steps that Redis takes as one each. Whoever seeks
// the lease and does not get it is the successor, when there is none. A leader that wants to go
// asks the successor to make itself ready; once it is, the leader passes the lease to it by name,
// so that nobody else can have it. Everything is told again until it is answered, and each word of
// it ends by itself: one who is gone or frozen is not waited for.

import type { Redis } from 'ioredis';
import type { RealmKeys } from './keys.ts';

/** Where a node that seeks the lease stands. */
export type Place = 'leads' | 'asked' | 'waits';

/** What a leader hears that wants to go. `gone`: it does not lead any more. */
export type Heir = 'ready' | 'preparing' | 'none' | 'gone';

export interface SuccessionOptions {
  readonly redis: Redis;
  readonly keys: Pick<RealmKeys, 'lease' | 'successor' | 'asked' | 'ready'>;
  readonly node: string;
  /** How long a lease lasts without being renewed. */
  readonly lifeMs: number;
}

/** A successor that has not been heard for this long is none: another one may be it. */
const SUCCESSOR_LIFE_MS = 1_000;
/** What a leader asked that is not heard any more is not wanted any more. */
export const ASKED_LIFE_MS = 1_000;
/** Short: the lease must not be passed to one who was ready, and then was killed or frozen. */
const READY_LIFE_MS = 500;

/**
 * KEYS lease, successor, asked, ready. ARGV node, life of the lease, of a successor, of its being
 * ready; 1 when it is. A lease that is ours already was passed to us, or an answer was lost.
 */
const SEEK = `local node = ARGV[1]
  local holder = redis.call('get', KEYS[1])
  if not holder or holder == node then
    redis.call('set', KEYS[1], node, 'px', ARGV[2])
    if redis.call('get', KEYS[2]) == node then redis.call('del', KEYS[2]) end
    return 'leads'
  end
  local successor = redis.call('get', KEYS[2])
  if successor and successor ~= node then return 'waits' end
  redis.call('set', KEYS[2], node, 'px', ARGV[3])
  if redis.call('get', KEYS[3]) ~= node then return 'waits' end
  if ARGV[5] == '1' then redis.call('set', KEYS[4], node, 'px', ARGV[4]) end
  return 'asked'`;

/** KEYS lease. ARGV node, life of the lease. */
const RENEW = `if redis.call('get', KEYS[1]) == ARGV[1]
  then return redis.call('pexpire', KEYS[1], ARGV[2]) else return 0 end`;

/** Renews too. KEYS lease, successor, asked, ready. ARGV node, lives of the lease and the word. */
const ASK = `if redis.call('get', KEYS[1]) ~= ARGV[1] then return 'gone' end
  redis.call('pexpire', KEYS[1], ARGV[2])
  local successor = redis.call('get', KEYS[2])
  if not successor then return 'none' end
  redis.call('set', KEYS[3], successor, 'px', ARGV[3])
  if redis.call('get', KEYS[4]) == successor then return 'ready' end
  return 'preparing'`;

/**
 * For a leader and for one who waits: both may have been passed the lease without knowing it yet.
 * KEYS lease, successor, asked, ready. ARGV node, life of the lease.
 */
const LEAVE = `if redis.call('get', KEYS[2]) == ARGV[1] then redis.call('del', KEYS[2]) end
  if redis.call('get', KEYS[1]) ~= ARGV[1] then return '' end
  local successor = redis.call('get', KEYS[2])
  local asked = redis.call('get', KEYS[3])
  local ready = redis.call('get', KEYS[4])
  redis.call('del', KEYS[3], KEYS[4])
  if successor and successor == asked and successor == ready then
    redis.call('set', KEYS[1], successor, 'px', ARGV[2])
    redis.call('del', KEYS[2])
    return successor
  end
  redis.call('del', KEYS[1])
  return ''`;

export class Succession {
  readonly #options: SuccessionOptions;
  readonly #keys: readonly string[];

  constructor(options: SuccessionOptions) {
    this.#options = options;
    const { lease, successor, asked, ready } = options.keys;
    this.#keys = [lease, successor, asked, ready];
  }

  /** Takes the lease if it is free or ours; else the place of the successor if that is. */
  async seek(isReady: boolean): Promise<Place> {
    const lives = [this.#options.lifeMs, SUCCESSOR_LIFE_MS, READY_LIFE_MS];
    return (await this.#run(SEEK, [...lives, isReady ? 1 : 0])) as Place;
  }

  /** Whether the lease is ours for another life. */
  async renew(): Promise<boolean> {
    return (await this.#run(RENEW, [this.#options.lifeMs])) === 1;
  }

  /** The leader wants to go: renews, and says so to the successor. */
  async ask(): Promise<Heir> {
    return (await this.#run(ASK, [this.#options.lifeMs, ASKED_LIFE_MS])) as Heir;
  }

  /**
   * Is neither leader nor successor any more. A lease that is ours passes to the successor if it is
   * ready, and is anybody's if not. Returns to whom it was passed, or nothing.
   */
  async leave(): Promise<string> {
    return (await this.#run(LEAVE, [this.#options.lifeMs])) as string;
  }

  #run(script: string, values: readonly number[]): Promise<unknown> {
    const { redis, node } = this.#options;
    return redis.eval(script, this.#keys.length, ...this.#keys, node, ...values);
  }
}
