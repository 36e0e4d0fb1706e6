// Over a line with an MTU of 1500, some delay and 20 Mbit/s, clients that read as fast as they can
// get whatever they asked for, however large it is: none of it is taken for slowness.

import { expect } from 'vitest';
import { createFaultRealm, onPostgres } from '../support/fault-realm.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { processToken, ServerProcess } from '../support/server-process.ts';
import { openSlowLine } from '../support/slow-line.ts';

/** With these names more than two megabytes of balances. */
const INSTANCES = 13_000;
const IN_FLIGHT = 20;

/** What happens on the other end: it follows `me`, then asks for twenty large pages at once. */
const client = (url: string, token: string) => `
  import { WebSocket } from 'ws';
  import { TradeClient } from './dist/protocol/client.js';
  const states = [];
  const client = new TradeClient({
    url: ${JSON.stringify(url)}, token: ${JSON.stringify(token)}, WebSocket,
    onState: state => states.push(state),
  });
  await client.connect();
  const startedMs = performance.now();
  const whole = new Promise(resolve => {
    void client.subscribe('me', event => {
      if (event.kind === 'snapshot') resolve(event.data.balances.length);
    });
  });
  const late = new Promise(resolve => setTimeout(resolve, 30_000, 'late'));
  const balances = await Promise.race([whole, late]);
  const tookMs = Math.round(performance.now() - startedMs);
  const pages = await Promise.all(Array.from({ length: ${IN_FLIGHT} }, () =>
    client.request('wallet.get', { limit: 200 })));
  const read = pages.filter(({ outcome }) => outcome === 'ok').length;
  console.log(JSON.stringify({ balances, tookMs, read, states }));
  client.close();
  process.exit(0);
`;

onPostgres(
  'a player who owns thousands of instances gets all of them, and what they ask for, on one socket',
  { timeout: 120_000 },
  async context => {
    const line = openSlowLine();
    if (line === null) {
      context.skip('This machine does not permit network namespaces.');
      return;
    }
    const { environment } = await createFaultRealm({ HOST: '0.0.0.0' });
    const server = await ServerProcess.start(environment);
    const game = await JudgeSocket.open(server.port, await processToken('game'));
    await game.ask('items.define', { item: 'i'.repeat(60), kind: 'unique' });
    for (let first = 0; first < INSTANCES; first += 500) {
      const asked = Array.from({ length: 500 }, (_, n) => {
        const asset = `${'i'.repeat(60)}#${String(first + n).padStart(32, 's')}`;
        return game.ask('wallet.grant', { player: 'rich', asset, quantity: 1 });
      });
      for (const { outcome } of await Promise.all(asked)) expect(outcome).toBe('ok');
    }
    const url = `ws://${line.host}:${server.port}/ws`;
    const { output } = await line.run(client(url, await processToken('rich', 'premium')));
    const seen = JSON.parse(output) as { balances: number; states: string[]; read: number };
    expect(seen).toMatchObject({ balances: INSTANCES, read: IN_FLIGHT });
    // Connected once, and never again.
    expect(seen.states).toEqual(['connecting', 'open']);
  },
);
