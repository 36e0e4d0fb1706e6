-- What is read is bounded: how often a window was changed, and an index with which the lists of a
-- player's orders walk through no more rows than they show.

-- Up Migration

alter table windows add column steps bigint not null default 0;

-- A player's listings (side 1) or bids (side 0) alone, newest first.
create index orders_player_side on orders (player, side, id);
drop index orders_player;
