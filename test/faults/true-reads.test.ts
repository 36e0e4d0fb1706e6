// A read sees everything that was acknowledged, or shown to anybody, before it began: on a single
// server, whatever happens to it and to its database. Clients write and read a few registers all
// the while, and a checker that knows nothing of the server judges what they saw.

import { expect } from 'vitest';
import { Clients } from '../linear/clients.ts';
import { CUTS, FaultProxy } from '../support/fault-proxy.ts';
import { createFaultRealm, onPostgres, sleep, until } from '../support/fault-realm.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { HURRIED } from '../support/judge-windows.ts';
import { OwnPostgres, onOwnPostgres } from '../support/own-postgres.ts';
import { EXIT, processToken, ServerProcess, TAKEOVER } from '../support/server-process.ts';

/** Nobody is held back, and windows outlive every fault. */
const UNHURRIED = { ...HURRIED, WINDOW_GRACE_MS: '600000', SOCKETS_PER_PLAYER_MAX: '20' };
const READS = ['wallet.get', 'listings.get', 'market.book', 'windows.get'] as const;
const ENOUGH = 15;

onOwnPostgres(
  'no read shows the past: kill -9, crashes of Postgres, lost appends, a server frozen and deposed',
  { timeout: 120_000 },
  async () => {
    const postgres = await OwnPostgres.start();
    const proxy = await FaultProxy.before(postgres.url);
    const realm = await createFaultRealm({ ...UNHURRIED, DATABASE_URL: proxy.url }, postgres.url);
    let servers = [await ServerProcess.start(realm.environment)];
    const living = () => servers.filter(server => !server.hasEnded).map(({ port }) => port);
    const clients = new Clients(71, living);
    await clients.start();
    const go = async () => {
      for (const command of READS) await clients.more(command, ENOUGH);
    };
    await go();
    for (let crash = 0; crash < 2; crash++) {
      await postgres.stop('SIGQUIT');
      await sleep(100);
      await postgres.begin();
      await go();
    }
    for (const cut of CUTS) {
      const { cuts } = proxy;
      proxy.cutNext(cut);
      await until(() => proxy.cuts > cuts, 'an append is cut');
      await go();
    }
    proxy.cutAll();
    await go();
    await servers[0]?.kill('SIGKILL');
    servers = [await ServerProcess.start(realm.environment)];
    await go();
    const [frozen] = servers as [ServerProcess];
    frozen.signal('SIGSTOP');
    const next = await ServerProcess.start(realm.environment, TAKEOVER);
    servers = [frozen, next];
    await clients.more('wallet.get', ENOUGH);
    await sleep(1_000);
    frozen.signal('SIGCONT');
    expect((await frozen.exit).code).toBe(EXIT.deposed);
    await go();
    await clients.stop();
    console.log(JSON.stringify([...clients.counts]));
    expect(clients.judge()).toEqual([]);
    expect(clients.counts.get('snapshot coins')).toBeGreaterThan(10);
    expect(clients.counts.get('snapshot price')).toBeGreaterThan(10);
    expect(clients.counts.get('snapshot revision')).toBeGreaterThan(10);
  },
);

onPostgres(
  'an idle server that was frozen and deposed shows nothing of its past, neither book nor wallet',
  { timeout: 60_000 },
  async () => {
    const realm = await createFaultRealm();
    const first = await ServerProcess.start(realm.environment);
    const token = await processToken('game');
    const books: unknown[] = [];
    const sleeper = await JudgeSocket.open(first.port, token, event => {
      if (event.channel === 'book:ore') books.push(event);
    });
    await sleeper.ask('items.define', { item: 'ore', kind: 'commodity' });
    await sleeper.ask('wallet.grant', { player: 'ann', asset: 'ore', quantity: 9 });
    const offer = { item: 'ore', quantity: 1, price: 5 };
    await sleeper.ask('listings.create', offer, { player: 'ann' });
    await sleep(1_500);
    first.signal('SIGSTOP');
    const second = await ServerProcess.start(realm.environment, TAKEOVER);
    const elsewhere = await JudgeSocket.open(second.port, token);
    await elsewhere.ask('listings.create', { ...offer, price: 4 }, { player: 'ann' });
    const asked = [
      sleeper.tell(1, 'market.book', { item: 'ore' }),
      sleeper.tell(2, 'session.subscribe', { channels: ['book:ore', 'me'] }),
      sleeper.tell(3, 'wallet.get', { player: 'ann' }),
      sleeper.tell(4, 'market.ticker', { item: 'ore' }),
    ];
    first.signal('SIGCONT');
    const [book, , wallet, ticker] = await Promise.all(asked);
    expect(['unavailable', undefined]).toContain(book?.outcome);
    expect(['unavailable', undefined]).toContain(ticker?.outcome);
    if (wallet?.outcome === 'ok') {
      expect(wallet.body.balances).toContainEqual(expect.objectContaining({ available: 7 }));
    }
    expect(books).toEqual([]);
    expect((await first.exit).code).toBe(EXIT.deposed);
  },
);
