// A realm that the version before could not go on with: this version starts on it, sets aside what
// the tables cannot take, halts what depends on it, goes on with everything else, names it in the
// audit, and settles it. With real processes, on a server and on the embedded database.

import { randomBytes } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { TradeClient } from '../../protocol/client.ts';
import type { CommandName, Payload } from '../../protocol/commands/registry.ts';
import { connect, type Database, discard, withClient } from '../../src/database/connection.ts';
import { startEmbedded } from '../../src/database/embedded.ts';
import { MENDED, poison } from '../support/poisoned-realm.ts';
import { quiet, serverAt, serverUrl } from '../support/postgres.ts';
import {
  type Environment,
  processToken,
  ServerProcess,
  temporaryFolder,
} from '../support/server-process.ts';

const OPTIONS = { name: 'test', statementTimeoutMs: 10_000 };

/** Where a realm is, and a way to its tables while no server runs. */
interface Place {
  readonly environment: Environment;
  within<Outcome>(work: (database: Database) => Promise<Outcome>): Promise<Outcome>;
}

async function onServer(): Promise<Place> {
  const name = `poisoned_${randomBytes(4).toString('hex')}`;
  const url = serverUrl as string;
  const database: Database = { address: serverAt(url), schema: `realm_${name}` };
  onTestFinished(async () => {
    const client = await connect(database, OPTIONS, () => {});
    await client.query(`drop schema if exists ${database.schema} cascade`);
    discard(client);
  });
  const folder = await temporaryFolder();
  const environment = { REALM: name, DATABASE_URL: url, DATA_DIR: folder };
  return { environment, within: work => work(database) };
}

async function embedded(): Promise<Place> {
  const folder = await temporaryFolder();
  return {
    environment: { DATA_DIR: folder },
    within: async work => {
      const { address, close } = await startEmbedded(folder, quiet);
      try {
        return await work({ address, schema: 'realm_main' });
      } finally {
        await close();
      }
    },
  };
}

const PLACES = [
  ['Postgres', onServer],
  ['the embedded database', embedded],
] as const;

async function enter(server: ServerProcess, player: string): Promise<TradeClient> {
  const url = `ws://127.0.0.1:${server.port}/ws`;
  const token = await processToken(player, 'standard');
  const client = new TradeClient({ url, token, WebSocket });
  onTestFinished(() => client.close());
  await client.connect();
  return client;
}

async function run(
  place: Place,
  ...args: string[]
): Promise<{ code: number | null; text: string }> {
  const process = new ServerProcess(place.environment, args);
  const { code } = await process.exit;
  return { code, text: process.output };
}

async function quarantined(server: ServerProcess): Promise<unknown> {
  const { status, text } = await server.page('/ready');
  expect(status).toBe(200);
  return (JSON.parse(text) as { quarantined: number }).quarantined;
}

/** 'ok', or the code of the refusal. */
async function answer<Name extends CommandName>(
  client: TradeClient,
  { command, payload }: { readonly command: Name; readonly payload: Payload<Name> },
): Promise<string> {
  const reply = await client.request(command, payload);
  return reply.outcome === 'ok' ? 'ok' : String(reply.body.code);
}

const take = (offer: number) => ({ command: 'offers.accept', payload: { offer } }) as const;

describe.each(serverUrl === null ? PLACES.slice(1) : PLACES)(
  'a poisoned realm on %s',
  (_, make) => {
    it('starts, goes on, is named and is mended', { timeout: 240_000 }, async () => {
      const place = await make();
      await place.within(poison);

      const first = await ServerProcess.start(place.environment);
      await expect.poll(() => quarantined(first), { timeout: 10_000 }).toBe(1);
      const bob = await enter(first, 'bob');
      expect(await answer(bob, take(1))).toBe('MARKET_HALTED');
      expect(await answer(bob, { command: 'offers.get', payload: { offer: 1 } })).toBe(
        'OFFER_NOT_FOUND',
      );
      expect(await answer(bob, take(2))).toBe('ok');
      const { balances } = await bob.call('wallet.get', { asset: 'ore' });
      expect(balances).toMatchObject([{ available: 5, held: 0 }]);
      expect((await first.page('/metrics')).text).toContain('tradepost_quarantined_facts 1');
      expect(first.output).toContain('a fact is set aside');
      if (place.environment.DATABASE_URL !== undefined) {
        const refused = await run(place, 'repair', '--quarantine');
        expect(refused).toMatchObject({ code: 1, text: expect.stringContaining('Stop it') });
      }
      await first.kill('SIGTERM');

      // The journal is pruned meanwhile: the quarantine is the record.
      await place.within(database =>
        withClient(database, OPTIONS, client =>
          client.query(
            'delete from realm.journal where position < (select max(position) from realm.journal)',
          ),
        ),
      );
      const named = await run(place, 'audit');
      expect(named.code).toBe(1);
      expect(named.text).toMatch(/✗ the tables have taken every fact of the journal +1 set aside/);
      expect(named.text).toMatch(/offer 1 of sequence 5, position 6: 22021 /);
      expect(named.text).toContain('✓ an engine loaded from the tables is sound');

      const second = await ServerProcess.start(place.environment);
      expect(await quarantined(second)).toBe(1);
      expect(await answer(await enter(second, 'bob'), take(1))).toBe('MARKET_HALTED');
      await second.kill('SIGKILL');

      const mended = await run(place, 'repair', '--quarantine');
      expect(mended).toMatchObject({ code: 0, text: expect.stringContaining('Settled: 1.') });
      expect(mended.text).toContain(
        'offer 1 of sequence 5: message: "for\\u0000 you\\u202e!" became',
      );
      expect(await run(place, 'audit')).toMatchObject({
        code: 0,
        text: expect.stringContaining('All is well.'),
      });
      const third = await ServerProcess.start(place.environment);
      expect(await quarantined(third)).toBe(0);
      const again = await enter(third, 'bob');
      expect(await again.call('offers.get', { offer: 1 })).toMatchObject({ message: MENDED });
      expect(await answer(again, take(1))).toBe('ok');
      await third.kill('SIGTERM');
      expect((await run(place, 'audit')).code).toBe(0);
    });
  },
);

it('a poisoned realm gives back what the poison holds', { timeout: 120_000 }, async () => {
  const place = await (serverUrl === null ? embedded() : onServer());
  await place.within(poison);
  const server = await ServerProcess.start(place.environment);
  await expect.poll(() => quarantined(server), { timeout: 10_000 }).toBe(1);
  const ann = await enter(server, 'ann');
  const cancel = { command: 'offers.cancel', payload: { offer: 1 } } as const;
  expect(await answer(ann, cancel)).toBe('ok');
  const { balances } = await ann.call('wallet.get', { asset: 'ore' });
  expect(balances).toMatchObject([{ available: 988, held: 12 }]);
  await server.kill('SIGTERM');
  expect(await run(place, 'repair', '--quarantine')).toMatchObject({ code: 0 });
  const audited = await run(place, 'audit');
  expect(audited.text).toContain('All is well.');
  expect(audited.code).toBe(0);
});
