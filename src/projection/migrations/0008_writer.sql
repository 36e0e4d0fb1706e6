-- Who wrote a row of the journal: a random id of each writer, new with each claim. An append needs
-- the row before it to be there and to be of its own writer: see src/journal/fence.ts. Empty in
-- rows of the versions before.

-- Up Migration

alter table journal add column writer bytea not null default '';
