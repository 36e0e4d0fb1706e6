-- Where the stream of commands stands that a batch of the journal ends with: a new leader reads on
-- behind it. Empty in a realm without a cluster.

-- Up Migration

alter table journal add column stream_offset text collate "C" not null default '';
