/** What becomes of what is old: rows, files of sandboxes that nobody woke, and what a person is told who comes back after all. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, test } from "node:test";
import { sql } from "kysely";
import { decide, newSession } from "../../src/core/decide.ts";
import type { SandboxState } from "../../src/core/types.ts";
import { startJobs } from "../../src/engine/jobs.ts";
import { reconcile } from "../../src/engine/reconcile.ts";
import { cleanUp, createRetention } from "../../src/engine/retention.ts";
import { ThreadboxError } from "../../src/errors.ts";
import { localProvider } from "../../src/sandboxes/local.ts";
import { handWoundClock } from "../clock.ts";
import { done, mention, NOW, names, says, slackThread, tell } from "../core/story.ts";
import { storeSession, testStore } from "../database.ts";
import { quiet } from "../quiet.ts";
import { rentedMachines } from "./rented-machines.ts";

const DAY_MS = 24 * 60 * 60_000;
const never = new AbortController().signal;

const { db, store, connection, empty, close } = await testStore();
const clock = handWoundClock(Date.now());
const ago = (days: number): Date => new Date(clock.now() - days * DAY_MS);
const clean = (maxTranscriptRows?: number) =>
  cleanUp({ store, clock, retentionMs: 30 * DAY_MS }, never, maxTranscriptRows);
const NOTHING = { inbox: 0, decisions: 0, effects: 0, transcript: 0, web_posts: 0, turns: 0, cut: 0 };

beforeEach(async () => {
  await empty();
  for (const table of ["inbox", "web_posts", "usage"] as const) await db.deleteFrom(table).execute();
});
after(close);

const session = (id: string, sandbox: SandboxState = { is: "none" }): Promise<void> =>
  storeSession(store, { ...newSession(id, slackThread, "Untitled", NOW), sandbox }, [`web:thread:${id}`]);

async function cameIn(dedupe: string, of: string | null, at: Date): Promise<void> {
  const body = JSON.stringify({ mention: { ...mention(dedupe, "fix it"), id: dedupe } });
  await db.insertInto("inbox").values({ dedupe, session_id: of, body, received_at: at }).execute();
}
async function effect(id: string, of: string, doneAt: Date | null): Promise<void> {
  const say = JSON.stringify({ do: "help", thread: slackThread });
  await db
    .insertInto("effects")
    .values({ id, session_id: of, effect: say, done_at: doneAt, error: null, created_at: ago(90) })
    .execute();
}
async function told(of: string, count: number, at: Date): Promise<void> {
  await sql`
    insert into transcript (session_id, entry, stored_at)
    select ${of}, jsonb_build_object('epoch', 'e', 'cursor', n, 'at', ${at.getTime()}::bigint, 'event',
      jsonb_build_object('type', 'text', 'turn', 'm1', 'message', 1, 'text', n::text)), ${at}
    from generate_series(1, ${count}::int) n`.execute(db);
}
const column = async (table: string, name: string): Promise<unknown[]> =>
  (
    await sql<Record<string, unknown>>`select ${sql.ref(name)} from ${sql.table(table)} order by 1`.execute(db)
  ).rows.map((row) => row[name]);

describe("after thirty days", () => {
  test("what came in, was decided, was done and was told is gone, and what is younger or not over is there", async () => {
    await session("s1");
    await cameIn("old", "s1", ago(31));
    await cameIn("waits for its lookup", null, ago(31));
    await cameIn("young", "s1", ago(29));
    await effect("s1/0", "s1", ago(31));
    await effect("s1/1", "s1", null);
    await effect("s1/2", "s1", ago(29));
    await told("s1", 3, ago(31));
    await told("s1", 2, ago(29));
    for (const at of [ago(31), ago(29)])
      await db.insertInto("usage").values({ turn: at.toISOString(), at, person: "slack:U1" }).execute();
    for (const at of [ago(31), ago(29)])
      await sql`insert into decisions (session_id, at, event, about, effects) values ('s1', ${at}, 'idle', '{}', '{}')`.execute(
        db,
      );
    assert.deepEqual(await clean(), { ...NOTHING, inbox: 1, decisions: 1, effects: 1, transcript: 3 });
    assert.deepEqual(await column("inbox", "dedupe"), ["waits for its lookup", "young"]);
    assert.deepEqual(await column("effects", "id"), ["s1/1", "s1/2"]);
    assert.equal((await column("transcript", "cursor")).length, 2);
    assert.equal((await column("decisions", "seq")).length, 1);
    // What was spent is known for longer.
    assert.deepEqual(await column("usage", "turn"), [ago(31).toISOString(), ago(29).toISOString()]);
    assert.deepEqual(await clean(), NOTHING);
  });

  test("sessions stay with their keys: a thread may be spoken to after a year", async () => {
    await session("s1");
    await db
      .updateTable("sessions")
      .set({ created_at: ago(400), updated_at: ago(400) })
      .execute();
    await clean();
    assert.equal(await store.sessionOf("web:thread:s1"), "s1");
  });

  test("a thread of the page keeps its first message, so that it is found and named", async () => {
    const post = (ref: string, at: Date) =>
      db.insertInto("web_posts").values({ thread: "t1", ref, kind: "person", author: "You", body: ref, at }).execute();
    for (const [ref, days] of [
      ["first", 40],
      ["second", 39],
      ["third", 1],
    ] as const)
      await post(ref, ago(days));
    assert.equal((await clean()).web_posts, 1);
    assert.deepEqual(await column("web_posts", "ref"), ["first", "third"]);
    assert.deepEqual(await clean(), NOTHING);
  });

  test("a turn keeps what it was about and how it ended, and loses its bulk", async () => {
    await session("s1");
    const about = "a long issue";
    const worker = { agent: "pi", kind: "pi", life: 0 } as const;
    const asks = [{ ...mention("m1", "x".repeat(5_000)), about }];
    const turn = {
      id: "m1",
      thread: slackThread,
      asks,
      phase: { is: "running" },
      startedAt: NOW,
      attempt: 1,
      worker,
    } as const;
    await store.transaction(async (tx) => {
      await store.saveTurn(tx, "s1", { ...turn, asks: [...asks] });
      await store.fixPrompt(tx, "m1", "the whole prompt", 0);
      await store.endTurn(tx, "m1", done);
    });
    assert.equal((await clean()).turns, 0);
    await db
      .updateTable("turns")
      .set({ ended_at: ago(31) })
      .execute();
    assert.equal((await clean()).turns, 1);
    const { turn: kept, prompt, progress, result } = await db.selectFrom("turns").selectAll().executeTakeFirstOrThrow();
    assert.deepEqual([prompt, progress, result], ["", null, { ...done, answer: "" }]);
    assert.deepEqual(
      kept.asks.map((ask) => [ask.id, ask.text.length, ask.about]),
      [["m1", 200, undefined]],
    );
    // Whoever asks next is told only what was said since.
    assert.deepEqual(
      (await store.toldIn("s1", NOW, 1)).map((one) => [one.turn.startedAt, one.turn.worker?.agent]),
      [[NOW, "pi"]],
    );
    assert.deepEqual(await clean(), NOTHING);
  });

  test("more than one piece is deleted, and a bot that is stopped deletes no further", async () => {
    await session("s1");
    await told("s1", 2_500, ago(31));
    const stopped = AbortSignal.abort();
    assert.deepEqual(await cleanUp({ store, clock, retentionMs: DAY_MS }, stopped), NOTHING);
    assert.equal((await clean()).transcript, 2_500);
  });
});

test("a transcript that grows too long loses its beginning, and says how much", async () => {
  await session("s1");
  await session("s2");
  await told("s1", 30, ago(0));
  await told("s2", 10, ago(0));
  const transcript = async (id: string) =>
    (await db.selectFrom("transcript").select("entry").where("session_id", "=", id).orderBy("cursor").execute()).map(
      ({ entry: { event } }) => (event.type === "text" ? event.text : event),
    );
  assert.deepEqual(await clean(10), { ...NOTHING, cut: 19 });
  const last = ["21", "22", "23", "24", "25", "26", "27", "28", "29", "30"];
  assert.deepEqual(await transcript("s1"), [{ type: "journal.cut", from: 1, to: 20 }, ...last]);
  assert.equal((await transcript("s2")).length, 10);
  assert.deepEqual(await clean(10), NOTHING);
  await told("s1", 5, ago(0));
  assert.deepEqual(await clean(10), { ...NOTHING, cut: 5 });
  assert.deepEqual((await transcript("s1"))[0], { type: "journal.cut", from: 1, to: 25 });
});

test("of two bots one does it, once in an hour", async () => {
  await session("s1");
  await cameIn("old", "s1", ago(31));
  const ran = Promise.withResolvers<string>();
  const bots = await Promise.all(
    ["a", "b"].map(async (name) => {
      const jobs = await startJobs({ connection, log: quiet });
      const log = quiet.child({});
      Object.assign(log, { info: () => ran.resolve(name) });
      const retention = createRetention({ store, jobs, clock, log, retentionMs: 30 * DAY_MS });
      return { jobs, retention };
    }),
  );
  for (const { retention } of bots) await retention.start();
  await ran.promise;
  for (const { retention, jobs } of bots) {
    await retention.stop();
    await jobs.stop();
  }
  assert.deepEqual(await column("inbox", "dedupe"), []);
  const { rows } = await sql<{ once: boolean }>`
    select count(*) = count(distinct singleton_on) as once from pgboss.job where name = 'retention'`.execute(db);
  assert.deepEqual(rows, [{ once: true }]);
});

describe("a sandbox that nobody woke", () => {
  test("loses its files on this machine, and its session knows", async (t) => {
    const home = await mkdtemp(join(tmpdir(), "threadbox-retention-"));
    const provider = localProvider({ home, log: quiet });
    t.after(() => rm(home, { recursive: true, force: true }));
    const look = () => reconcile({ store, provider, clock, log: quiet, retentionMs: 30 * DAY_MS }, new Map());
    for (const [id, days] of [
      ["s1", 31],
      ["s2", 29],
    ] as const) {
      await provider.start(`threadbox-${id}`, { from: null });
      const token = await provider.sleep(`threadbox-${id}`);
      await session(id, { is: "asleep", since: ago(days).getTime(), token });
    }
    await db
      .updateTable("sessions")
      .set({ updated_at: ago(29) })
      .execute();
    assert.deepEqual((await look()).overslept, ["s1"]);
    assert.deepEqual((await look()).overslept, []);
    const states = await db.selectFrom("sessions").select(["id", "state", "updated_at"]).orderBy("id").execute();
    assert.deepEqual(
      states.map(({ state }) => state.sandbox.is),
      ["none", "asleep"],
    );
    // Nothing happened that anybody would look for in a list of what was last.
    assert.deepEqual(states[0]?.updated_at, ago(29));
    assert.equal((await column("decisions", "event")).join(), "sandbox.expired");
    await assert.rejects(provider.start("threadbox-new", { from: "threadbox-s1" }), { code: "sandbox.lost" });
    await provider.start("threadbox-s2", { from: "threadbox-s2" });
    await provider.destroy("threadbox-s2");
  });

  test("has lost them at a provider that deletes them by itself, after its time and not after ours", async () => {
    const provider = { ...rentedMachines(), keepsFilesMs: 3 * DAY_MS };
    await session("s1", { is: "asleep", since: ago(4).getTime(), token: "im-1" });
    await session("s2", { is: "asleep", since: ago(2).getTime(), token: "im-2" });
    const look = (keepsFilesMs: number | null) =>
      reconcile({ store, provider: { ...provider, keepsFilesMs }, clock, log: quiet, retentionMs: DAY_MS }, new Map());
    assert.deepEqual((await look(null)).overslept, []);
    assert.deepEqual((await look(3 * DAY_MS)).overslept, ["s1"]);
  });

  test("and whose files cannot be removed keeps nobody else's", async (t) => {
    const home = await mkdtemp(join(tmpdir(), "threadbox-retention-"));
    t.after(() => rm(home, { recursive: true, force: true }));
    const forget = async (token: string) => {
      if (token === "threadbox-s1") throw new ThreadboxError("sandbox.unavailable", "the folder is busy");
    };
    await session("s1", { is: "asleep", since: ago(32).getTime(), token: "threadbox-s1" });
    await session("s2", { is: "asleep", since: ago(31).getTime(), token: "threadbox-s2" });
    const provider = { ...localProvider({ home, log: quiet }), forget };
    const { overslept } = await reconcile({ store, provider, clock, log: quiet, retentionMs: 30 * DAY_MS }, new Map());
    assert.deepEqual(overslept, ["s2"]);
    const states = await db.selectFrom("sessions").select("state").orderBy("id").execute();
    assert.deepEqual(
      states.map(({ state }) => state.sandbox.is),
      ["asleep", "none"],
    );
  });

  test("and whoever speaks to it again is told, once", () => {
    const asleep = { ...tell().session, sandbox: { is: "asleep", since: NOW, token: "t1" } } as const;
    const other = decide(asleep, { type: "sandbox.expired", token: "t0" }, NOW);
    assert.deepEqual(other.session.sandbox, asleep.sandbox);
    let current = decide(asleep, { type: "sandbox.expired", token: "t1" }, NOW).session;
    const effects = says("m1", "and now?").flatMap((event) => {
      const decision = decide(current, event, NOW);
      current = decision.session;
      return decision.effects.map(({ effect }) => effect);
    });
    const told = effects.find((effect) => effect.do === "say");
    assert.match(told?.do === "say" ? told.text : "", /files of its sandbox were deleted/);
    assert.ok(names(effects).includes("start-sandbox"));
    assert.equal("expired" in current.sandbox, false);
  });
});
