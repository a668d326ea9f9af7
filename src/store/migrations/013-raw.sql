-- What an agent itself tells (`agent.raw`, none of which is here yet) stands between the rest of a transcript and is asked for by few.
-- Whoever asks for the rest does not come by it: a column, because the planner knows how many rows have it, and to look into an entry means
-- to read all of it.
alter table transcript add column raw boolean not null default false;
create index transcript_told on transcript (session_id, cursor) where not raw;

-- An entry stands here once, however often it is read. Not by its place in the journal alone: in a sandbox that was woken from older
-- files the same journal goes on from an earlier place, and tells something else there.
delete from transcript where cursor in (
  select cursor from (
    select cursor, row_number() over (
      partition by session_id, entry ->> 'epoch', entry ->> 'cursor', entry ->> 'at' order by cursor
    ) as copy
    from transcript
  ) as copies
  where copy > 1
);
create unique index transcript_once on transcript (session_id, (entry ->> 'epoch'), (entry ->> 'cursor'), (entry ->> 'at'));
