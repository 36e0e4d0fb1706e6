// A TCP proxy between a client and a server that cuts the connection on demand: before bytes that
// have a pattern in them reach the server, or after the server's answer to them but before the
// client gets it. It looks at one chunk at a time, so patterns must be short and at the front of a
// packet.

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Cuts at the next chunk from the client that has `pattern`. */
export interface Cut {
  readonly pattern: string;
  /** 'before': the server never gets the chunk. 'after': the client never gets the answer. */
  readonly when: 'before' | 'after';
}

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** Set once a chunk that is to be cut 'after' has gone to the server. */
  isAnswerCut: boolean;
}

export class TcpProxy {
  readonly #server: Server;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #links = new Set<Link>();
  #cuts: Cut[] = [];
  #isRefusing = false;
  /** Each chunk is passed on this much later, in both directions. */
  delayMs = 0;
  /** Cuts that happened. */
  cuts = 0;

  private constructor(target: { host: string; port: number }) {
    this.#target = target;
    this.#server = createServer(client => this.#accept(client));
  }

  static async open(target: { host: string; port: number }): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    await new Promise<void>(resolve => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Each cut happens once, in the order in which they were given. */
  cutAt(cut: Cut): void {
    this.#cuts.push(cut);
  }

  /** Cuts every connection and takes no new one until {@link allow}. */
  refuse(): void {
    this.#isRefusing = true;
    for (const link of this.#links) this.#cut(link);
  }

  allow(): void {
    this.#isRefusing = false;
  }

  async close(): Promise<void> {
    this.refuse();
    await new Promise<void>(resolve => this.#server.close(() => resolve()));
  }

  #accept(client: Socket): void {
    if (this.#isRefusing) {
      client.destroy();
      return;
    }
    const link: Link = { client, server: connect(this.#target), isAnswerCut: false };
    this.#links.add(link);
    for (const socket of [link.client, link.server]) {
      socket.setNoDelay(true);
      socket.on('error', () => this.#cut(link));
      socket.on('close', () => this.#cut(link));
    }
    link.client.on('data', chunk => this.#later(() => this.#toServer(link, chunk)));
    link.server.on('data', chunk => this.#later(() => this.#toClient(link, chunk)));
  }

  #later(pass: () => void): void {
    if (this.delayMs === 0) pass();
    else setTimeout(pass, this.delayMs);
  }

  #toServer(link: Link, chunk: Buffer): void {
    const [cut] = this.#cuts;
    if (cut !== undefined && chunk.includes(cut.pattern)) {
      this.#cuts.shift();
      this.cuts++;
      if (cut.when === 'before') {
        this.#cut(link);
        return;
      }
      link.isAnswerCut = true;
    }
    link.server.write(chunk);
  }

  #toClient(link: Link, chunk: Buffer): void {
    if (link.isAnswerCut) this.#cut(link);
    else link.client.write(chunk);
  }

  #cut(link: Link): void {
    this.#links.delete(link);
    link.client.destroy();
    link.server.destroy();
  }
}
