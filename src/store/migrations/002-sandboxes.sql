-- Sandboxes that belong to no session (a session's own stands in its state), and snapshots: both are found by name.

create table sandboxes (
  -- As the provider knows it.
  name       text primary key,
  provider   text not null,
  -- warm: kept running for the next mention. golden: being prepared for a snapshot. person: made by hand.
  kind       text not null check (kind in ('warm', 'golden', 'person')),
  -- Name of the repository that it is for.
  repository text,
  -- What it was prepared from; another value says that it is out of date.
  prepared   text,
  -- Where its daemon answers; null until it does.
  url        text,
  ends_at    timestamptz,
  -- The session that took it out of the stock.
  taken_by   text references sessions (id) on delete set null,
  created_at timestamptz not null default now()
);
create index sandboxes_warm on sandboxes (repository, created_at) where kind = 'warm' and taken_by is null;
create unique index sandboxes_taken on sandboxes (taken_by) where taken_by is not null;

create table snapshots (
  -- `golden/<repository>` for prepared ones, or the label that a person gave, or a made-up word.
  label      text primary key,
  provider   text not null,
  -- What the provider wakes it with.
  token      text not null,
  repository text,
  prepared   text,
  created_at timestamptz not null default now(),
  -- When the provider deletes it; null: never.
  expires_at timestamptz
);

-- A session names its sandbox, says when that ends, and what it last waited for.
update sessions set state = jsonb_set(
  case when state #>> '{sandbox,is}' in ('ready', 'falling-asleep')
    then jsonb_set(state, '{sandbox}', state -> 'sandbox' || jsonb_build_object('name', 'threadbox-' || id, 'endsAt', null))
    else state
  end, '{waited}', 'null');
