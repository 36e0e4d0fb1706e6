// `idle`: 10,000 players, each with a session of his own that listens to five books and does
// nothing; what that costs in memory. Then every connection breaks at once and all come back.

import { setTimeout as sleep } from 'node:timers/promises';
import { encodeRequest } from '../../protocol/codec.ts';
import { Clocks } from '../clocks.ts';
import { Exchange } from '../exchange.ts';
import { OPENING_ID } from '../feed-readers.ts';
import { nameOf } from '../frame-template.ts';
import { Meter } from '../meter.ts';
import type { Options } from '../options.ts';
import { clientFrame, RawSocket, type SocketListener } from '../raw-socket.ts';
import { isReply } from '../reply.ts';
import { NOTHING, type Result } from '../report.ts';
import { ServerProcess } from '../server-process.ts';
import { until } from '../ticks.ts';
import { isSound, say } from '../trial.ts';
import { defineItems } from '../world.ts';

const SESSIONS = 10_000;
const BOOKS = 5;
const SETTLE_MS = 3_000;
/** So many dial at a time at first; in the storm all do. */
const DIALLING = 200;

/** One idle session: ready when it has the snapshots of all its books. */
class IdleSession implements SocketListener {
  readonly socket = new RawSocket(this);
  readonly #subscribing: Uint8Array;
  readonly #ready: () => void;
  #snapshots = 0;

  constructor(subscribing: Uint8Array, ready: () => void) {
    this.#subscribing = subscribing;
    this.#ready = ready;
  }

  async open(port: number, opening: Uint8Array): Promise<void> {
    await this.socket.open({ port });
    this.socket.send(opening);
    this.socket.flush();
  }

  chunk(): void {}

  frame(socket: RawSocket, bytes: Buffer, start: number): void {
    if (isReply(bytes, start)) {
      if (bytes[start + 1] === OPENING_ID) socket.send(this.#subscribing);
      return;
    }
    this.#snapshots += 1;
    if (this.#snapshots === BOOKS) this.#ready();
  }

  closed(_socket: RawSocket, reason: string): void {
    throw new Error(`An idle session was lost: ${reason}`);
  }
}

export async function idle(options: Options): Promise<Result> {
  const count = options.sockets ?? SESSIONS;
  const server = new ServerProcess(options.database, options.profile);
  const exchange = new Exchange(new Meter());
  let sessions: IdleSession[] = [];
  try {
    await server.start();
    await exchange.open(1, server.ports, () => server.token('game'));
    await defineItems({ exchange, server, say }, BOOKS);
    const openings = await openingFrames(server, count);
    await sleep(SETTLE_MS);
    const before = server.rssBytes ?? 0;
    const first = await connect(server.port, openings, DIALLING);
    sessions = first.sessions;
    say(`${count} sessions after ${first.seconds} s`);
    await sleep(SETTLE_MS);
    const resident = (server.rssBytes ?? 0) - before;
    for (const { socket } of sessions) socket.reset();
    const clocks = new Clocks(server.parts);
    clocks.start();
    const storm = await connect(server.port, openings, count);
    clocks.stop();
    sessions = storm.sessions;
    for (const { socket } of sessions) socket.reset();
    exchange.close();
    await server.stop();
    return {
      ...NOTHING,
      scenario: 'idle',
      database: options.database,
      sockets: count,
      seconds: storm.seconds,
      commands: count,
      commandsPerSecond: Math.round(count / storm.seconds),
      audit: (await isSound(server, [], exchange)) ? 'ok' : 'FAILED',
      ...clocks.used(),
      more: {
        bytesPerSession: Math.round(resident / count),
        connectSeconds: first.seconds,
        allBackSeconds: storm.seconds,
      },
    };
  } finally {
    for (const { socket } of sessions) socket.reset();
    exchange.close();
    await server.remove();
  }
}

/** The first frame of each player, made before any clock runs. */
async function openingFrames(server: ServerProcess, count: number): Promise<Buffer[]> {
  const frames: Buffer[] = [];
  for (let index = 0; index < count; index++) {
    const token = await server.token(nameOf(index), 'standard');
    frames.push(clientFrame(encodeRequest(OPENING_ID, 'session.open', { token })));
  }
  return frames;
}

async function connect(
  port: number,
  openings: readonly Buffer[],
  dialling: number,
): Promise<{ readonly sessions: IdleSession[]; readonly seconds: number }> {
  const channels = Array.from({ length: BOOKS }, (_, book) => `book:${nameOf(book, 'i')}`);
  const subscribing = clientFrame(encodeRequest(2, 'session.subscribe', { channels }));
  let ready = 0;
  let next = 0;
  const sessions: IdleSession[] = [];
  const startedMs = performance.now();
  const dial = async () => {
    while (next < openings.length) {
      const opening = openings[next++] as Buffer;
      const session = new IdleSession(subscribing, () => {
        ready += 1;
      });
      sessions.push(session);
      await session.open(port, opening);
    }
  };
  await Promise.all(Array.from({ length: dialling }, dial));
  await until(() => ready === openings.length, 60_000);
  const seconds = Math.round((performance.now() - startedMs) / 10) / 100;
  return { sessions, seconds };
}
