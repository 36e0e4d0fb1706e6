// A server with no configuration at all, as somebody has it who types `npm start`: real processes
// on the embedded database.

import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { TradeClient } from '../../protocol/client.ts';
import { CLOSES } from '../../protocol/closes.ts';
import { connect, type Database, discard } from '../../src/database/connection.ts';
import { startEmbedded } from '../../src/database/embedded.ts';
import { quiet } from '../support/postgres.ts';
import { EXIT, processToken, ServerProcess, temporaryFolder } from '../support/server-process.ts';
import { testKey } from '../support/test-key.ts';

const STOP_MS_MAX = 10_000;

async function enter(port: number): Promise<TradeClient> {
  const url = `ws://127.0.0.1:${port}/ws`;
  const client = new TradeClient({ url, token: await processToken('game'), WebSocket });
  await client.connect();
  return client;
}

/** The code that a socket is closed with. */
function closeCode(socket: WebSocket): Promise<number> {
  return new Promise(resolve => socket.once('close', resolve));
}

/** Runs statements on the tables of a server that was stopped; each must touch a row. */
async function sqlIn(folder: string, ...statements: string[]): Promise<void> {
  const embedded = await startEmbedded(folder, quiet);
  const database: Database = { address: embedded.address, schema: 'realm_main' };
  const options = { name: 'test', statementTimeoutMs: 10_000 };
  const client = await connect(database, options, () => {});
  try {
    for (const text of statements) expect((await client.query(text)).rowCount).toBeGreaterThan(0);
  } finally {
    discard(client);
    await embedded.close();
  }
}

async function audit(folder: string): Promise<{ code: number | null; output: string }> {
  const child = new ServerProcess({ DATA_DIR: folder }, ['audit']);
  const { code } = await child.exit;
  return { code, output: child.output };
}

