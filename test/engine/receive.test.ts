import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { sql } from "kysely";
import { z } from "zod";
import type { Mention } from "../../src/core/types.ts";
import { type Jobs, type SessionJob, startJobs } from "../../src/engine/jobs.ts";
import { createIngress, type Ingress } from "../../src/engine/receive.ts";
import { webThreads } from "../../src/store/pages.ts";
import { createStore } from "../../src/store/store.ts";
import type { Surface } from "../../src/surfaces/surface.ts";
import { webSurface } from "../../src/surfaces/web.ts";
import { handWoundClock } from "../clock.ts";
import { mention, pullRequestThread } from "../core/story.ts";
import { testStore } from "../database.ts";
import { quiet } from "../quiet.ts";

const { db, connection, close } = await testStore();
let jobs: Jobs;
let ingress: Ingress;
const clock = handWoundClock();
const store = createStore(db);

before(async () => {
  jobs = await startJobs({ connection, log: quiet });
  ingress = createIngress({ store, jobs, surfaces: {}, clock, log: quiet });
});

after(async () => {
  await jobs.stop();
  await close();
});

const said = (id: string, change = {}) => {
  const { id: _id, ...rest } = mention(id, "fix it", {
    dedupe: `d-${id}`,
    keys: [`slack:thread:T1/C1/${id}`],
    ...change,
  });
  return rest;
};
const count = async (table: "sessions" | "keys" | "effects" | "inbox"): Promise<number> => {
  const { n } = await db.selectFrom(table).select(db.fn.countAll<number>().as("n")).executeTakeFirstOrThrow();
  return Number(n);
};
/** Until a transaction waits for another one. */
async function untilSomebodyWaits(): Promise<void> {
  const waiting = sql<{ n: number }>`
    select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  for (let n = 0; n === 0; n = (await waiting.execute(db)).rows[0]?.n ?? 0);
}

async function allWaiting(): Promise<SessionJob[]> {
  const job = await jobs.fetch();
  return job ? [job, ...(await allWaiting())] : [];
}

describe("what comes in", () => {
  test("is stored with its session, its keys and what is to be done, before anybody is told that it was", async () => {
    const receipt = await ingress.receive(said("1"));
    assert.equal(receipt.is, "accepted");
    assert.deepEqual(
      [await count("inbox"), await count("sessions"), await count("keys"), await count("effects")],
      [1, 1, 1, 1],
    );
    assert.equal((await allWaiting()).length, 1);
  });

  test("twice is once", async () => {
    const before = await count("effects");
    assert.deepEqual(await ingress.receive(said("1")), { is: "duplicate" });
    assert.equal(await count("effects"), before);
  });

  test("twice, and only then with its files, has them all the same (#37)", async () => {
    const shot = { name: "shot.png", mime: "image/png", bytes: 12, ref: { id: "F1", url: null } };
    const receipt = await ingress.receive(said("files"));
    assert.ok(receipt.is === "accepted");
    const before = [await count("inbox"), await count("sessions")];
    for (let times = 0; times < 2; times++)
      assert.deepEqual(await ingress.receive(said("files", { files: [shot] })), { is: "duplicate" });
    const session = await store.transaction((tx) => store.lock(tx, receipt.session, null));
    assert.deepEqual(session?.checking[0]?.files, [shot]);
    assert.deepEqual([await count("inbox"), await count("sessions")], before);
  });

  test("twenty times at once for a new thread makes one session", async () => {
    const before = await count("sessions");
    const keys = ["slack:thread:T1/C1/new", "git:branch:7:x"];
    const receipts = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        ingress.receive(said(`at-once-${index}`, { keys: index % 2 ? keys : [...keys].reverse() })),
      ),
    );
    assert.equal(
      new Set(receipts.map((receipt) => (receipt.is === "accepted" ? receipt.session : receipt.is))).size,
      1,
    );
    assert.equal(await count("sessions"), before + 1);
  });

  test("in the same shape twenty times at once is taken once", async () => {
    const receipts = await Promise.all(Array.from({ length: 20 }, () => ingress.receive(said("same"))));
    assert.equal(receipts.filter((receipt) => receipt.is === "accepted").length, 1);
  });

  test("at two bots at once makes one session for each thread, and is taken once", async () => {
    const another = createIngress({ store: createStore(db), jobs, surfaces: {}, clock: handWoundClock(), log: quiet });
    const before = [await count("sessions"), await count("inbox")];
    const all = Array.from({ length: 20 }, (_, index) =>
      said(`both-${index}`, { keys: [`slack:thread:T1/C1/both-${index % 5}`, `git:branch:7:both-${index % 5}`] }),
    );
    const receipts = await Promise.all(
      all.flatMap((one, index) => (index % 2 ? [ingress, another] : [another, ingress]).map((bot) => bot.receive(one))),
    );
    assert.equal(receipts.filter(({ is }) => is === "accepted").length, 20);
    assert.equal(receipts.filter(({ is }) => is === "duplicate").length, 20);
    assert.deepEqual([await count("sessions"), await count("inbox")], [(before[0] ?? 0) + 5, (before[1] ?? 0) + 20]);
  });

  test("and cannot be stored is refused alone", async () => {
    const tooLong = randomBytes(6_000).toString("hex"); // longer than an index of Postgres takes, compressed too
    const receipts = await Promise.allSettled(
      ["well", "badly", "well-too", "well-again"].map((id) =>
        ingress.receive(said(id, id === "badly" ? { keys: [`slack:thread:${tooLong}`] } : {})),
      ),
    );
    assert.deepEqual(
      receipts.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled", "fulfilled"],
    );
  });

  test("and was looked up in vain is told, and waits no longer", async () => {
    const before = await count("inbox");
    const receipt = await ingress.receive(said("nowhere", { keys: [], addressed: false, lookup: "thread" }));
    assert.equal(receipt.is, "looking-up");
    const row = await db.selectFrom("inbox").select("seq").where("dedupe", "=", "d-nowhere").executeTakeFirstOrThrow();
    await ingress.lookedUp(row.seq);
    await ingress.lookedUp(row.seq);
    assert.equal(await count("inbox"), before);
  });

  test("and is a review that says nothing is told to nobody, and one that says something to its session", async () => {
    const lookedUp: Mention[] = [];
    const github: Surface = {
      ...webSurface({ threads: webThreads(db), log: quiet, clock }),
      complete: async ({ lookup: _, ...whole }) => {
        lookedUp.push(whole);
        return { ...whole, text: lookedUp.length === 1 ? "" : "see below" };
      },
    };
    const looking = createIngress({ store, jobs, surfaces: { github }, clock, log: quiet });
    await looking.receive(said("reviewed", { keys: ["github:pr:7#78"] }));
    const part = { keys: ["github:pr:7#78"], thread: pullRequestThread, lookup: "review", addressed: false, text: "" };
    const before = await count("inbox");
    for (const [id, rows] of [
      ["approves", 0],
      ["says-something", 1],
    ] as const) {
      assert.equal((await looking.receive(said(id, part))).is, "looking-up");
      const row = await db.selectFrom("inbox").select("seq").where("dedupe", "=", `d-${id}`).executeTakeFirstOrThrow();
      await looking.lookedUp(row.seq);
      assert.equal((await count("inbox")) - before, rows);
    }
  });

  test("for a session that somebody else has locked keeps no other from being stored", async () => {
    const first = await ingress.receive(said("locked"));
    const lock = Promise.withResolvers<void>();
    const unlock = Promise.withResolvers<void>();
    const other = store.transaction(async (tx) => {
      await store.lock(tx, first.is === "accepted" ? first.session : "", null);
      lock.resolve();
      await unlock.promise;
    });
    await lock.promise;
    const waiting = ingress.receive(said("locked-again", { keys: ["slack:thread:T1/C1/locked"] }));
    const free = ingress.receive(said("free"));
    clock.advance(1_000);
    assert.equal((await free).is, "accepted");
    unlock.resolve();
    await other;
    assert.equal((await waiting).is, "accepted");
  });

  test("goes to the session that another bot was quicker to give its key, though one beside it has just asked for the same key", async () => {
    const [taken, commit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const key = "github:pr:7#77";
    const known = "slack:thread:T1/C1/slower";
    await ingress.receive(said("slower"));
    const { session } = z.object({ session: z.string() }).parse(await ingress.receive(said("quicker")));
    const other = store.transaction(async (tx) => {
      await store.claimKey(tx, session, key, false);
      taken.resolve();
      await commit.promise;
    });
    await taken.promise;
    const [, , found] = [
      ingress.receive(said("before")), // is under way, so that the next two are taken in together
      ingress.link({
        dedupe: "link-2",
        known,
        also: key,
        thread: pullRequestThread,
        pullRequest: { number: 77, url: "" },
      }),
      ingress.receive(said("after", { keys: [key] })),
    ];
    await untilSomebodyWaits();
    commit.resolve();
    await other;
    assert.deepEqual({ ...(await found), mention: "" }, { is: "accepted", session, mention: "" });
  });

  test("without our name counts only where a session follows the thread", async () => {
    assert.deepEqual(await ingress.receive(said("2", { addressed: false })), {
      is: "ignored",
      reason: "nobody-follows",
    });
    const reply = await ingress.receive(said("3", { addressed: false, keys: ["slack:thread:T1/C1/1"] }));
    assert.equal(reply.is, "accepted");
  });

  test("from a pull request finds the session by the first key that has one", async () => {
    const first = await ingress.receive(said("4"));
    await ingress.link({
      dedupe: "link-1",
      known: "slack:thread:T1/C1/4",
      also: "github:pr:7#5",
      thread: { surface: "github", repo: { id: 7, owner: "a", name: "b" }, number: 5, is: "pr", installation: 1 },
      pullRequest: { number: 5, url: "https://github.com/a/b/pull/5" },
    });
    const second = await ingress.receive(said("5", { keys: ["github:pr:7#5", "git:branch:7:unknown"] }));
    assert.equal(
      second.is === "accepted" && first.is === "accepted" && second.session,
      first.is === "accepted" && first.session,
    );
  });

  test("for a session that is held already is left to its holder", async () => {
    const { length: live } = await allWaiting();
    await ingress.receive(said("6", { keys: ["slack:thread:T1/C1/1"] }));
    assert.ok(live > 0);
    assert.equal((await allWaiting()).length, 0);
  });
});
