// The peer of `purchases` and `hot`: the usual backend. Fastify, a pool of 16 connections, and per
// purchase one database transaction that holds the rows it changes with SELECT ... FOR UPDATE:
// listing, both wallets (in the order of their ids, so that nobody waits in a circle), inventory,
// three ledger rows and the trade. Same rows, same durability. Prints its port; ends with its
// parent.

import Fastify from 'fastify';
import pg from 'pg';

const [url, schema, players, stock, hotStock] = process.argv.slice(2);
const POOL = 16;
const COINS = 1_000_000_000;

interface Ask {
  readonly listing: number;
  readonly buyer: number;
}

async function main(): Promise<void> {
  const pool = new pg.Pool({
    connectionString: url as string,
    max: POOL,
    options: `-c search_path=${schema}`,
  });
  await setUp(pool);
  const app = Fastify();
  const body = {
    type: 'object',
    required: ['listing', 'buyer'],
    properties: { listing: { type: 'integer' }, buyer: { type: 'integer' } },
  };
  app.post<{ Body: Ask }>('/purchases', { schema: { body } }, async (request, reply) => {
    const total = await purchase(pool, request.body);
    if (total === null) return reply.code(409).send({ code: 'REJECTED' });
    return { quantity: 1, total };
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  process.stdout.write(`ws://127.0.0.1:${(app.server.address() as { port: number }).port}\n`);
  process.on('disconnect', () => process.exit(0));
}

async function purchase(pool: pg.Pool, { listing, buyer }: Ask): Promise<number | null> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const found = await client.query({
      name: 'listing',
      text: 'select seller, item, price, remaining from listings where id = $1 for update',
      values: [listing],
    });
    const row = found.rows[0] as { seller: number; item: number; price: number; remaining: number };
    if (row === undefined || row.remaining < 1 || row.seller === buyer) return await undo(client);
    const wallets = await client.query({
      name: 'wallets',
      text: 'select player, coins from wallets where player in ($1, $2) order by player for update',
      values: [buyer, row.seller],
    });
    const purse = wallets.rows.find(wallet => wallet.player === buyer);
    if (purse === undefined || Number(purse.coins) < row.price) return await undo(client);
    await settle(client, listing, buyer, row);
    await client.query('commit');
    return row.price;
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

async function undo(client: pg.PoolClient): Promise<null> {
  await client.query('rollback');
  return null;
}

async function settle(
  client: pg.PoolClient,
  listing: number,
  buyer: number,
  { seller, item, price }: { seller: number; item: number; price: number },
): Promise<void> {
  await client.query({
    name: 'take',
    text: 'update listings set remaining = remaining - 1 where id = $1',
    values: [listing],
  });
  await client.query({
    name: 'pay',
    text: `update wallets set coins = coins + case when player = $1 then -$3::bigint else $3 end
           where player in ($1, $2)`,
    values: [buyer, seller, price],
  });
  await client.query({
    name: 'give',
    text: `insert into inventory values ($1, $2, 1)
           on conflict (player, item) do update set quantity = inventory.quantity + 1`,
    values: [buyer, item],
  });
  await client.query({
    name: 'book',
    text: `with trade as (insert into trades (listing, buyer, seller, price)
             values ($1, $2, $3, $4) returning id)
           insert into ledger (trade, player, asset, change)
             select id, v.player, v.asset, v.change from trade,
               (values ($2::int, 0, -$4::bigint), ($3::int, 0, $4::bigint), ($2::int, $5::int, 1))
               as v (player, asset, change)`,
    values: [listing, buyer, seller, price, item],
  });
}

async function setUp(pool: pg.Pool): Promise<void> {
  await pool.query(`
    create schema ${schema};
    create table wallets (player int primary key, coins bigint not null check (coins >= 0))
      with (fillfactor = 70);
    create table inventory (player int, item int, quantity bigint not null,
      primary key (player, item)) with (fillfactor = 70);
    create table listings (id int primary key, seller int not null, item int not null,
      price int not null, remaining int not null check (remaining >= 0)) with (fillfactor = 70);
    create table trades (id bigserial primary key, listing int, buyer int, seller int, price bigint,
      at timestamptz default now());
    create table ledger (trade bigint, player int, asset int, change bigint);
    insert into wallets select n, ${COINS} from generate_series(0, ${players} - 1) n;
    insert into listings select n, n, 1 + n % 100, 10 + n % 90, case when n = 0 then ${hotStock}
      else ${stock} end from generate_series(0, ${players} - 1) n;
    analyze;`);
}

await main();
