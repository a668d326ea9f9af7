-- The story of a session as it can be told later: what was decided on which news, by which bot; and of what came in and of what was done,
-- by which bot and when it was begun.

create table decisions (
  seq        bigint generated always as identity primary key,
  session_id text not null references sessions (id) on delete cascade,
  -- Not the begin of the transaction: those that wait for the same session would not be in order then.
  at         timestamptz not null default clock_timestamp(),
  -- Null for a command of an operator, which has no bot.
  bot        text,
  -- The type of the event that the session was told.
  event      text not null,
  -- What of the event a person wants to know; never a secret.
  about      jsonb not null,
  -- Ids of the effects that followed.
  effects    text[] not null
);
create index decisions_of_session on decisions (session_id, seq);

alter table inbox add column received_by text;
-- Without these the story of one session reads the rows of all.
create index inbox_of_session on inbox (session_id);

-- When its first attempt began; null for those of an older version.
alter table effects add column begun_at timestamptz;
alter table effects add column done_by text;
create index effects_of_session on effects (session_id, seq);
