// Who should lead: a key in Redis with a time to live, renewed by whoever holds it. It serves
// liveness only. Two nodes that both believe to hold it do no harm: the journal's fence lets one of
// them write. A holder that could not renew in time, by its own monotonic clock, says so first.
// When what is asked of Redis is decided here; each step by itself is in succession.ts.

import type { Log } from '../base/log.ts';
import type { Lease } from './port.ts';
import { ASKED_LIFE_MS, type Heir, Succession, type SuccessionOptions } from './succession.ts';

export interface LeaseOptions extends SuccessionOptions {
  readonly log: Log;
}

/** Renewed this often within its life. */
const RENEWALS_PER_LIFE = 4;
/** How soon one that was given up is found, and one that has ended is noticed. */
const LOOK_INTERVAL_MS = 100;
/** The same while the lease is about to be passed on: who gets it by name must not lose time. */
const CLOSE_LOOK_INTERVAL_MS = 25;
/** Whoever waits becomes the successor within this time: after it there is none. */
const ALONE_MS = 3 * LOOK_INTERVAL_MS;

export class RedisLease implements Lease {
  readonly #options: LeaseOptions;
  readonly #succession: Succession;
  readonly #renewAfterMs: number;
  #state: 'idle' | 'seeking' | 'held' | 'closed' = 'idle';
  /** Until when it is surely ours, by the monotonic clock. */
  #heldUntilMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #intervalMs = 0;
  #tickedAtMs = performance.now();
  #resolve: ((isHeld: boolean) => void) | null = null;
  #lost: () => void = () => {};
  #isBusy = false;
  /** Of one who seeks: whether the leader wants it to be ready. */
  #isAsked = false;
  #heardAtMs = 0;
  #asked: (isAsked: boolean) => void = () => {};
  #isReady: () => boolean = () => false;
  /** Of a holder who wants to go: what he heard last. Null when he stays. */
  #heir: Heir | null = null;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#succession = new Succession(options);
    this.#renewAfterMs = Math.floor(options.lifeMs / RENEWALS_PER_LIFE);
  }

  acquire(): Promise<boolean> {
    if (this.#state === 'closed') return Promise.resolve(false);
    this.#state = 'seeking';
    this.#look(LOOK_INTERVAL_MS);
    return new Promise(resolve => {
      this.#resolve = resolve;
      void this.#tick();
    });
  }

  get isHeld(): boolean {
    return this.#state === 'held' && performance.now() < this.#heldUntilMs;
  }

  onLost(callback: () => void): void {
    this.#lost = callback;
  }

  onAsked(callback: (isAsked: boolean) => void, isReady: () => boolean): void {
    this.#asked = callback;
    this.#isReady = isReady;
  }

  async summon(timeoutMs: number): Promise<boolean> {
    if (this.#state !== 'held') return false;
    this.#heir = 'none';
    this.#look(CLOSE_LOOK_INTERVAL_MS);
    const beganMs = performance.now();
    let foundAtMs = beganMs;
    for (let nowMs = beganMs; nowMs - beganMs < timeoutMs; nowMs = performance.now()) {
      const heir = this.#heirSeen();
      if (heir === 'ready') return true;
      if (heir === 'preparing') foundAtMs = nowMs;
      if (heir === 'gone' || nowMs - foundAtMs > ALONE_MS) return false;
      await new Promise(resolve => setTimeout(resolve, CLOSE_LOOK_INTERVAL_MS));
    }
    return false;
  }

  async giveUp(): Promise<void> {
    if (this.#state === 'held') this.#state = 'idle';
    this.#heir = null;
    const { log } = this.#options;
    try {
      const to = await this.#succession.leave();
      if (to !== '') log.info({ to }, 'the lease was passed on');
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

  #heirSeen(): Heir {
    return this.#state === 'held' && this.#heir !== null ? this.#heir : 'gone';
  }

  #look(wantedMs: number): void {
    const intervalMs = Math.min(wantedMs, this.#renewAfterMs);
    if (this.#timer !== null && intervalMs === this.#intervalMs) return;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#intervalMs = intervalMs;
    this.#timer = setInterval(() => void this.#tick(), intervalMs);
  }

  async #tick(): Promise<void> {
    const lateMs = performance.now() - this.#tickedAtMs - this.#intervalMs;
    this.#tickedAtMs = performance.now();
    if (this.#isOver) await this.#hear();
    if (this.#isOver) this.#lose({ why: 'it was not renewed in time', lateMs });
    // Of a leader that cannot be heard nobody knows whether it is there.
    if (performance.now() - this.#heardAtMs > ASKED_LIFE_MS) this.#beAsked(false);
    if (this.#isBusy || this.#state === 'closed' || this.#state === 'idle') return;
    const askedAtMs = performance.now();
    const renewAtMs = this.#heldUntilMs - this.#options.lifeMs + this.#renewAfterMs;
    if (this.#state === 'held' && this.#heir === null && askedAtMs < renewAtMs) return;
    this.#isBusy = true;
    try {
      const isOurs = this.#state === 'held' ? await this.#keep() : await this.#seek();
      if (isOurs) await this.#hold(askedAtMs);
      else if (this.#state === 'held') this.#lose({ why: 'another node has it', lateMs });
    } catch (error) {
      this.#options.log.debug({ error: String(error) }, 'the lease could not be asked for');
    } finally {
      this.#isBusy = false;
    }
  }

  async #hold(askedAtMs: number): Promise<void> {
    this.#heldUntilMs = askedAtMs + this.#options.lifeMs;
    // It was closed or given up while the answer was on its way: nobody here wants it any more.
    if (this.#state === 'closed' || this.#state === 'idle') return this.giveUp();
    if (this.#state !== 'seeking') return;
    this.#state = 'held';
    // What was asked of this node is its own affair now.
    this.#isAsked = false;
    this.#look(LOOK_INTERVAL_MS);
    this.#resolve?.(true);
    this.#resolve = null;
  }

  get #isOver(): boolean {
    return this.#state === 'held' && performance.now() >= this.#heldUntilMs;
  }

  /**
   * A thread that was busy may have the answer of Redis in its socket, unread: timers come first.
   * Resolves when what had come by now is read.
   */
  async #hear(): Promise<void> {
    await new Promise(resolve => setImmediate(resolve));
  }

  /** @param lateMs by how much this thread came late to look. */
  #lose({ why, lateMs }: { readonly why: string; readonly lateMs: number }): void {
    const renewedAgoMs = performance.now() - this.#heldUntilMs + this.#options.lifeMs;
    const said = { why, renewedAgoMs: Math.round(renewedAgoMs), lateMs: Math.round(lateMs) };
    this.#options.log.warn({ ...said, isAsking: this.#isBusy }, 'the lease was lost');
    this.#state = 'idle';
    this.#heir = null;
    this.#lost();
  }

  async #seek(): Promise<boolean> {
    const place = await this.#succession.seek(this.#isAsked && this.#isReady());
    this.#heardAtMs = performance.now();
    if (place !== 'leads') this.#beAsked(place === 'asked');
    return place === 'leads';
  }

  #beAsked(isAsked: boolean): void {
    if (this.#state !== 'seeking' || isAsked === this.#isAsked) return;
    this.#isAsked = isAsked;
    this.#look(isAsked ? CLOSE_LOOK_INTERVAL_MS : LOOK_INTERVAL_MS);
    this.#asked(isAsked);
  }

  async #keep(): Promise<boolean> {
    if (this.#heir === null) return this.#succession.renew();
    const heir = await this.#succession.ask();
    if (this.#heir !== null) this.#heir = heir;
    return heir !== 'gone';
  }
}
