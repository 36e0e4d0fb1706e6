// A server for tests of the client: real sockets, and replies that the test decides on. Every frame
// from the client is decoded strictly, so a client that sends nonsense fails its test.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { decodeRequest, encodeEvent, encodeReply, type Request } from '../../protocol/codec.ts';
import type { EventKind } from '../../protocol/events.ts';
import type { Outcome } from '../../protocol/rejects.ts';

/** One connection of the client. */
export class Peer {
  readonly requests: Request[] = [];
  readonly socket: WebSocket;

  constructor(socket: WebSocket) {
    this.socket = socket;
  }

  reply(id: number, outcome: Outcome, body: object): void {
    this.socket.send(encodeReply(id, outcome, body));
  }

  event(
    channel: string,
    kind: EventKind,
    previousSequence: number,
    sequence: number,
    data: unknown,
    epoch = 1,
  ): void {
    this.socket.send(encodeEvent(channel, epoch, sequence, previousSequence, kind, data));
  }
}

/** Answers a request, and says whether it did; what is not answered here gets the usual answer. */
export type Script = (request: Request, peer: Peer) => boolean;

export class ScriptedServer {
  readonly peers: Peer[] = [];
  /** Everything the client sent, over all connections. */
  readonly requests: Request[] = [];
  script: Script = () => false;
  tokenLifeMs = 3_600_000;
  readonly port: number;
  readonly #server: WebSocketServer;

  private constructor(server: WebSocketServer) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', socket => this.#accept(socket));
  }

  static async start(port = 0): Promise<ScriptedServer> {
    const server = new WebSocketServer({ port, host: '127.0.0.1' });
    await once(server, 'listening');
    return new ScriptedServer(server);
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** The connection that was made last. */
  get peer(): Peer {
    return this.peers.at(-1) as Peer;
  }

  sent(command: string): Request[] {
    return this.requests.filter(request => request.command === command);
  }

  async stop(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(socket: WebSocket): void {
    const peer = new Peer(socket);
    this.peers.push(peer);
    socket.on('message', (bytes: Buffer) => {
      const request = decodeRequest(new Uint8Array(bytes));
      if (!request.ok) throw new Error(`the client sent a bad frame: ${request.message}`);
      peer.requests.push(request);
      this.requests.push(request);
      if (!this.script(request, peer)) this.#answer(request, peer);
    });
  }

  #answer(request: Request, peer: Peer): void {
    switch (request.command) {
      case 'session.open':
        peer.reply(request.id, 'ok', this.session(false));
        return;
      case 'session.ping':
        peer.reply(request.id, 'ok', { serverTimeMs: Date.now() });
        return;
      case 'session.subscribe':
      case 'session.resync':
      case 'session.unsubscribe':
        peer.reply(request.id, 'ok', request.payload);
        return;
      default:
        peer.reply(request.id, 'rejected', { code: 'ITEM_NOT_FOUND', message: 'not scripted' });
    }
  }

  /** The answer to session.open. */
  session(resumed: boolean): object {
    const serverTimeMs = Date.now();
    return {
      player: 'alice',
      role: 'standard',
      protocol: 1,
      realm: 'test',
      epoch: 1,
      serverTimeMs,
      expiresAtMs: serverTimeMs + this.tokenLifeMs,
      budget: null,
      resumed,
    };
  }
}
