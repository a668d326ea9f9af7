-- Who people are on GitHub, as they said themselves, and which links they said it by. No token of theirs is kept.

create table identities (
  surface   text not null,
  -- The workspace: the same id may be somebody else in another one.
  team      text not null,
  person    text not null,
  -- GitHub's own number, which stays; the login is for showing and may be an older one.
  github_id bigint not null,
  login     text not null,
  linked_at timestamptz not null default now(),
  primary key (surface, team, person),
  -- Nobody is two people in one workspace: whoever connects an account last has it.
  unique (surface, team, github_id)
);

-- By each link somebody is connected once.
create table used_links (
  id      text primary key,
  used_at timestamptz not null default now()
);
create index used_links_by_age on used_links (used_at);

-- Whoever connects wakes the sessions that wait for them.
create index sessions_connecting on sessions using gin ((state -> 'connecting') jsonb_path_ops) where state ? 'connecting';
