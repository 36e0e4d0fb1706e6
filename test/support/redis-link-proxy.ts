// A proxy before Redis that knows the links of a node apart, by the names that they give to
// themselves (src/cluster/links.ts), and cuts those of one use, or lets nothing of theirs reach
// Redis, while the others go on.

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export type LinkUse = 'commands' | 'reading' | 'listening';

const NAME = /tradepost:[\w.-]+:(commands|reading|listening)/;

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  use: LinkUse | null;
}

export class RedisLinkProxy {
  readonly #listener: Server;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #pairs = new Set<Pair>();
  readonly #refused = new Set<LinkUse>();
  readonly #url: string;

  private constructor(url: string) {
    const { hostname: host, port } = new URL(url);
    this.#url = url;
    this.#target = { host, port: Number(port || 6379) };
    this.#listener = createServer(client => this.#accept(client));
  }

  /** A proxy before the Redis of `url`, until the test is over. */
  static async before(url: string): Promise<RedisLinkProxy> {
    const proxy = new RedisLinkProxy(url);
    await new Promise<void>(resolve => proxy.#listener.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      for (const pair of proxy.#pairs) end(pair);
      await new Promise<void>(resolve => proxy.#listener.close(() => resolve()));
    });
    return proxy;
  }

  /** The Redis as it is reached through here. */
  get url(): string {
    const url = new URL(this.#url);
    url.hostname = '127.0.0.1';
    url.port = String((this.#listener.address() as AddressInfo).port);
    return url.href;
  }

  /** Cuts the links of this use, and every new one as soon as it says its name. */
  refuse(use: LinkUse): void {
    this.#refused.add(use);
    for (const pair of this.#pairs) if (pair.use === use) end(pair);
  }

  /** Nothing that is sent on the links of this use, as they are now, ever reaches Redis. */
  swallow(use: LinkUse): void {
    for (const pair of this.#pairs) if (pair.use === use) pair.client.pause();
  }

  allow(use: LinkUse): void {
    this.#refused.delete(use);
  }

  #accept(client: Socket): void {
    const pair: Pair = { client, server: connect(this.#target), use: null };
    this.#pairs.add(pair);
    const { server } = pair;
    client.on('data', chunk => {
      pair.use ??= (NAME.exec(chunk.toString('latin1'))?.[1] as LinkUse | undefined) ?? null;
      if (pair.use !== null && this.#refused.has(pair.use)) end(pair);
      else server.write(chunk);
    });
    server.on('data', chunk => client.write(chunk));
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#pairs.delete(pair);
        end(pair);
      });
    }
  }
}

function end({ client, server }: Pair): void {
  client.destroy();
  server.destroy();
}
