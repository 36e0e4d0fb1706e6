// The peer of `windows`: a whole swap of two players as one request and one database transaction
// in the usual backend: Fastify, a pool of 16 connections, SELECT ... FOR UPDATE of both wallets
// and of everything given, in the order of their ids; then the updates, the swap and a ledger row
// for each movement. No invitation, no table, no review: only the end of it. Prints its port; ends
// with its parent.

import Fastify from 'fastify';
import pg from 'pg';
import { COINS, ITEMS, SHIFTS, STOCK } from '../swaps.ts';

const [url, schema, players] = process.argv.slice(2);
const POOL = 16;

interface Side {
  readonly player: number;
  readonly items: readonly number[];
  readonly quantity: number;
  readonly coins: number;
}

interface Ask {
  readonly sides: readonly [Side, Side];
}

const natural = { type: 'integer', minimum: 0 };

const BODY = {
  type: 'object',
  required: ['sides'],
  properties: {
    sides: {
      type: 'array',
      minItems: 2,
      maxItems: 2,
      items: {
        type: 'object',
        required: ['player', 'items', 'quantity', 'coins'],
        properties: {
          player: natural,
          items: { type: 'array', items: natural },
          quantity: natural,
          coins: natural,
        },
      },
    },
  },
};

async function main(): Promise<void> {
  const options = `-c search_path=${schema}`;
  const pool = new pg.Pool({ connectionString: url as string, max: POOL, options });
  await setUp(pool);
  const app = Fastify();
  app.post<{ Body: Ask }>('/swaps', { schema: { body: BODY } }, async (request, reply) => {
    const id = await swap(pool, request.body.sides);
    if (id === null) return reply.code(409).send({ code: 'REJECTED' });
    return { swap: id };
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  process.stdout.write(`ws://127.0.0.1:${(app.server.address() as { port: number }).port}\n`);
  process.on('disconnect', () => process.exit(0));
}

async function swap(pool: pg.Pool, [a, b]: Ask['sides']): Promise<number | null> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const moved = (await owns(client, a, b)) ? await move(client, a, b) : null;
    await client.query(moved === null ? 'rollback' : 'commit');
    return moved;
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

/** Takes the rows of both players, and tells whether each has what he gives. */
async function owns(client: pg.PoolClient, a: Side, b: Side): Promise<boolean> {
  const wallets = await client.query({
    name: 'wallets',
    text: 'select player, coins from wallets where player in ($1, $2) order by player for update',
    values: [a.player, b.player],
  });
  const goods = await client.query({
    name: 'goods',
    text: `select player, item, quantity from inventory
           where (player = $1 and item = any($2)) or (player = $3 and item = any($4))
           order by player, item for update`,
    values: [a.player, a.items, b.player, b.items],
  });
  return [a, b].every(side => {
    const purse = wallets.rows.find(row => row.player === side.player);
    const own = goods.rows.filter(row => row.player === side.player);
    return (
      purse !== undefined &&
      Number(purse.coins) >= side.coins &&
      own.length === side.items.length &&
      own.every(row => Number(row.quantity) >= side.quantity)
    );
  });
}

async function move(client: pg.PoolClient, a: Side, b: Side): Promise<number> {
  await client.query({
    name: 'pay',
    text: `update wallets set coins = coins + case when player = $1 then $3::bigint
           else -$3::bigint end where player in ($1, $2)`,
    values: [a.player, b.player, b.coins - a.coins],
  });
  const goods = [a.player, a.items, b.player, b.items, a.quantity, b.quantity];
  await client.query({
    name: 'take',
    text: `update inventory set quantity = quantity - case when player = $1 then $5::bigint
           else $6::bigint end
           where (player = $1 and item = any($2)) or (player = $3 and item = any($4))`,
    values: goods,
  });
  await client.query({
    name: 'give',
    text: `insert into inventory
             select $3::int, item, $5::bigint from unnest($2::int[]) item
             union all select $1::int, item, $6::bigint from unnest($4::int[]) item
           on conflict (player, item) do update
             set quantity = inventory.quantity + excluded.quantity`,
    values: goods,
  });
  const booked = await client.query({
    name: 'book',
    text: `with swap as (insert into swaps (a, b) values ($1, $3) returning id),
             booked as (insert into transfers (swap, debit, credit, asset, quantity)
               select id, $1::int, $3::int, item, $5::bigint from swap, unnest($2::int[]) item
               union all
               select id, $3::int, $1::int, item, $6::bigint from swap, unnest($4::int[]) item
               union all select id, $1::int, $3::int, -1, $7::bigint from swap
               union all select id, $3::int, $1::int, -1, $8::bigint from swap)
           select id from swap`,
    values: [...goods, a.coins, b.coins],
  });
  return Number(booked.rows[0].id);
}

async function setUp(pool: pg.Pool): Promise<void> {
  const shifts = SHIFTS.map(shift => `(${shift})`).join(', ');
  await pool.query(`
    create schema ${schema};
    create table wallets (player int primary key, coins bigint not null check (coins >= 0))
      with (fillfactor = 70);
    create table inventory (player int, item int, quantity bigint not null check (quantity >= 0),
      primary key (player, item)) with (fillfactor = 70);
    create table swaps (id bigserial primary key, a int, b int, at timestamptz default now());
    create table transfers (swap bigint, debit int, credit int, asset int, quantity bigint);
    insert into wallets select n, ${COINS} from generate_series(0, ${players} - 1) n;
    insert into inventory select n, (n + shift) % ${ITEMS}, ${STOCK}
      from generate_series(0, ${players} - 1) n, (values ${shifts}) as s (shift);
    analyze;`);
}

await main();
