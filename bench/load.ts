// How requests are spread over time. Closed loop: each socket keeps so many in flight and sends the
// next one when an answer comes; it finds the highest rate, at the latency that queue has. Open
// loop: requests are due at a constant rate, whatever the server does, and their latency counts
// from when they were due; it finds the latency at a rate, stalls included.

import { setTimeout as sleep } from 'node:timers/promises';
import { decodeServerFrame } from '../protocol/codec.ts';
import type { Exchange } from './exchange.ts';
import type { RawSocket } from './raw-socket.ts';

/** Sends one request on `socket`; `sinceMs` is when it was due, for {@link Exchange.send}. */
export type Source = (socket: RawSocket, sinceMs: number) => void;

export interface LoadPlan {
  readonly exchange: Exchange;
  readonly source: Source;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** Requests in flight per socket (closed loop)... */
  readonly inFlight: number;
  /** ...or requests due per second in all (open loop). */
  readonly perSecond: number | null;
  /** What an answer means to the scenario. */
  readonly onAnswer?: Exchange['onAnswer'];
  /** Once a second, with a line for people. */
  readonly progress: (line: string) => void;
  /** The warm-up is over: time to look at processor clocks. */
  readonly measuring?: () => void;
  /** The time is over; answers are still to come. */
  readonly measured?: () => void;
}

const OPEN_LOOP_MS = 1;
/** The server takes nothing at the moment: nothing is gained by asking again at once. */
const UNAVAILABLE = 3;
const RETRY_MS = 100;
const SECOND_MS = 1_000;
const SETTLE_MS = 20_000;

/** What was measured: seconds, and the commands answered `ok` in them. */
export interface Measured {
  readonly seconds: number;
  readonly commands: number;
}

/** Runs a plan; resolves once every request has its answer. */
export async function runLoad(plan: LoadPlan): Promise<Measured> {
  const { exchange } = plan;
  const stop = plan.perSecond === null ? startClosed(plan) : startOpen(plan, plan.perSecond);
  const report = setInterval(progressOf(plan), SECOND_MS);
  await sleep(plan.warmUpSeconds * SECOND_MS);
  exchange.meter.forget();
  plan.measuring?.();
  const startedMs = performance.now();
  await sleep(plan.seconds * SECOND_MS);
  const seconds = (performance.now() - startedMs) / SECOND_MS;
  const commands = exchange.meter.ok;
  stop();
  plan.measured?.();
  clearInterval(report);
  await settled(exchange);
  return { seconds, commands };
}

/** Sends `count` requests as fast as they are answered; for setting things up. */
export async function runAll(
  exchange: Exchange,
  count: number,
  send: (socket: RawSocket, index: number) => void,
  options: {
    readonly onAnswer?: Exchange['onAnswer'];
    readonly progress?: (done: number) => void;
  } = {},
): Promise<void> {
  const before = exchange.meter.failed + exchange.meter.rejected;
  const perSocket = Math.ceil(2_000 / exchange.sockets.length);
  let next = 0;
  const step = (socket: RawSocket) => {
    if (next < count) send(socket, next++);
  };
  exchange.onAnswer = (socket, ...rest) => {
    options.onAnswer?.(socket, ...rest);
    step(socket);
  };
  const report = setInterval(() => options.progress?.(next), SECOND_MS);
  exchange.nowMs = performance.now();
  for (const socket of exchange.sockets) {
    for (let i = 0; i < perSocket; i++) step(socket);
    socket.flush();
  }
  while (next < count) await sleep(5);
  await settled(exchange);
  clearInterval(report);
  exchange.onAnswer = () => {};
  if (exchange.meter.failed + exchange.meter.rejected === before) return;
  throw new Error(`Setting up was refused. ${failureOf(exchange)}`);
}

/** What the first unexpected answer said, or else the first rejection. */
export function failureOf(exchange: Exchange): string {
  const answer = exchange.firstFailure ?? exchange.firstRejection;
  return answer === null ? '' : JSON.stringify(decodeServerFrame(answer));
}

async function settled(exchange: Exchange): Promise<void> {
  const deadlineMs = performance.now() + SETTLE_MS;
  while (exchange.inFlight > 0) {
    if (performance.now() > deadlineMs) {
      throw new Error(`${exchange.inFlight} requests got no answer within ${SETTLE_MS} ms.`);
    }
    await sleep(1);
  }
}

function startClosed(plan: LoadPlan): () => void {
  const { exchange, source } = plan;
  let running = true;
  const again = (socket: RawSocket) => {
    exchange.nowMs = performance.now();
    if (running) source(socket, exchange.nowMs);
    socket.flush();
  };
  exchange.onAnswer = (socket, outcome, ...rest) => {
    plan.onAnswer?.(socket, outcome, ...rest);
    if (outcome === UNAVAILABLE) setTimeout(again, RETRY_MS, socket);
    else if (running) source(socket, exchange.nowMs);
  };
  exchange.nowMs = performance.now();
  for (const socket of exchange.sockets) {
    for (let i = 0; i < plan.inFlight; i++) source(socket, exchange.nowMs);
    socket.flush();
  }
  return () => {
    running = false;
    exchange.onAnswer = plan.onAnswer ?? (() => {});
  };
}

function startOpen(plan: LoadPlan, perSecond: number): () => void {
  const { exchange, source } = plan;
  exchange.onAnswer = plan.onAnswer ?? (() => {});
  const startedMs = performance.now();
  let due = 0;
  const timer = setInterval(() => {
    exchange.nowMs = performance.now();
    const until = Math.floor(((exchange.nowMs - startedMs) / SECOND_MS) * perSecond);
    for (; due < until; due++) {
      const socket = exchange.sockets[due % exchange.sockets.length] as RawSocket;
      source(socket, startedMs + (due * SECOND_MS) / perSecond);
    }
    for (const socket of exchange.sockets) socket.flush();
  }, OPEN_LOOP_MS);
  return () => clearInterval(timer);
}

function progressOf({ exchange, progress }: LoadPlan): () => void {
  let before = exchange.meter.totals[0] as number;
  let seconds = 0;
  return () => {
    seconds += 1;
    const ok = exchange.meter.totals[0] as number;
    const { rejected, failed } = exchange.meter;
    const { p99Ms } = exchange.meter.latencies();
    const rest = failed === 0 ? '' : `, FAILED ${failed}`;
    progress(`${seconds} s: ${ok - before}/s, p99 ${p99Ms} ms, rejected ${rejected}${rest}`);
    before = ok;
  };
}
