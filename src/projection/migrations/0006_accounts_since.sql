-- The number of an account that was closed is given to another one. The sequence that opened the
-- one which has the number now: transfers before it were another's. 0 for those that were opened
-- before any account was ever closed.

-- Up Migration

alter table accounts add column since bigint not null default 0;
