-- How long the realm had lived when a key was decided, and at the last decision that the tables
-- show: see src/engine/lived-time.ts. Keys from before are as young as can be: they are kept for a
-- whole life more.

-- Up Migration

alter table keys add column lived_ms bigint not null default 0;
alter table projection add column lived_ms bigint not null default 0;
