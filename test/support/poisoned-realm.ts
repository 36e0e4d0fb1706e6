// A realm as the version before left it: without the tables of this version, its journal ahead of
// its tables, and in the journal an offer whose message has a NUL, which no table can take.

import type { Database } from '../../src/database/connection.ts';
import { withClient } from '../../src/database/connection.ts';
import { migrate } from '../../src/database/migrate.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Command, Entry } from '../../src/engine/entry.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { FactWriter } from '../../src/journal/fact-codec.ts';
import { PostgresJournal } from '../../src/journal/postgres-journal.ts';
import { quiet } from './postgres.ts';

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

const LATER_TABLES = `drop table quarantine;
  delete from migrations where name like '0004%'`;

export async function poison(database: Database): Promise<void> {
  await migrate(database);
  const options = { name: 'test', statementTimeoutMs: 10_000 };
  await withClient(database, options, client => client.query(LATER_TABLES));
  const journal = new PostgresJournal(database, quiet);
  await journal.claim();
  const engine = new Engine(DEFAULT_RULES);
  const writer = new FactWriter();
  for (const [player, command] of HISTORY) {
    const entry = { ...command, player, atMs: Date.now(), key: null, digest: 0 } as Entry;
    const { outcome, sequence, output } = engine.apply(entry);
    if (outcome !== 'ok') throw new Error(`${command.command} was refused.`);
    writer.reset();
    writer.group(sequence, entry.atMs);
    for (const fact of output) if (fact.kind !== 'level') writer.fact(fact);
    await journal.append({ sequence, atMs: entry.atMs, facts: writer.bytes });
  }
  await journal.close();
}
