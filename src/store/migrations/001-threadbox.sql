-- What is the product's own: what came in, sessions with their keys, what is to be done, turns and what the agents told.
-- Claiming, heartbeats, delays and retries of jobs are pg-boss's, in its own schema.

create table sessions (
  id          text primary key,
  -- Counts claims. Every write of a holder carries the epoch that it claimed with; an older one is refused.
  epoch       bigint not null default 0,
  -- The bot that holds it, for `threadbox sessions` and for taking its own sessions back after a restart.
  owner       text,
  state       jsonb not null,
  -- Where the reading of the daemon's journal stands.
  stream_epoch  text,
  stream_cursor bigint not null default 0,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);
create index sessions_recent on sessions (updated_at desc);

create table keys (
  key        text primary key,
  session_id text not null references sessions (id) on delete cascade,
  claimed_at timestamptz not null default now()
);
create index keys_of_session on keys (session_id);

create table inbox (
  seq         bigint generated always as identity primary key,
  dedupe      text not null unique,
  -- Null until a lookup has found out where it belongs.
  session_id  text references sessions (id) on delete cascade,
  body        jsonb not null,
  received_at timestamptz not null default now()
);

create table effects (
  seq        bigint generated always as identity primary key,
  id         text not null unique,
  session_id text not null references sessions (id) on delete cascade,
  effect     jsonb not null,
  attempts   int not null default 0,
  created_at timestamptz not null default now(),
  done_at    timestamptz,
  -- Why it was given up, for `threadbox sessions` and the log.
  error      text
);
create index effects_to_do on effects (session_id, seq) where done_at is null;

create table turns (
  id           text primary key,
  session_id   text not null references sessions (id) on delete cascade,
  turn         jsonb not null,
  -- Fixed before it is sent for the first time: the same id must always carry the same words.
  prompt       text,
  progress     jsonb,
  -- The surface's name of the progress message.
  progress_ref text,
  result       jsonb,
  started_at   timestamptz not null default now(),
  ended_at     timestamptz
);
create index turns_of_session on turns (session_id, started_at);

create table transcript (
  cursor     bigint generated always as identity primary key,
  session_id text not null references sessions (id) on delete cascade,
  entry      jsonb not null
);
create index transcript_of_session on transcript (session_id, cursor);

create table web_posts (
  seq    bigint generated always as identity,
  thread text not null,
  ref    text not null,
  kind   text not null,
  author text not null,
  body   text not null,
  at     timestamptz not null,
  primary key (thread, ref)
);
create index web_posts_in_order on web_posts (thread, seq);

-- What the bot made for itself, such as the key that signs tokens for daemons.
create table settings (
  name  text primary key,
  value jsonb not null
);
