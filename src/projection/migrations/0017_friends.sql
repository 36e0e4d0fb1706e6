-- With whom a player has completed a window or an offer, and the sequence of the last one. Few rows
-- of each player: FRIENDS_MAX in protocol/limits.ts. Nobody is a friend from before.

-- Up Migration

create table friends (
  player int not null,
  other int not null,
  sequence bigint not null,
  primary key (player, other),
  check (player <> other)
);
