-- Direct trades: windows and offers. The lines of a side are one array of asset, location and
-- quantity, three numbers a line. Words are smallints, counted from 0 in the order of their lists
-- in protocol/direct.ts; -1 stands for none.

-- Up Migration

alter table projection
  add column last_window bigint not null default 0,
  add column last_offer bigint not null default 0;

-- Each window as it stands. The baseline is what lay on the table at the first acceptance, each line
-- raised to the most that lay there since; it counts when has_baseline. What an absence allows is 0 while the player is there.
create table windows (
  id bigint primary key,
  revision bigint not null,
  armed_at_ms bigint not null,
  deadline_ms bigint not null,
  created_at_ms bigint not null,
  inviter_away_until_ms bigint not null,
  invited_away_until_ms bigint not null,
  inviter int not null,
  invited int not null,
  by int not null,
  status smallint not null,
  reason smallint not null,
  event smallint not null,
  inviter_accepted boolean not null,
  inviter_confirmed boolean not null,
  invited_accepted boolean not null,
  invited_confirmed boolean not null,
  has_baseline boolean not null,
  inviter_lines bigint[] not null,
  invited_lines bigint[] not null,
  inviter_baseline bigint[] not null,
  invited_baseline bigint[] not null,
  manifest text collate "C" not null,
  check (inviter <> invited)
) with (fillfactor = 70);
create index windows_inviter on windows (inviter, id);
create index windows_invited on windows (invited, id);
-- Live ones: invited, open, in review. A loading engine and the private snapshots ask for them.
create index windows_live_inviter on windows (inviter, id) where status < 3;
create index windows_live_invited on windows (invited, id) where status < 3;
-- Ids and times rise together, so a block range index finds the last minute.
create index windows_created on windows using brin (created_at_ms);

-- Append only: everything that ever happened to a window. `lines` is the side of `by` as he put it,
-- null when nothing was put. `step` is the place among the facts of the entry.
create table window_log (
  window_id bigint not null,
  sequence bigint not null,
  at_ms bigint not null,
  revision bigint not null,
  step int not null,
  by int not null,
  event smallint not null,
  lines bigint[],
  primary key (window_id, sequence, step)
);

-- Append only: what was shown for confirmation, as MessagePack. One at most for each revision.
create table manifests (
  window_id bigint not null,
  revision bigint not null,
  at_ms bigint not null,
  hash text collate "C" not null,
  body bytea not null,
  primary key (window_id, revision)
);

create table offers (
  id bigint primary key,
  created_at_ms bigint not null,
  expires_at_ms bigint not null,
  counter_of bigint not null,
  maker int not null,
  taker int not null,
  status smallint not null,
  give bigint[] not null,
  want bigint[] not null,
  message text not null,
  check (maker <> taker)
) with (fillfactor = 80);
create index offers_maker on offers (maker, id);
create index offers_taker on offers (taker, id);
create index offers_open_maker on offers (maker, id) where status = 0;
create index offers_open_taker on offers (taker, id) where status = 0;

create table blocks (
  player int not null,
  other int not null,
  blocked boolean not null,
  primary key (player, other)
);

create table privacy (
  player int primary key,
  closed boolean not null
);

-- Not a projection: reports are written by the reads, and move nothing.
create table window_reports (
  id bigint generated always as identity primary key,
  window_id bigint not null,
  player int not null,
  at_ms bigint not null,
  reason text not null,
  unique (window_id, player)
);
