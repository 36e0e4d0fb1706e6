-- What is read is bounded: how often a window was changed, and indexes with which no read walks
-- through more rows than it shows.

-- Up Migration

alter table windows add column steps bigint not null default 0;

-- A player's listings (side 1) or bids (side 0) alone, newest first.
create index orders_player_side on orders (player, side, id);
drop index orders_player;

-- The reports of a player within a day.
create index window_reports_player on window_reports (player, at_ms);
