// A TCP proxy whose two directions can be held apart from each other, as a network does that loses
// packets one way: bytes wait and nobody is told. It can also forget its connections: then nothing
// ever moves in them again, though both ends take them for open; new ones are as good as any.

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export const DIRECTIONS = ['to the server', 'to the client'] as const;
export type Direction = (typeof DIRECTIONS)[number];

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

export class OneWayProxy {
  readonly #listener: Server;
  readonly #port: number;
  readonly #pairs = new Set<Pair>();
  readonly #forgotten = new Set<Pair>();
  readonly #held = new Set<Direction>();

  private constructor(port: number) {
    this.#port = port;
    this.#listener = createServer(client => this.#accept(client));
  }

  /** A proxy before a local port, until the test is over. */
  static async before(port: number): Promise<OneWayProxy> {
    const proxy = new OneWayProxy(port);
    await new Promise<void>(resolve => proxy.#listener.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      for (const pair of [...proxy.#pairs, ...proxy.#forgotten]) end(pair);
      await new Promise<void>(resolve => proxy.#listener.close(() => resolve()));
    });
    return proxy;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** From now on nothing moves in this direction, in new connections neither. */
  hold(direction: Direction): void {
    this.#held.add(direction);
    for (const pair of this.#pairs) this.#apply(pair);
  }

  /** What was held moves on. */
  heal(): void {
    this.#held.clear();
    for (const pair of this.#pairs) this.#apply(pair);
  }

  /** Nothing ever moves again in the connections that there are. */
  forget(): void {
    for (const pair of this.#pairs) {
      pair.client.pause();
      pair.server.pause();
      this.#forgotten.add(pair);
    }
    this.#pairs.clear();
  }

  #accept(client: Socket): void {
    const pair = { client, server: connect(this.#port, '127.0.0.1') };
    this.#pairs.add(pair);
    const { server } = pair;
    client.on('data', chunk => server.write(chunk));
    server.on('data', chunk => client.write(chunk));
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        if (this.#pairs.delete(pair) || this.#forgotten.delete(pair)) end(pair);
      });
    }
    this.#apply(pair);
  }

  #apply({ client, server }: Pair): void {
    if (this.#held.has('to the server')) client.pause();
    else client.resume();
    if (this.#held.has('to the client')) server.pause();
    else server.resume();
  }
}

function end({ client, server }: Pair): void {
  client.destroy();
  server.destroy();
}
