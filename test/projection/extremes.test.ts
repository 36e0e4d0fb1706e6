// Everything that the schemas accept can be stored and comes back the same: every string, number
// and list of every command goes through the engine, the journal and the projection; an engine
// loaded from the tables is the same engine, and the reads answer with the same texts. On a server
// and on the embedded database. The commands come from the registry: a new one is covered by
// itself.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRequest, encodeRequest, type Request } from '../../protocol/codec.ts';
import { COMMANDS, type CommandName } from '../../protocol/commands/registry.ts';
import type { CommandSpec } from '../../protocol/commands/spec.ts';
import { auditState } from '../../src/engine/audit.ts';
import type { Entry } from '../../src/engine/entry.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { Quarantine } from '../../src/projection/quarantine.ts';
import { createReader, type TableRequest } from '../../src/reads/reader.ts';
import { loadEngine } from '../../src/recovery.ts';
import { arbitraryPayload } from '../support/arbitrary-payloads.ts';
import { EngineRoom } from '../support/engine-room.ts';
import { BEGINNING, PLAYERS, preferencesAt } from '../support/extreme-world.ts';
import { openTestDatabase, quiet, serverUrl } from '../support/postgres.ts';
import { testKey } from '../support/test-key.ts';

const SEED = 20_260_101;
const T0 = 1_700_000_000_000;

const prefer = preferencesAt(T0);

/** Those with texts that stay. */
const WORDY: readonly CommandName[] = ['items.define', 'wallet.grant', 'offers.create'];
const names = Object.keys(COMMANDS) as CommandName[];
const answeredBy = (by: CommandSpec['answeredBy']) =>
  names.filter(name => COMMANDS[name].answeredBy === by);

/** So many requests of each command, as a gateway gets them: through bytes. */
function requests(commands: readonly CommandName[], each: number): Request[] {
  const all = commands.flatMap(name =>
    fc.sample(arbitraryPayload(name, prefer), { numRuns: each, seed: SEED }).map(payload => {
      const request = decodeRequest(encodeRequest(1, name, payload as never));
      if (!request.ok) throw new Error(`${name} ${JSON.stringify(payload)}: ${request.message}`);
      return request;
    }),
  );
  const order = fc.sample(fc.shuffledSubarray(all, { minLength: all.length }), {
    seed: SEED,
    numRuns: 1,
  });
  return order[0] as Request[];
}

function entryOf(request: Request, player: string, atMs: number): Entry {
  const { command, payload } = request;
  return { command, payload, player, key: testKey(`key-${atMs}`), atMs } as unknown as Entry;
}

const PLACES_OF_TABLES = [
  ['Postgres', serverUrl],
  ['the embedded database', null],
] as const;
const places = serverUrl === null ? PLACES_OF_TABLES.slice(1) : PLACES_OF_TABLES;

describe.each(places)('on %s', (_, url) => {
  it('whatever a schema accepts is stored, and comes back the same', {
    timeout: 120_000,
  }, async () => {
    const test = await openTestDatabase(url);
    try {
      const room = await EngineRoom.open(test.database, DEFAULT_RULES);
      const setUp = BEGINNING.map(([name, payload]) =>
        decodeRequest(encodeRequest(1, name, payload as never)),
      ) as Request[];
      const all = [...setUp, ...requests(answeredBy('engine'), 40), ...requests(WORDY, 120)];
      let atMs = T0;
      for (const [i, request] of all.entries()) {
        atMs += 10;
        room.take(entryOf(request, PLAYERS[i % PLAYERS.length] as string, atMs));
      }
      await room.close();
      const client = await test.client();
      expect((await Quarantine.read(client)).unsettled).toEqual([]);
      const loaded = await loadEngine(test.database, DEFAULT_RULES, quiet);
      expect(auditState(loaded.state)).toEqual([]);
      expect(loaded.hash()).toBe(room.engine.hash());
      await readsTellTheSame(room, test.database);
    } finally {
      await test.close();
    }
  });
});

/** Items, instances and offers with their texts; and every read command is answered. */
async function readsTellTheSame(
  { engine }: EngineRoom,
  database: Parameters<typeof createReader>[0]['database'],
): Promise<void> {
  const reader = createReader({ database, log: quiet, amountWordsLocale: 'en-GB' });
  const read = async (command: string, payload: unknown, player: string) => {
    const answer = await reader.answer(
      { command, payload, player, role: 'service' } as TableRequest,
      0,
    );
    if (answer === null) throw new Error('The tables show everything here.');
    return answer;
  };
  try {
    const { state } = engine;
    let texts = 0;
    for (const { market, instance } of state.assets.values()) {
      const { name, attributes } = instance ?? market.item;
      const { body } = await read('items.get', { item: name }, 'ann');
      expect((body as { attributes: unknown }).attributes).toEqual(attributes);
      texts += Object.keys(attributes).length;
    }
    for (const offer of state.offers.values()) {
      const maker = state.players.name(offer.maker);
      const { body } = await read('offers.get', { offer: offer.id }, maker);
      expect(body).toMatchObject({ message: offer.message === '' ? null : offer.message });
      texts += 1;
    }
    expect(texts).toBeGreaterThan(50);
    const reads = answeredBy('read').filter(name => !name.startsWith('market.'));
    for (const { command, payload } of requests(reads, 40)) {
      const { outcome } = await read(command, payload, 'ann');
      expect(outcome, `${command} ${JSON.stringify(payload)}`).toMatch(/^(ok|rejected)$/);
    }
  } finally {
    await reader.close();
  }
}
