// A realm as the version before left it: without the tables of this version, its journal ahead of
// its tables, and in the journal an offer whose message has a NUL, which no table can take.

import type { Database } from '../../src/database/connection.ts';
import { withClient } from '../../src/database/connection.ts';
import { runMigrations } from '../../src/database/migrate.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Command, Entry } from '../../src/engine/entry.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { FactWriter } from '../../src/journal/fact-codec.ts';
import { digestOf } from '../../src/journal/postgres-journal.ts';

/** What the message of offer 1 was, and what it is once it is mended. */
export const POISON = 'for\0 you\u202e!';
export const MENDED = 'for you!';

const goods = (player: string, asset: string): [string, Command] => [
  'game',
  { command: 'wallet.grant', payload: { player, asset, quantity: 1_000 } },
];
const offer = (message: string): [string, Command] => [
  'ann',
  {
    command: 'offers.create',
    payload: { to: 'bob', give: [{ asset: 'ore', quantity: 5 }], want: [], message },
  },
];

/** Ann and Bob with goods and money, and two offers from her to him: the first one is poison. */
const HISTORY: readonly [string, Command][] = [
  ['game', { command: 'items.define', payload: { item: 'ore', kind: 'commodity' } }],
  goods('ann', 'coins'),
  goods('bob', 'coins'),
  goods('ann', 'ore'),
  offer(POISON),
  offer('for you too'),
  ['ann', { command: 'listings.create', payload: { item: 'ore', quantity: 7, price: 3 } }],
];

const MIGRATIONS_OF_THE_VERSION_BEFORE = 3;
const CLIENT = { name: 'test', statementTimeoutMs: 10_000 };

const APPEND = `insert into realm.journal
    (position, epoch, sequence, at_ms, digest, facts, stream_offset)
  values ($1, 1, $2, $3, $4, $5, '')`;

export async function poison(database: Database): Promise<void> {
  await withClient(database, CLIENT, async client => {
    await client.query(`create schema "${database.schema}"`);
    await runMigrations(client, database.schema, MIGRATIONS_OF_THE_VERSION_BEFORE);
    const engine = new Engine(DEFAULT_RULES);
    const writer = new FactWriter();
    let position = 0;
    const append = (sequence: number, atMs: number, facts: Uint8Array) =>
      client.query(APPEND, [++position, sequence, atMs, digestOf(facts), facts]);
    await append(0, 0, new Uint8Array(0));
    for (const [player, command] of HISTORY) {
      const entry = { ...command, player, atMs: Date.now(), key: null, digest: 0 } as Entry;
      const { outcome, sequence, output } = engine.apply(entry);
      if (outcome !== 'ok') throw new Error(`${command.command} was refused.`);
      writer.reset();
      writer.group(sequence, entry.atMs);
      for (const fact of output) if (fact.kind !== 'level') writer.fact(fact);
      await append(sequence, entry.atMs, writer.bytes);
    }
  });
}
