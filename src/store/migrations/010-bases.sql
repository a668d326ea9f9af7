-- A push to a branch may make the pull requests that go to it conflict.

create index sessions_by_base on sessions ((state #>> '{work,repository,id}'), (state #>> '{card,seen,base}'))
  where state #>> '{card,seen,state}' = 'open';
