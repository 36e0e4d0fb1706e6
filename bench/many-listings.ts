// Open listings by the million, written into the tables of a stopped realm: by commands they would
// take minutes. The realm must have one open listing, the first of its kind, and goods for it with
// some players; each of them gets the same part. An engine that is loaded from it is sound.

const PIECE = 100_000;

/** Statements, for the schema of the realm, that make one listing `count` listings. */
export function manyListings(count: number): string[] {
  const statements: string[] = [];
  for (let first = 1; first < count; first += PIECE) {
    statements.push(listings(first, Math.min(count, first + PIECE) - 1));
  }
  return [...statements, HOLDS, LAST_ORDER, 'analyze orders', 'analyze accounts'];
}

function listings(first: number, last: number): string {
  return `
    with sellers as (
      select owner, row_number() over (order by id) - 1 as number, count(*) over () as sellers
      from accounts
      where owner <> 0 and asset = (select asset from orders order by id limit 1)
    )
    insert into orders (id, price, quantity, remaining, held, priority, expires_at_ms,
      created_at_ms, player, asset, location, fee_bps, side, time_in_force, status, post_only)
    select o.id + n, o.price + n % 500, o.quantity, o.remaining, o.held, o.priority + n,
      o.expires_at_ms, o.created_at_ms, s.owner, o.asset, o.location, o.fee_bps, o.side,
      o.time_in_force, o.status, o.post_only
    from (select * from orders order by id limit 1) as o
      cross join generate_series(${first}, ${last}) as n
      join sellers as s on s.number = n % s.sellers`;
}

const HOLDS = `
  with sums as (
    select player, asset, location, sum(held) as held from orders where status = 0
    group by player, asset, location
  )
  update accounts as a set available = a.available + a.held - s.held, held = s.held
  from sums as s where a.owner = s.player and a.asset = s.asset and a.location = s.location`;

const LAST_ORDER = 'update projection set last_order = (select max(id) from orders)';
