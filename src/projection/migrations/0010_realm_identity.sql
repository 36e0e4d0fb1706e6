-- Who this realm is in Redis, made once: see src/realm-identity.ts. One row. `identity` names every
-- key, channel and message; `secret` signs them. The other columns are the place at which the two
-- hold: null until a node has started there, and what cannot be known stays null.

-- Up Migration

create table realm_identity (
  id smallint primary key default 0 check (id = 0),
  identity text collate "C" not null check (identity ~ '^[0-9a-f]{32}$'),
  secret bytea not null check (length(secret) = 32),
  system_identifier text,
  database_oid bigint,
  schema_oid bigint
);
insert into realm_identity (identity, secret) values (
  replace(gen_random_uuid()::text, '-', ''),
  sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'))
);
