-- A block that is taken back leaves no row: a player could leave one for every other player. How
-- many reports a player made lately is asked with each new one.

-- Up Migration

delete from blocks where not blocked;
create index window_reports_player on window_reports (player, at_ms);
