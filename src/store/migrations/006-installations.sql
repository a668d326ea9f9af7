-- Slack workspaces and organisations that have installed the bot. What is a secret is sealed (src/sealed.ts); nothing else here is one.

create table slack_installations (
  -- `team:<id>`, or `enterprise:<id>` of an organisation that has installed it for all its workspaces.
  key          text primary key,
  team         text,
  enterprise   text,
  -- Of the workspace or the organisation, as it was called then.
  name         text not null,
  app          text,
  bot_user     text not null,
  scopes       text[] not null,
  installed_by text not null,
  -- The token, and with Slack's token rotation what the next one is had with.
  sealed       text not null,
  -- When the token ends; null: never.
  expires_at   timestamptz,
  installed_at timestamptz not null,
  updated_at   timestamptz not null
);

-- Which installation serves a workspace of an organisation, as Slack told with an event: a thread names its workspace alone.
create table slack_teams (
  team         text primary key,
  installation text not null references slack_installations (key) on delete cascade
);
create index slack_teams_by_installation on slack_teams (installation);
