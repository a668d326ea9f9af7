/** Thousands of sessions that have worked and sleep, copied from ten that have really been spoken to: rows as the bot writes them, in seconds. */
import type { BenchDatabase } from "./ground.ts";
import { checkEqual } from "./measure.ts";

/** Each, in its transcript: one turn's. */
export const EVENTS_EACH = 20;

/** Threads are `t0`, `t1` and so on, as those that `sleepers` makes; the first ten are there. */
export async function cloneSessions({ query, count }: BenchDatabase, sessions: number): Promise<void> {
  const there = await count("select count(*) from sessions");
  const copies = "generate_series($1::int, $2::int - 1) n";
  const given = [there, sessions];
  const first = "(select session_id from inbox order by seq limit 1)";
  const template = `(select * from sessions where id = ${first}) one`;
  const id = "'s' || lpad(n::text, 10, '0')";
  await query(
    `insert into sessions (id, epoch, state, stream_epoch, stream_cursor, created_at, updated_at)
     select ${id}, 2, jsonb_set(one.state, '{id}', to_jsonb(${id})), 'e', ${EVENTS_EACH}, now() - n * interval '1 s', now() - n * interval '1 s'
     from ${template}, ${copies}`,
    given,
  );
  await query(`insert into keys (key, session_id) select 'api:terminal/t' || n, ${id} from ${copies}`, given);
  const mentioned = "(select * from inbox order by seq limit 1) one";
  await query(
    `insert into inbox (dedupe, session_id, body) select 'terminal:t' || n, ${id}, one.body from ${mentioned}, ${copies}`,
    given,
  );
  const done = `(select * from effects where session_id = ${first}) one`;
  await query(
    `insert into effects (id, session_id, effect, attempts, done_at)
     select replace(one.id, one.session_id, ${id}), ${id}, one.effect, 1, now() from ${done}, ${copies}`,
    given,
  );
  await query(
    `insert into turns (id, session_id, turn, prompt, result, ended_at)
     select 'm' || n, ${id}, '{"id": "m", "asks": [], "attempt": 1}', repeat('words ', 100), '{"outcome": "done", "answer": "Done."}', now() from ${copies}`,
    given,
  );
  await query(
    `insert into transcript (session_id, entry)
     select ${id}, jsonb_build_object('cursor', event, 'epoch', 'e', 'at', 0, 'event', jsonb_build_object('type', 'text', 'text', repeat('word ', 40)))
     from ${copies}, generate_series(1, ${EVENTS_EACH}) event`,
    given,
  );
  await query("vacuum analyze");
  checkEqual(await count("select count(*) from sessions"), sessions, "sessions in the store");
}
