// The token of a client: where it comes from, and its renewal on the live socket before it expires.
// A renewal that fails is tried again; one that was begun on a lost connection is forgotten.

import type { ClientOptions, Session } from './client-options.ts';

const RETRY_MS = 1_000;
/** A token is renewed when this share of its life is over. */
const RENEWAL_SHARE = 0.8;
const TIMER_MS_MAX = 2 ** 31 - 1;

export interface TokenListener {
  /** Puts a fresh token on the live socket. Null: it was not accepted. */
  renew(token: string): Promise<Session | null>;
  renewed(session: Session): void;
}

export class TokenKeeper {
  readonly #source: ClientOptions['token'];
  readonly #listener: TokenListener;
  /** When the token expires, by the monotonic clock of this machine. */
  #expiresAtMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts accepted tokens and losses, so that an old renewal is not continued. */
  #plan = 0;

  constructor(source: ClientOptions['token'], listener: TokenListener) {
    this.#source = source;
    this.#listener = listener;
  }

  /** May the next token be another one? */
  get isRenewable(): boolean {
    return typeof this.#source !== 'string';
  }

  /** The token for a new connection. */
  async next(): Promise<string> {
    return typeof this.#source === 'string' ? this.#source : this.#source();
  }

  /** The server took the token: plans its renewal. */
  accepted(session: Session): void {
    this.#expiresAtMs = performance.now() + session.expiresAtMs - session.serverTimeMs;
    this.#plan += 1;
    this.#later();
  }

  /** The connection is gone. */
  lost(): void {
    this.#plan += 1;
    clearTimeout(this.#timer);
  }

  #later(): void {
    clearTimeout(this.#timer);
    if (!this.isRenewable) return;
    const leftMs = (this.#expiresAtMs - performance.now()) * RENEWAL_SHARE;
    const delayMs = Math.min(Math.max(leftMs, RETRY_MS), TIMER_MS_MAX);
    this.#timer = setTimeout(() => void this.#renew(), delayMs);
  }

  async #renew(): Promise<void> {
    const plan = this.#plan;
    let session: Session | null = null;
    try {
      const token = await this.next();
      if (plan !== this.#plan) return;
      session = await this.#listener.renew(token);
    } catch {
      // No token now: the next try may find one.
    }
    if (plan !== this.#plan) return;
    if (session === null) this.#later();
    else this.#listener.renewed(session);
  }
}
