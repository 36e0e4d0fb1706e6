// A large realm of the first version, made by SQL alone: the tables of its migrations, and in them
// what a long life leaves. Sound as far as a start looks; not what `npm run audit` would accept,
// since nothing of it was ever transferred.

import pg from 'pg';
import { runMigrations } from '../src/database/migrate.ts';
import { databaseUrl } from './bench-realm.ts';

export interface RealmSize {
  readonly players: number;
  readonly places: number;
  readonly items: number;
  /** A multiple of the players: each has so many assets. */
  readonly accounts: number;
  /** At most the players: each of them lists one. */
  readonly listings: number;
  /** Over the last 24 hours. */
  readonly trades: number;
  readonly tradedMarkets: number;
  readonly keys: number;
  readonly keyPlayers: number;
}

const MIGRATIONS_OF_THE_FIRST_VERSION = 3;

/** Fills the schema of a realm that does not exist yet. */
export async function fillRealm(
  realm: string,
  size: RealmSize,
  say: (line: string) => void,
): Promise<void> {
  const schema = `realm_${realm}`;
  const client = new pg.Client({ connectionString: databaseUrl() });
  await client.connect();
  try {
    await client.query(`create schema ${schema}`);
    await client.query(`set search_path to ${schema}`);
    await client.query('set synchronous_commit to off');
    await runMigrations(client, schema, MIGRATIONS_OF_THE_FIRST_VERSION);
    for (const [what, statement] of statementsFor(size)) {
      const beganMs = performance.now();
      await client.query(statement);
      say(`${what}: ${((performance.now() - beganMs) / 1_000).toFixed(1)} s`);
    }
  } finally {
    await client.end();
  }
}

/** Listed units that each lister holds, and units that lie beside them. */
const LISTED = 5;
const OWNED = 10;
const DAY_MS = 86_400_000;

function statementsFor(size: RealmSize): (readonly [what: string, statement: string])[] {
  const { players, places, items, accounts, listings, trades, tradedMarkets, keys } = size;
  const now = Date.now();
  const assets = Math.floor(accounts / players);
  const lastSequence = trades + keys + 1;
  return [
    [
      'names',
      `insert into players values (0, '$issuer'), (1, '$house');
       insert into players select i + 1, 'p' || i from generate_series(1, ${players}) as i;
       insert into locations values (0, 'main');
       insert into locations select i, 'place' || i from generate_series(1, ${places - 1}) as i;
       insert into items values (0, 'coins', 0, 0, 1, 1, 1, 9007199254740991, false, '{}');
       insert into items select i, 'item' || i, 1, 0, 1, 1, 1, 9007199254740991, false, '{}'
         from generate_series(1, ${items - 1}) as i`,
    ],
    [
      'accounts',
      `insert into accounts
       select i, 2 + i % ${players}, 1 + i / ${players}, i % ${places}, ${OWNED},
         case when i < ${listings} then ${LISTED} else 0 end
       from generate_series(0, ${accounts - 1}) as i;
       insert into accounts select ${accounts} + a, 0, a + 1, 0,
         -${OWNED} * ${players}::bigint - case when a = 0 then ${LISTED * listings} else 0 end, 0
       from generate_series(0, ${assets - 1}) as a`,
    ],
    [
      'listings',
      `insert into orders select i + 1, 10 + i % 90, ${LISTED}, ${LISTED}, ${LISTED}, i + 1, 0,
         ${now - DAY_MS}, 2 + i, 1, i % ${places}, 0, 1, 0, 0, false
       from generate_series(0, ${listings - 1}) as i`,
    ],
    [
      'trades',
      `drop index trades_buyer, trades_seller, trades_market;
       insert into trades
       select i, i, ${now - DAY_MS} + i * ${DAY_MS}::bigint / ${trades}, 10 + i % 90, 1, 1, 0, 0, 0,
         1 + (i % ${tradedMarkets}) % ${items - 1},
         ((i % ${tradedMarkets}) / ${items - 1}) % ${places},
         2 + i * 7919 % ${players}, 2 + (i * 7919 + 1) % ${players}, 0
       from generate_series(1::bigint, ${trades}) as i;
       create index trades_buyer on trades (buyer, id);
       create index trades_seller on trades (seller, id);
       create index trades_market on trades (asset, location, id)`,
    ],
    [
      'position',
      `insert into journal
         values (1, 1, ${lastSequence}, ${now}, sha256(''), '');
       update projection set position = 1, epoch = 1, sequence = ${lastSequence}, at_ms = ${now},
         last_order = ${listings}, last_trade = ${trades}`,
    ],
    ['statistics', 'analyze'],
  ];
}

/**
 * Fills the keys of a realm that was upgraded, and counts them. Those of the first version have
 * another form and are not kept.
 */
export function keysFilled({ trades, keys, keyPlayers }: RealmSize): string {
  return `with filled as (
    insert into keys (sequence, at_ms, lived_ms, digest, player, ok, key, body)
    select ${trades} + i, 0, (select lived_ms from projection), i, 2 + i % ${keyPlayers}, true,
      ('01900000-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid,
      '\\x81a76c697374696e67ce000f4240'
    from generate_series(1::bigint, ${keys}) as i returning 1
  ) select count(*) from filled`;
}
