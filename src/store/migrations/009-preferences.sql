-- What people have chosen for themselves, and what their App Home lists.

create table preferences (
  surface    text not null,
  -- The workspace; empty where a surface has none.
  team       text not null,
  person     text not null,
  -- Null: nothing chosen.
  repository text,
  agent      text,
  model      text,
  primary key (surface, team, person)
);

-- Somebody's last turns, and those of a workspace.
create index usage_of_person on usage (person, at desc);
create index usage_of_organisation on usage (organisation, at desc);
-- Those that go on, of whomever; few at any time.
create index turns_running on turns (started_at) where ended_at is null;
