-- Who writes the realm, for those who start: one row, with a sign of life about once a second. It
-- is a courtesy, so that nobody deposes a living writer by mistake; the fence is the journal's key.
-- Times are those of this server's clock, so that no two clocks are compared.

-- Up Migration

create table writer (
  id smallint primary key default 0 check (id = 0),
  writer text collate "C" not null,
  -- Empty: a single server. Nodes of one cluster take the realm over from each other.
  cluster text collate "C" not null,
  -- 0 until it has claimed the journal.
  epoch bigint not null,
  -- Where it runs, and which process it is there: see src/database/process-life.ts.
  host text collate "C" not null,
  scope text collate "C" not null,
  pid int not null,
  began text collate "C" not null,
  since timestamptz not null,
  beat_at timestamptz not null,
  is_ended boolean not null
);
