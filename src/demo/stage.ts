// What a story is played on: a server of its own, on a folder that is thrown away afterwards, and
// traders who are connected to it by real sockets with the TypeScript client.

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { TradeClient } from '../../protocol/client.ts';
import type { ClientState, SocketConstructor } from '../../protocol/client-options.ts';
import { decodeServerFrame } from '../../protocol/codec.ts';
import type { Role } from '../../protocol/commands/session.ts';
import { assert } from '../base/assert.ts';
import { createLog } from '../base/log.ts';
import { type Config, readConfig } from '../config.ts';
import { signToken } from '../gateway/token.ts';
import { signingSecret } from '../identity.ts';
import { type Server, startServer } from '../server.ts';
import { StoryError } from './teller.ts';

const TOKEN_LIFE_SECONDS = 600;
const PATIENCE_MS = 8_000;
const POLL_MS = 5;

/** Somebody with a connection, and every frame that it brought. */
export interface Trader {
  readonly name: string;
  readonly client: TradeClient;
  readonly frames: Uint8Array[];
}

export class Stage {
  readonly #folder: string;
  readonly #traders: Trader[] = [];
  readonly #settings: Readonly<Record<string, string>>;
  #server: Server | null = null;
  #failure: string | null = null;

  private constructor(folder: string, settings: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.#settings = settings;
  }

  /** Starts a server on an empty folder. `settings` are variables of src/config.ts. */
  static async open(settings: Readonly<Record<string, string>>): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'tradepost-demo-'));
    const ports = { PORT: String(await freePort()), OPS_PORT: '0' };
    const stage = new Stage(folder, { ...settings, ...ports });
    try {
      await stage.start();
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  get server(): Server {
    assert(this.#server !== null, 'a stage has a server while it is played on');
    return this.#server;
  }

  get config(): Config {
    return readConfig({ LOG_LEVEL: 'error', ...this.#settings, DATA_DIR: this.#folder });
  }

  /** Starts the server, each time on the same port, so that the traders find it again. */
  async start(): Promise<void> {
    const { config } = this;
    this.#server = await startServer({
      config,
      log: createLog(config.logLevel),
      failed: message => {
        this.#failure = message;
      },
    });
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = null;
  }

  /** Connects somebody. He connects again by himself whenever the server was away. */
  async enter(name: string, role: Role = 'standard'): Promise<Trader> {
    const secret = await signingSecret(this.config);
    const frames: Uint8Array[] = [];
    let end: string | undefined;
    const client = new TradeClient({
      url: `ws://127.0.0.1:${this.server.port}/ws`,
      token: () => signToken(secret, { player: name, role, expiresInSeconds: TOKEN_LIFE_SECONDS }),
      WebSocket: recording(frames),
      backoffBaseMs: 50,
      backoffMaxMs: 500,
      onState: (state: ClientState, reason) => {
        if (state === 'closed') end = reason;
      },
    });
    const trader = { name, client, frames };
    this.#traders.push(trader);
    await client.connect();
    if (end !== undefined) throw new StoryError(`${name} was sent away: ${end}`);
    return trader;
  }

  /** Waits until `isSo`, a few seconds at most. */
  async until(what: string, isSo: () => boolean): Promise<void> {
    const giveUpAtMs = performance.now() + PATIENCE_MS;
    while (!isSo()) {
      if (this.#failure !== null) throw new StoryError(this.#failure);
      if (performance.now() > giveUpAtMs) throw new StoryError(`It never came: ${what}.`);
      await new Promise(resolve => setTimeout(resolve, POLL_MS));
    }
  }

  /** Everybody leaves. */
  dismiss(): void {
    for (const { client } of this.#traders.splice(0)) client.close();
  }

  /** Leaves nothing behind: no socket, no process, no folder. */
  async close(): Promise<void> {
    this.dismiss();
    try {
      await this.stop();
    } finally {
      await rm(this.#folder, { recursive: true, force: true });
    }
  }
}

/**
 * A port that nobody has. The system would give one for port 0, but to the first start only, and
 * not again while its closed connections linger.
 */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** A WebSocket that keeps the frames it receives. */
function recording(frames: Uint8Array[]): SocketConstructor {
  return class extends WebSocket {
    constructor(url: string) {
      super(url);
      this.addEventListener('message', ({ data }) => {
        if (data instanceof ArrayBuffer) frames.push(new Uint8Array(data.slice(0)));
      });
    }
  };
}

const ONE_BYTE_ID_MAX = 0x7f;

/** The bytes of the last reply that a trader received, from its outcome on: without its id. */
export function lastReply(trader: Trader): Uint8Array {
  const frame = trader.frames.findLast(bytes => decodeServerFrame(bytes)?.type === 'reply');
  assert(frame !== undefined, 'a reply was received');
  assert((frame[1] as number) <= ONE_BYTE_ID_MAX, 'the id of the reply is one byte');
  return frame.subarray(2);
}
