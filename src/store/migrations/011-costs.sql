-- What turns cost, for longer than a day: by whom, where, with which agent and model. The rows have no text, and stay.

-- Null: nobody has said.
alter table usage
  add column session     text,
  add column agent       text,
  add column model       text,
  add column input       double precision,
  add column output      double precision,
  add column cache_read  double precision,
  add column cache_write double precision,
  -- agent, table, or nobody: then `dollars` is 0 for want of better.
  add column priced_by   text;

-- Turns of before, as far as they say it.
update usage u set session = t.session_id from turns t where t.id = u.turn;
update usage u set
  input = (t.result #>> '{usage,inputTokens}')::float8,
  output = (t.result #>> '{usage,outputTokens}')::float8
from turns t where t.id = u.turn and t.result -> 'usage' is not null;

create index usage_of_session on usage (session);
