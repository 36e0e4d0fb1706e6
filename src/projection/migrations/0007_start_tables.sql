-- What a start needs of the past, kept in proportion to what is remembered: of trades the latest of
-- each market and the quarters of an hour of the last day, of keys a way to the newest of a player.
-- src/projection/trade-fold.ts and src/projection/key-trim.ts keep them up; the figures are theirs.

-- Up Migration

-- The trades up to this one are in the two tables below. Nothing is projected until this is done.
alter table projection add column folded_trade bigint not null default 0;

-- The latest trades of each market, 50 at most: rows of `trades`. Instances have no market of their
-- own: their trades belong to the market of their item.
create table latest_trades (
  id bigint not null,
  at_ms bigint not null,
  price bigint not null,
  quantity bigint not null,
  maker bigint not null,
  taker bigint not null,
  buyer_fee bigint not null,
  seller_fee bigint not null,
  item int not null,
  location int not null,
  asset int not null,
  buyer int not null,
  seller int not null,
  taker_side smallint not null,
  primary key (item, location, id)
);

-- The trades of each market by quarters of an hour; `bucket` is the start of a quarter divided by
-- its length. Those that are more than a day old are removed.
create table market_quarters (
  bucket bigint not null,
  open bigint not null,
  high bigint not null,
  low bigint not null,
  volume bigint not null,
  trades bigint not null,
  item int not null,
  location int not null,
  primary key (bucket, item, location)
) with (fillfactor = 70);

-- From market to market by the index, so that the length of the past does not matter.
with recursive markets as (
  (select asset, location from trades order by asset, location limit 1)
  union all
  select next.asset, next.location from markets cross join lateral (
    select asset, location from trades
    where (asset, location) > (markets.asset, markets.location)
    order by asset, location limit 1) as next
), ranked as (
  select t.*, coalesce(n.item, m.asset) as item,
    row_number() over (partition by coalesce(n.item, m.asset), m.location order by t.id desc)
      as newest
  from markets as m left join instances as n on n.asset = m.asset
  cross join lateral (select * from trades where asset = m.asset and location = m.location
    order by id desc limit 50) as t
)
insert into latest_trades (id, at_ms, price, quantity, maker, taker, buyer_fee, seller_fee, item,
  location, asset, buyer, seller, taker_side)
select id, at_ms, price, quantity, maker, taker, buyer_fee, seller_fee, item, location, asset,
  buyer, seller, taker_side
from ranked where newest <= 50;

insert into market_quarters (bucket, item, location, open, high, low, volume, trades)
select t.at_ms / 900000, coalesce(n.item, t.asset), t.location,
  (min(array[t.id, t.price]))[2], max(t.price), min(t.price),
  least(sum(t.quantity), 9007199254740991)::bigint, count(*)
from trades as t left join instances as n on n.asset = t.asset
where t.at_ms >= (select (at_ms - 86400000) / 900000 * 900000 from projection)
group by 1, 2, 3;

update projection set folded_trade = last_trade;

-- They served what the two tables serve now.
drop index trades_market;
drop index trades_time;

create index keys_player on keys (player, sequence);
