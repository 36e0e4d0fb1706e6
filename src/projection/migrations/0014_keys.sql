-- Idempotency keys are UUIDv7 now, and each player has a watermark: the greatest key of theirs that
-- the engine has forgotten (src/engine/keys.ts). Keys that players sent are removed once they are
-- forgotten (src/projection/key-trim.ts). Those that the service role sent are kept for a day, also
-- when they are forgotten, and looked up here (src/reads/key-lookup.ts); the greatest one that was
-- removed is the floor. Keys of the former kind cannot be compared with these: they are gone.

-- Up Migration

drop table keys;

create table keys (
  sequence bigint primary key,
  at_ms bigint not null,
  lived_ms bigint not null,
  digest bigint not null,
  player int not null,
  ok boolean not null,
  key uuid not null,
  body bytea not null
);
create unique index keys_player on keys (player, key);

create table service_keys (like keys including all);

create table forgotten_keys (
  player int primary key,
  key uuid not null
);

alter table projection add column key_floor uuid;
