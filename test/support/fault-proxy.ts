// A TCP proxy between the server and Postgres that knows whose connection is whose (by the name in
// the startup packet) and cuts the one of the journal around the commit of an append: before the
// insert arrives, in the middle of it, after it was handed over but before any answer, and after
// the answer was given but before it is passed on. It can also be away, or freeze.

import { connect, createServer, type Server, type Socket } from 'node:net';
import pg from 'pg';
import { onTestFinished } from 'vitest';

export const CUTS = ['before', 'within', 'unanswered', 'answered'] as const;
export type Cut = (typeof CUTS)[number];

const JOURNAL = 'tradepost journal';
const APPEND = 'journal_append';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  name: string;
}

export class FaultProxy {
  readonly #target: pg.Client;
  readonly #listener: Server;
  readonly #pairs = new Set<Pair>();
  #isAway = false;
  #isFrozen = false;
  #cut: Cut | null = null;
  /** Cuts made so far. */
  cuts = 0;

  private constructor(target: pg.Client) {
    this.#target = target;
    this.#listener = createServer(client => this.#accept(client));
  }

  /** A proxy before the server of `url`, until the test is over. */
  static async before(url: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(new pg.Client(url));
    await new Promise<void>(resolve => {
      proxy.#listener.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(() => proxy.close());
    return proxy;
  }

  /** The database as it is reached through here. */
  get url(): string {
    const address = this.#listener.address();
    if (address === null || typeof address === 'string') throw new Error('The proxy is closed.');
    const { user, password, database } = this.#target;
    const login = [user ?? 'postgres', password ?? ''].map(encodeURIComponent).join(':');
    return `postgres://${login}@127.0.0.1:${address.port}/${database}`;
  }

  /** Cuts the next append of the journal. */
  cutNext(cut: Cut): void {
    this.#cut = cut;
  }

  /** Cuts every connection whose name begins so. */
  cutAll(name = ''): void {
    for (const pair of [...this.#pairs]) if (pair.name.startsWith(name)) this.#end(pair);
  }

  /** From now on the database can't be reached. */
  goAway(): void {
    this.#isAway = true;
    this.cutAll();
  }

  /** Connections stay, and nothing moves in them; new ones are not answered. */
  freeze(): void {
    this.#isFrozen = true;
    for (const { client, server } of this.#pairs) {
      client.pause();
      server.pause();
    }
  }

  /** Ends {@link goAway} and {@link freeze}. */
  comeBack(): void {
    this.#isAway = false;
    this.#isFrozen = false;
    for (const { client, server } of this.#pairs) {
      client.resume();
      server.resume();
    }
  }

  async close(): Promise<void> {
    this.goAway();
    await new Promise(resolve => this.#listener.close(resolve));
  }

  #accept(client: Socket): void {
    client.on('error', () => {});
    if (this.#isAway) {
      client.resetAndDestroy();
      return;
    }
    const { host, port } = this.#target;
    // A host that is a folder has the server's Unix socket in it.
    const server = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    server.on('error', () => {});
    const pair: Pair = { client, server, name: '' };
    this.#pairs.add(pair);
    let isAppending = false;
    client.on('data', chunk => {
      if (pair.name === '') pair.name = nameIn(chunk);
      const cut = this.#cutFor(pair, chunk);
      if (cut === null) server.write(chunk);
      else if (cut === 'before') this.#made(pair);
      else if (cut === 'within') {
        server.write(chunk.subarray(0, chunk.length >> 1), () => this.#made(pair));
      } else if (cut === 'unanswered') server.write(chunk, () => this.#made(pair));
      else {
        isAppending = true;
        server.write(chunk);
      }
    });
    server.on('data', chunk => {
      if (isAppending && chunk.includes('INSERT 0')) this.#made(pair);
      else client.write(chunk);
    });
    client.on('close', () => this.#end(pair));
    server.on('close', () => this.#end(pair));
    if (this.#isFrozen) {
      client.pause();
      server.pause();
    }
  }

  #cutFor(pair: Pair, chunk: Buffer): Cut | null {
    if (this.#cut === null || pair.name !== JOURNAL || !chunk.includes(APPEND)) return null;
    const cut = this.#cut;
    this.#cut = null;
    return cut;
  }

  #made(pair: Pair): void {
    this.cuts++;
    this.#end(pair);
  }

  #end(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return;
    pair.client.resetAndDestroy();
    // What was handed over arrives; Postgres then finds that nobody is there any more.
    pair.server.end();
    pair.server.resume();
  }
}

/** The application name in a startup packet; empty in any other. */
function nameIn(chunk: Buffer): string {
  const text = chunk.toString('latin1');
  const at = text.indexOf('application_name\0');
  if (at < 0) return '';
  const start = at + 'application_name\0'.length;
  return text.slice(start, text.indexOf('\0', start));
}
