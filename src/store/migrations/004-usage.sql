-- What limits are counted from: each turn that was let in, and what it used; and which sessions have a place among the sandboxes that run.

-- No references: what was spent stays spent when the session is gone.
create table usage (
  -- Id of the turn, which is that of the mention that begins it. It is let in here before it begins, so that two at once are counted.
  turn         text primary key,
  at           timestamptz not null,
  person       text not null,
  channel      text,
  repository   text,
  organisation text,
  -- Null until the turn has ended; until then its progress says how much it is.
  tokens       double precision,
  dollars      double precision
);
create index usage_of_day on usage (at);

-- `since` of the start of a sandbox that has a place. A later start has another `since`, so nothing has to be cleared.
alter table sessions add column place bigint;
create index sessions_awake on sessions ((state #>> '{sandbox,is}'))
  where state #>> '{sandbox,is}' in ('starting', 'ready', 'falling-asleep');
