// A gateway on a free port with a fake realm behind it, and a client that speaks the wire through
// the `ws` package.

import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import {
  decodeServerFrame,
  encodeRequest,
  type Reply,
  type ServerEvent,
} from '../../protocol/codec.ts';
import type { CommandName, Payload } from '../../protocol/commands/registry.ts';
import type { Role } from '../../protocol/commands/session.ts';
import type { MeEvent } from '../../protocol/events.ts';
import { wallClock } from '../../src/base/clock.ts';
import { createLog, type Log } from '../../src/base/log.ts';
import { type AuthRules, secretVerifier, type TokenVerifier } from '../../src/gateway/auth.ts';
import { DEFAULT_GATEWAY_CONFIG, type GatewayConfig } from '../../src/gateway/config.ts';
import { createGateway, type Gateway } from '../../src/gateway/gateway.ts';
import { signToken } from '../../src/gateway/token.ts';
import { FakeEnds } from './fake-ends.ts';
import { FakeRealm } from './fake-realm.ts';

export const SECRET = 'a secret of the tests, thirty-two bytes or more';

export interface Fixture {
  readonly gateway: Gateway;
  readonly realm: FakeRealm;
  readonly ends: FakeEnds;
  readonly port: number;
  readonly opsPort: number;
  /** Connects without opening a session. */
  connect(options?: { path?: string; headers?: Record<string, string> }): Promise<TestClient>;
  /** Connects and opens. */
  enter(player: string, role?: Role): Promise<TestClient>;
  token(player: string, role?: Role, expiresInSeconds?: number): Promise<string>;
}

export interface FixtureOptions {
  readonly config?: Partial<GatewayConfig>;
  readonly rules?: AuthRules;
  readonly verifier?: TokenVerifier;
  readonly attach?: boolean;
  readonly log?: Log;
}

/** Starts a gateway for one test; it is closed when the test is over. */
export async function startGateway(options: FixtureOptions = {}): Promise<Fixture> {
  const config = { ...DEFAULT_GATEWAY_CONFIG, sweepMs: 50, ...options.config };
  const verifier =
    options.verifier ?? (await secretVerifier(SECRET, options.rules ?? {}, wallClock));
  const log = options.log ?? createLog('silent');
  const gateway = createGateway({ config, verifier, clock: wallClock, log });
  const realm = new FakeRealm();
  const ends = new FakeEnds();
  if (options.attach !== false) gateway.attach(realm, ends);
  const { port } = await gateway.listen('127.0.0.1', 0);
  const { port: opsPort } = await gateway.listenOps('127.0.0.1', 0);
  const clients: TestClient[] = [];
  onTestFinished(async () => {
    for (const client of clients) client.terminate();
    await sleep(10);
    await gateway.close('restarting');
  });
  const token = (player: string, role: Role = 'standard', expiresInSeconds = 600) =>
    signToken(SECRET, { player, role, expiresInSeconds });
  const connect: Fixture['connect'] = async (how = {}) => {
    const client = await TestClient.connect(port, how);
    clients.push(client);
    return client;
  };
  const enter: Fixture['enter'] = async (player, role = 'standard') => {
    const client = await connect();
    const reply = await client.ask('session.open', { token: await token(player, role) });
    if (reply.outcome !== 'ok') throw new Error(`session.open: ${JSON.stringify(reply.body)}`);
    return client;
  };
  return { gateway, realm, ends, port, opsPort, connect, enter, token };
}

interface Ended {
  readonly code: number;
  readonly reason: string;
}

export class TestClient {
  readonly events: ServerEvent[] = [];
  readonly replies: Reply[] = [];
  /** Frames that were neither, as bytes. */
  readonly others: Buffer[] = [];
  /** Resolves when the socket is closed, by whomever. */
  readonly ended: Promise<Ended>;
  readonly #socket: WebSocket;
  #watchers: (() => void)[] = [];
  #nextId = 1;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (bytes: Buffer) => {
      const frame = decodeServerFrame(new Uint8Array(bytes));
      if (frame === null) this.others.push(bytes);
      else if (frame.type === 'reply') this.replies.push(frame);
      else this.events.push(frame);
      this.#notify();
    });
    socket.on('error', () => {});
    this.ended = new Promise(resolve => {
      socket.on('close', (code: number, reason: Buffer) => {
        resolve({ code, reason: reason.toString() });
        this.#notify();
      });
    });
  }

  static connect(
    port: number,
    { path = '/ws', headers = {} }: { path?: string; headers?: Record<string, string> },
  ): Promise<TestClient> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, {
      headers,
      perMessageDeflate: true,
    });
    const client = new TestClient(socket);
    return new Promise((resolve, reject) => {
      socket.on('open', () => resolve(client));
      socket.on('unexpected-response', (_request, response) => {
        reject(new Error(`status ${response.statusCode}`));
      });
      socket.on('error', reject);
    });
  }

  get extensions(): string {
    return this.#socket.extensions;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Sends a command and waits for its reply. */
  async ask<Name extends CommandName>(
    command: Name,
    payload: Payload<Name>,
    more: { key?: string; player?: string } = {},
  ): Promise<Reply> {
    return this.replyTo(this.tell(command, payload, more));
  }

  /** Sends a command and returns its id. */
  tell<Name extends CommandName>(
    command: Name,
    payload: Payload<Name>,
    more: { key?: string; player?: string } = {},
  ): number {
    const id = this.#nextId++;
    this.send(encodeRequest(id, command, payload, more));
    return id;
  }

  async replyTo(id: number): Promise<Reply> {
    await this.until(() => this.replies.some(reply => reply.id === id));
    return this.replies.find(reply => reply.id === id) as Reply;
  }

  send(frame: Uint8Array | string): void {
    this.#socket.send(frame);
  }

  ping(): void {
    this.#socket.ping();
  }

  /** Stops reading from the socket until {@link TestClient.resume}. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.close();
  }

  terminate(): void {
    this.#socket.terminate();
  }

  eventsOn(channel: string): ServerEvent[] {
    return this.events.filter(event => event.channel === channel);
  }

  /** Waits for `count` events on a channel and returns them all. */
  async received(channel: string, count: number): Promise<ServerEvent[]> {
    await this.until(() => this.eventsOn(channel).length >= count);
    return this.eventsOn(channel);
  }

  /** Waits until something holds; looks whenever a frame or the end has come. */
  async until(holds: () => boolean, timeoutMs = 5_000): Promise<void> {
    const endsAtMs = Date.now() + timeoutMs;
    while (!holds()) {
      const leftMs = endsAtMs - Date.now();
      if (leftMs <= 0) throw new Error(`waited in vain for ${holds}`);
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, Math.min(leftMs, 100));
        this.#watchers.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #notify(): void {
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const watcher of watchers) watcher();
  }
}

/** A private event in which nothing but its time is told. */
export function emptyEvent(atMs: number): MeEvent {
  return { atMs, balances: [], orders: [], trades: [], offers: [], windows: [] };
}

export function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
