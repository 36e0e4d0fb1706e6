-- How many reports a player made lately is asked with each new one.

-- Up Migration

create index window_reports_player on window_reports (player, at_ms);
