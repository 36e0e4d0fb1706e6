-- The tables of one realm: the journal, and its projection. Words are smallints, counted from 0 in
-- the order of their lists in src/journal/fact-codec.ts and src/engine/fact.ts. Times are
-- milliseconds since the Unix epoch, amounts integers in minor units.

-- Up Migration

-- The primary key is the fence: see src/journal/journal.ts. Facts are read whole, never compressed.
create table journal (
  position bigint primary key,
  epoch bigint not null,
  sequence bigint not null,
  at_ms bigint not null,
  digest bytea not null,
  facts bytea not null
);
alter table journal alter column facts set storage external;

-- How far the tables below have come. One row.
create table projection (
  id smallint primary key default 0 check (id = 0),
  position bigint not null,
  epoch bigint not null,
  sequence bigint not null,
  at_ms bigint not null,
  last_order bigint not null,
  last_trade bigint not null
);
insert into projection values (0, 0, 0, 0, 0, 0, 0);

create table players (
  id int primary key,
  name text collate "C" not null unique
);

create table locations (
  id int primary key,
  name text collate "C" not null unique
);

create table items (
  asset int primary key,
  name text collate "C" not null unique,
  kind smallint not null,
  currency int not null,
  tick_size bigint not null,
  lot_size bigint not null,
  min_price bigint not null,
  max_price bigint not null,
  halted boolean not null,
  attributes json not null
);

create table instances (
  asset int primary key,
  name text collate "C" not null unique,
  item int not null,
  attributes json not null
);

-- Owner 0 is the issuer, the other side of every mint: the only one that may be below zero.
create table accounts (
  id int primary key,
  owner int not null,
  asset int not null,
  location int not null,
  available bigint not null,
  held bigint not null,
  unique (owner, asset, location),
  check (available >= 0 or owner = 0),
  check (held >= 0)
) with (fillfactor = 70);

-- Append only. Sequences rise with the rows, so a block range index is enough to find them.
create table transfers (
  sequence bigint not null,
  at_ms bigint not null,
  quantity bigint not null,
  reference bigint not null,
  debit int not null,
  credit int not null,
  reason smallint not null
);
create index transfers_sequence on transfers using brin (sequence);

-- Listings (side 1) and bids (side 0). What a fill changes is in no index, so that its update
-- stays within the page.
create table orders (
  id bigint primary key,
  price bigint not null,
  quantity bigint not null,
  remaining bigint not null,
  held bigint not null,
  priority bigint not null,
  expires_at_ms bigint not null,
  created_at_ms bigint not null,
  player int not null,
  asset int not null,
  location int not null,
  fee_bps smallint not null,
  side smallint not null,
  time_in_force smallint not null,
  status smallint not null,
  post_only boolean not null,
  check (remaining between 0 and quantity),
  check (held >= 0)
) with (fillfactor = 70);
create index orders_player on orders (player, id);
create index orders_open on orders (player, id) where status = 0;

create table trades (
  id bigint primary key,
  sequence bigint not null,
  at_ms bigint not null,
  price bigint not null,
  quantity bigint not null,
  maker bigint not null,
  taker bigint not null,
  buyer_fee bigint not null,
  seller_fee bigint not null,
  asset int not null,
  location int not null,
  buyer int not null,
  seller int not null,
  taker_side smallint not null
);
create index trades_buyer on trades (buyer, id);
create index trades_seller on trades (seller, id);
create index trades_market on trades (asset, location, id);
create index trades_time on trades using brin (at_ms);

-- The first answer to each command that carried an idempotency key: one at most per sequence.
create table keys (
  sequence bigint primary key,
  at_ms bigint not null,
  digest bigint not null,
  player int not null,
  ok boolean not null,
  key text collate "C" not null,
  body bytea not null
);
