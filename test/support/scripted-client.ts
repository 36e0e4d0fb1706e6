// A client over real sockets and a server that does what the test says: what the tests of the
// client share. Each test gets a server of its own, and leaves no socket behind.

import { afterEach, beforeEach, vi } from 'vitest';
import { WebSocket } from 'ws';
import { TradeClient } from '../../protocol/client.ts';
import type { ClientOptions } from '../../protocol/client-options.ts';
import { type Script, ScriptedServer } from './scripted-server.ts';

export let server: ScriptedServer;
let clients: TradeClient[] = [];

/** The server of the test is from now on another one: stopped with it, too. */
export function replaceServer(by: ScriptedServer): void {
  server = by;
}

/** Call once at the top of a test file. */
export function useScriptedServer(): void {
  beforeEach(async () => {
    server = await ScriptedServer.start();
  });
  afterEach(async () => {
    for (const client of clients) client.close();
    clients = [];
    await server.stop();
  });
}

export function clientWith(options: Partial<ClientOptions> = {}): TradeClient {
  const client = new TradeClient({
    url: server.url,
    token: 'token',
    WebSocket,
    backoffBaseMs: 5,
    backoffMaxMs: 20,
    ...options,
  });
  clients.push(client);
  return client;
}

export async function connected(options: Partial<ClientOptions> = {}): Promise<TradeClient> {
  const client = clientWith(options);
  await client.connect();
  return client;
}

export const until = (what: () => boolean): Promise<unknown> =>
  vi.waitUntil(what, { timeout: 4_000, interval: 2 });

/** Leaves the requests of one command unanswered. */
export const ignoring =
  (command: string): Script =>
  request =>
    request.command === command;

export const buy = { listing: 7, quantity: 1 };
export const bought = { quantity: 1, total: 5, fee: 0, trades: [] };
export const emptyBook = { bids: [], asks: [] };
