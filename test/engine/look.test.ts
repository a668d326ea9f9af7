/** What the holder of a session sees while others write to it. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type KyselyPlugin, sql } from "kysely";
import { type Jobs, startJobs } from "../../src/engine/jobs.ts";
import { createIngress } from "../../src/engine/receive.ts";
import { createStore } from "../../src/store/store.ts";
import { handWoundClock } from "../clock.ts";
import { mention } from "../core/story.ts";
import { testStore } from "../database.ts";
import { quiet } from "../quiet.ts";

const { db, connection, close } = await testStore();
let jobs: Jobs;

before(async () => {
  jobs = await startJobs({ connection, log: quiet });
});
after(async () => {
  await jobs.stop();
  await close();
});

/** Runs `between` once, when the first question of a look has its answer and the second one is not asked yet. */
function betweenQuestions(between: () => Promise<unknown>): KyselyPlugin {
  let done = false;
  return {
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      if (!done) {
        done = true;
        await between();
      }
      return result;
    },
  };
}

test("a mention that comes in the middle of a look is either not seen at all, or with the session that knows it", async () => {
  const store = createStore(db);
  const ingress = createIngress({ store, jobs, surfaces: {}, clock: handWoundClock(), log: quiet });
  const say = (id: string) => ingress.receive({ ...mention(id, "fix it"), dedupe: id });
  const first = await say("1");
  assert.equal(first.is, "accepted");
  const session = first.is === "accepted" ? first.session : "";
  const claim = await store.transaction((tx) => store.claim(tx, session, "me"));

  const looking = createStore(db.withPlugin(betweenQuestions(() => say("2"))));
  const seen = await looking.look(session, claim?.epoch ?? 0);
  const known = seen?.session.checking.map(({ id }) => id) ?? [];
  const checks = seen?.pending.flatMap(({ effect }) => (effect.do === "check" ? [effect.mention] : [])) ?? [];
  assert.deepEqual(
    checks.filter((id) => !known.includes(id)),
    [],
  );
  assert.equal((await store.look(session, claim?.epoch ?? 0))?.pending.length, 2);
});

test("an effect is begun and ended only by whoever has claimed its session last", async () => {
  const store = createStore(db);
  const ingress = createIngress({ store, jobs, surfaces: {}, clock: handWoundClock(), log: quiet });
  const receipt = await ingress.receive({ ...mention("5", "fix it"), dedupe: "5" });
  const session = receipt.is === "accepted" ? receipt.session : "";
  const claim = (owner: string) => store.transaction((tx) => store.claim(tx, session, owner));
  const [before, now] = [await claim("me"), await claim("another")].map((held) => ({
    session,
    epoch: held?.epoch ?? 0,
  }));
  assert.ok(before && now);
  const id = `${session}/0`;
  const over = { id, bot: "me", error: null };
  assert.equal(await store.countAttempt(before, id), false);
  assert.equal(await store.finishEffect(null, before, over), false);
  const seen = async () => (await store.look(session, now.epoch))?.pending.find((one) => one.id === id);
  assert.equal((await seen())?.attempts, 0);
  assert.equal(await store.countAttempt(now, id), true);
  assert.equal(await store.finishEffect(null, now, over), true);
  assert.equal(await seen(), undefined);
});

test("what was acknowledged waits for a bot however long there is none", async () => {
  const ingress = createIngress({ store: createStore(db), jobs, surfaces: {}, clock: handWoundClock(), log: quiet });
  await ingress.receive({ ...mention("4", "fix it"), dedupe: "4", keys: ["slack:thread:T1/C1/4"] });
  const { rows } = await sql<{ kept: boolean }>`
    select bool_and(keep_until > now() + interval '1 year') as kept from pgboss.job where name = 'session'`.execute(db);
  assert.deepEqual(rows, [{ kept: true }]);
});

test("what a bot has begun and dies with is another's within its lease: sessions, timers and lookups", async () => {
  // As an older version made it; every start looks.
  await sql`update pgboss.queue set heartbeat_seconds = null where name = 'timer'`.execute(db);
  await (await startJobs({ connection, log: quiet })).stop();
  const { rows } = await sql<{ name: string; heartbeat_seconds: number }>`
    select name, heartbeat_seconds from pgboss.queue where name in ('session', 'timer', 'lookup') order by name`.execute(
    db,
  );
  assert.deepEqual(
    rows.map((row) => [row.name, row.heartbeat_seconds]),
    [
      ["lookup", 10],
      ["session", 10],
      ["timer", 10],
    ],
  );
});

test("text that Postgres cannot hold is stored without what it cannot hold", async () => {
  const store = createStore(db);
  const ingress = createIngress({ store, jobs, surfaces: {}, clock: handWoundClock(), log: quiet });
  // The title is cut in the middle of the emoji.
  const text = `${"x".repeat(68)}😀${"y".repeat(10)} and a \0 in it`;
  const receipt = await ingress.receive({ ...mention("3", text), dedupe: "3", keys: ["slack:thread:T1/C1/3"] });
  assert.equal(receipt.is, "accepted");
  const session = receipt.is === "accepted" ? receipt.session : "";
  const entry = {
    epoch: "e",
    cursor: 1,
    at: 1,
    event: { type: "text", turn: "3", message: 1, text: "\0 \ud83d" },
  } as const;
  await store.transaction((tx) => store.addTranscript(tx, session, [entry], { epoch: "e", cursor: 1 }));
  const row = await db.selectFrom("transcript").select("entry").executeTakeFirstOrThrow();
  assert.deepEqual(row.entry.event, { ...entry.event, text: "\ufffd \ufffd" });
});
