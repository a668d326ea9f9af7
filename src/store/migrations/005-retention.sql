-- What the bot deletes by itself. Inbox, effects and transcript are numbered as they come, so their oldest stand at the front of the
-- primary key and need no index by time; what is looked for in the middle has one here.

-- When the row was written; the daemon's own time is no better than its sandbox's clock.
alter table transcript add column stored_at timestamptz not null default now();

-- Its words, its progress and its answer are gone; that it was, when, and how it ended stays.
alter table turns add column emptied boolean not null default false;
create index turns_to_empty on turns (ended_at) where ended_at is not null and not emptied;

create index web_posts_by_age on web_posts (at);

create index sessions_asleep on sessions (((state #>> '{sandbox,since}')::bigint)) where state #>> '{sandbox,is}' = 'asleep';