describe('the embedded server', { timeout: 120_000 }, () => {
  it('says where it listens, where its data is and how safe, how to get a token', async () => {
    const folder = await temporaryFolder();
    const nothing = await audit(folder);
    expect(nothing.code).toBe(1);
    expect(nothing.output).toContain('No server ever ran the realm "main" here: nothing to audit.');

    const server = await ServerProcess.start({ DATA_DIR: folder, JWT_SECRET: '' });
    const { output, port } = server;
    expect(output).toMatch(
      /^Tradepost leads the realm "main" \(epoch \d+\), started in \d+\.\d s\.$/m,
    );
    expect(output).toContain(`ws://127.0.0.1:${port}/ws`);
    expect(output).toContain(`http://127.0.0.1:${port}/health /ready\n`);
    expect(output).toContain(`http://127.0.0.1:${server.opsPort}/health /ready /metrics\n`);
    expect(output).toMatch(new RegExp(`data +${folder}, an embedded Postgres`));
    expect(output).toMatch(/crash of the process, not .* loss of power/);
    expect(output).toMatch(/tokens +npm run token -- alice \[--role service\]/);
    expect(output).toMatch(/stop +Ctrl-C/);
    expect(await server.page('/health')).toEqual({ status: 200, text: 'alive\n' });
    expect(await server.page('/ready')).toMatchObject({ status: 200 });
  });

  it('has its folder to itself, stops in time, and has everything when started again', async () => {
    const folder = await temporaryFolder();
    const first = await ServerProcess.start({ DATA_DIR: folder });
    const second = new ServerProcess({ DATA_DIR: folder });
    expect(await second.exit).toEqual({ code: EXIT.held, signal: null });
    expect(second.output).toMatch(/^The data folder .* is in use by process \d+\. Stop that/);
    expect(second.output.trim().split('\n')).toHaveLength(1);
    const early = await audit(folder);
    expect(early.code).toBe(EXIT.held);
    expect(early.output).toMatch(/^The data folder .* is in use by process \d+\./);

    const client = await enter(first.port);
    await client.call('items.define', { item: 'wood', kind: 'commodity' });
    const grant = { player: 'alice', asset: 'wood', quantity: 10 } as const;
    await client.call('wallet.grant', grant, { key: testKey('grant-1') });
    const order = { item: 'wood', quantity: 4, price: 7 } as const;
    await client.call('listings.create', order, { player: 'alice', key: testKey('list-1') });
    client.close();
    const headers = { authorization: `Bearer ${await processToken('alice', 'standard')}` };
    const socket = new WebSocket(`ws://127.0.0.1:${first.port}/ws`, { headers });
    await new Promise(resolve => socket.once('open', resolve));
    const closed = closeCode(socket);
    const stoppedAtMs = performance.now();
    expect(await first.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(performance.now() - stoppedAtMs).toBeLessThan(STOP_MS_MAX);
    expect(first.output).toContain('Stopped. Everything that was acknowledged is kept.');
    expect(await closed).toBe(CLOSES.restarting.code);

    const third = await ServerProcess.start({ DATA_DIR: folder });
    expect(third.epoch).toBeGreaterThan(first.epoch);
    const again = await enter(third.port);
    const { balances } = await again.call('wallet.get', { player: 'alice' });
    expect(balances).toEqual([{ asset: 'wood', location: 'main', available: 6, held: 4 }]);
    const book = await again.call('market.book', { item: 'wood' });
    expect(book.asks).toEqual([[7, 4, 1]]);
    const repeated = await again.call('wallet.grant', grant, { key: testKey('grant-1') });
    expect(repeated.balance.available).toBe(10);
    const after = await again.call('wallet.get', { player: 'alice' });
    expect(after.balances).toEqual(balances);
    again.close();
    expect(await third.kill('SIGINT')).toEqual({ code: 0, signal: null });
  });
});

describe('the audit', { timeout: 120_000 }, () => {
  it('is green after a crash, and names the rules that planted damage breaks', async () => {
    const folder = await temporaryFolder();
    const server = await ServerProcess.start({ DATA_DIR: folder });
    const client = await enter(server.port);
    await client.call('items.define', { item: 'wood', kind: 'commodity' });
    await client.call('wallet.grant', { player: 'alice', asset: 'wood', quantity: 10 });
    await client.call('wallet.grant', { player: 'bob', asset: 'coins', quantity: 100 });
    const move = { from: 'bob', to: 'alice', asset: 'coins', quantity: 9 } as const;
    await client.call('wallet.transfer', move, { key: testKey('move-1') });
    const order = { item: 'wood', quantity: 4, price: 7 } as const;
    await client.call('listings.create', order, { player: 'alice' });
    await client.call('bids.create', { ...order, quantity: 5, price: 8 }, { player: 'bob' });
    client.close();
    // Not stopped in order: the audit itself lets the tables catch up.
    await server.kill('SIGKILL');

    const sound = await audit(folder);
    expect(sound.output).toMatch(/All is well\. \d+ checks in/);
    expect(sound.output).not.toContain('✗');
    expect(sound.code).toBe(0);

    await sqlIn(folder, 'update accounts set available = available + 1 where id = 3');
    const damaged = await audit(folder);
    expect(damaged.code).toBe(1);
    expect(brokenIn(damaged.output)).toEqual([
      'what all accounts have of an asset adds up to zero',
      'each account has what its transfers brought, less what they took',
      'accounts are as the journal has them last',
      'an engine loaded from the tables is sound',
    ]);
    const refused = new ServerProcess({ DATA_DIR: folder });
    expect(await refused.exit).toEqual({ code: EXIT.failed, signal: null });
    expect(refused.output).toContain('The tables are damaged, so the realm is not started.');

    await sqlIn(
      folder,
      'update accounts set available = available - 1 where id = 3',
      `update journal set digest = '' where facts <> ''`,
      'update orders set created_at_ms = created_at_ms + 1',
      'update trades set at_ms = at_ms + 1',
      'update transfers set at_ms = at_ms + 1',
      'update keys set digest = digest + 1',
    );
    const rewritten = await audit(folder);
    expect(rewritten.code).toBe(1);
    expect(brokenIn(rewritten.output)).toEqual([
      'journal rows are whole and follow one another',
      'orders are as the journal has them last',
      'every trade of the journal is in its table',
      'transfers are those of the journal',
      'every remembered answer is in its table',
    ]);
  });
});

/** The checks with a cross. */
function brokenIn(output: string): string[] {
  return [...output.matchAll(/^ {2}✗ (.*?) {2}/gm)].map(match => match[1] as string);
}
