// The clock of Redis, by which it is decided what is late: the one clock that all nodes of a realm
// can read. Ours may be wrong or be set while we look, so it is held against the monotonic one.

import type { Redis } from 'ioredis';

export class RedisClock {
  readonly #redis: Redis;
  /** The clock of Redis less the monotonic one. Null before the first answer. */
  #aheadMs: number | null = null;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** Milliseconds since the Unix epoch, or null while nothing is known of it. */
  nowMs(): number | null {
    return this.#aheadMs === null ? null : Math.round(performance.now() + this.#aheadMs);
  }

  /** Exact to half of how long the answer took. Rejects when there is none. */
  async learn(): Promise<void> {
    const beforeMs = performance.now();
    const [seconds, microseconds] = await this.#redis.time();
    const redisMs = Number(seconds) * 1_000 + Number(microseconds) / 1_000;
    this.#aheadMs = redisMs - (beforeMs + performance.now()) / 2;
  }
}
