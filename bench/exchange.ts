// Requests out, answers in, over many raw sockets: gives each request an id, remembers when it left
// (or should have left) and meters its answer. How many are under way is up to load.ts.
// Ids wrap around far beyond what can be in flight.

import { setTimeout as sleep } from 'node:timers/promises';
import { type FrameTemplate, template } from './frame-template.ts';
import type { Meter } from './meter.ts';
import { RawSocket, type SocketListener } from './raw-socket.ts';
import { isReply, readEnd, readUint } from './reply.ts';

const IDS = 2 ** 20;
const ID_MASK = IDS - 1;

/** Sees each answer; `bytes` from `bodyStart` on is the body. `tag` came with the request. */
export type AnswerListener = (
  socket: RawSocket,
  outcome: number,
  tag: number,
  bytes: Buffer,
  bodyStart: number,
) => void;

export class Exchange implements SocketListener {
  readonly sockets: RawSocket[] = [];
  meter: Meter;
  /** The first answers that were not ok: rejected, and what no scenario expects. For the report. */
  firstRejection: Buffer | null = null;
  firstFailure: Buffer | null = null;
  onAnswer: AnswerListener = () => {};
  onEvent: (socket: RawSocket, bytes: Buffer, start: number, end: number) => void = () => {};
  onLost: (reason: string) => void = reason => {
    throw new Error(`A socket was lost: ${reason}`);
  };
  /** Milliseconds of `performance.now()` at the latest chunk received or pass of the clock. */
  nowMs = performance.now();
  #sent = 0;
  #answered = 0;
  readonly #sinceMs = new Float64Array(IDS);
  readonly #tags = new Float64Array(IDS);

  constructor(meter: Meter) {
    this.meter = meter;
  }

  get inFlight(): number {
    return this.#sent - this.#answered;
  }

  /** Opens `count` more sockets at the ports in turns, each with its session. */
  async open(
    count: number,
    ports: readonly number[],
    tokenOf: (socket: number) => Promise<string>,
  ): Promise<void> {
    for (let index = 0; index < count; index++) {
      const opening = template('session.open', { token: await tokenOf(index) });
      const socket = new RawSocket(this);
      await socket.open({ port: ports[index % ports.length] as number });
      this.sockets.push(socket);
      this.send(socket, opening);
      socket.flush();
    }
    while (this.inFlight > 0) await sleep(1);
  }

  /** Sends what `template` holds now. `sinceMs`: when it should have left. */
  send(socket: RawSocket, template: FrameTemplate, tag = 0, sinceMs = this.nowMs): void {
    const id = this.#sent & ID_MASK;
    this.#sent += 1;
    this.#sinceMs[id] = sinceMs;
    this.#tags[id] = tag;
    template.id(id);
    socket.send(template.bytes);
  }

  chunk(): void {
    this.nowMs = performance.now();
  }

  frame(socket: RawSocket, bytes: Buffer, start: number, end: number): void {
    if (!isReply(bytes, start)) {
      this.onEvent(socket, bytes, start, end);
      return;
    }
    const id = readUint(bytes, start + 1) & ID_MASK;
    const outcome = bytes[readEnd()] as number;
    this.#answered += 1;
    this.meter.record(outcome, this.nowMs - (this.#sinceMs[id] as number));
    if (outcome > 1) this.firstFailure ??= Buffer.from(bytes.subarray(start, end));
    else if (outcome === 1) this.firstRejection ??= Buffer.from(bytes.subarray(start, end));
    this.onAnswer(socket, outcome, this.#tags[id] as number, bytes, readEnd() + 1);
  }

  closed(_socket: RawSocket, reason: string): void {
    this.onLost(reason);
  }

  close(): void {
    for (const socket of this.sockets) socket.end();
  }
}
