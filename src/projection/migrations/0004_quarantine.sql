-- Facts of the journal that the tables could not take: see src/projection/quarantine.ts. They are
-- the record of what they say until they are settled, for the journal is pruned. `fact` is the
-- bytes of a journal row with this one fact in it. `is_last`: nothing later is known about the
-- subject, so an engine is given it. `mended` is what went into the tables instead, null
-- when that is nothing.

-- Up Migration

create table quarantine (
  sequence bigint not null,
  step int not null,
  position bigint not null,
  at_ms bigint not null,
  lived_ms bigint not null,
  kind text collate "C" not null,
  subject text collate "C" not null,
  fact bytea not null,
  sqlstate text collate "C" not null,
  error text not null,
  set_aside_at_ms bigint not null,
  is_last boolean not null,
  settled_at_ms bigint,
  settled_how text,
  mended bytea,
  primary key (sequence, step),
  check ((settled_at_ms is null) = (settled_how is null))
);
create index quarantine_unsettled on quarantine (sequence, step) where settled_at_ms is null;
create index quarantine_settled on quarantine (settled_at_ms) where settled_at_ms is not null;
