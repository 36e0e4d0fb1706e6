// What a client sees while the leader changes: small purchases at short, even intervals through
// nodes that stay, each with a key of its own. Every probe must be executed exactly once in the
// end: what is answered `unavailable` or `unknown` is sent again with its key until it is `ok`.

import { setTimeout as sleep } from 'node:timers/promises';
import { Exchange } from './exchange.ts';
import {
  type FrameTemplate,
  keyPlace,
  namePlace,
  numberPlace,
  template,
} from './frame-template.ts';
import { Meter } from './meter.ts';
import type { RawSocket } from './raw-socket.ts';

export interface ProbesPlan {
  readonly listings: Float64Array;
  /** Buys from everybody. */
  readonly buyer: number;
  readonly token: () => Promise<string>;
}

const INTERVAL_MS = 20;
const SETTLE_MS = 30_000;
const AGAIN_MS = 50;
const OK = 0;

/** The probes of one change of the leader. */
export class Probes {
  readonly meter = new Meter();
  readonly #plan: ProbesPlan;
  readonly #first: number;
  readonly #exchange = new Exchange(this.meter);
  readonly #frame: FrameTemplate;
  /** By probe, counted from 0: when it was sent, first answered `ok` (0: not yet). */
  readonly #sentMs: number[] = [];
  readonly #okMs: number[] = [];
  #timer: NodeJS.Timeout | null = null;

  /** `first`: the number of the first probe's key and listing. */
  constructor(plan: ProbesPlan, first: number) {
    this.#plan = plan;
    this.#first = first;
    this.#frame = template(
      'purchases.create',
      { listing: numberPlace(1), quantity: 1 },
      { player: namePlace(1), key: keyPlace(2) },
    );
  }

  get count(): number {
    return this.#sentMs.length;
  }

  /** Begins to probe, through each of the ports in turn. */
  async start(ports: readonly number[]): Promise<void> {
    await this.#exchange.open(ports.length, ports, this.#plan.token);
    this.meter.forget();
    this.#exchange.onAnswer = (_socket, outcome, probe) => {
      if (outcome === OK) this.#okMs[probe] ||= performance.now();
    };
    this.#timer = setInterval(() => this.#next(), INTERVAL_MS);
  }

  /** Resolves with when the first probe that was sent after `sinceMs` was executed. */
  async executedAfter(sinceMs: number): Promise<number> {
    const deadlineMs = performance.now() + SETTLE_MS;
    while (performance.now() < deadlineMs) {
      let first = Number.POSITIVE_INFINITY;
      for (let probe = this.count - 1; probe >= 0; probe--) {
        if ((this.#sentMs[probe] as number) < sinceMs) break;
        const okMs = this.#okMs[probe] as number;
        if (okMs > 0 && okMs < first) first = okMs;
      }
      if (first < Number.POSITIVE_INFINITY) return first;
      await sleep(1);
    }
    throw new Error(`No command was executed within ${SETTLE_MS} ms.`);
  }

  /** Probes no more; resolves when every probe has been executed. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    const deadlineMs = performance.now() + SETTLE_MS;
    for (;;) {
      while (this.#exchange.inFlight > 0 && performance.now() < deadlineMs) await sleep(1);
      const open = this.#okMs.flatMap((okMs, probe) => (okMs === 0 ? [probe] : []));
      if (open.length === 0) break;
      if (performance.now() > deadlineMs) throw new Error(`${open.length} probes got no answer.`);
      await sleep(AGAIN_MS);
      for (const probe of open) this.#send(probe);
    }
    this.#exchange.close();
  }

  /** The longest time between two answers `ok` that follow each other, from `sinceMs` on. */
  longestPause(sinceMs: number): number {
    const after = this.#okMs.filter(okMs => okMs >= sinceMs).sort((a, b) => a - b);
    let longest = 0;
    let before = sinceMs;
    for (const okMs of after) {
      longest = Math.max(longest, okMs - before);
      before = okMs;
    }
    return longest;
  }

  /** The longest time that a probe waited for its `ok`, whatever it was told in between. */
  get longestWait(): number {
    return this.#okMs.reduce(
      (longest, okMs, probe) => Math.max(longest, okMs - (this.#sentMs[probe] as number)),
      0,
    );
  }

  #next(): void {
    this.#sentMs.push(performance.now());
    this.#okMs.push(0);
    this.#send(this.count - 1);
  }

  #send(probe: number): void {
    const { listings, buyer } = this.#plan;
    const { sockets } = this.#exchange;
    const socket = sockets[probe % sockets.length] as RawSocket;
    const number = this.#first + probe;
    this.#frame.number(1, listings[number % listings.length] as number);
    this.#frame.name(1, buyer);
    this.#frame.name(2, number);
    this.#exchange.nowMs = performance.now();
    this.#exchange.send(socket, this.#frame, probe);
    socket.flush();
  }
}
