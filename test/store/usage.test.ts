/** What limits are counted from, in a true database. */
import assert from "node:assert/strict";
import { after, afterEach, describe, test } from "node:test";
import { sql } from "kysely";
import { newProgress } from "../../src/core/condense.ts";
import { decide, newSession } from "../../src/core/decide.ts";
import type { SessionEvent } from "../../src/core/decision.ts";
import { accountsOf, startOfDay } from "../../src/core/limits.ts";
import type { Person, SandboxState, Session } from "../../src/core/types.ts";
import { type CostsBy, costsOf, together } from "../../src/store/costs.ts";
import { alice, bob, done, NOW, plain, says, slackThread } from "../core/story.ts";
import { storeSession, testStore } from "../database.ts";

const { db, store, empty, close } = await testStore();
after(close);
afterEach(async () => {
  await empty();
  await db.deleteFrom("usage").execute();
});

const TODAY = startOfDay(Date.UTC(2026, 0, 15));
const of = (person: Person) => accountsOf(slackThread, person, plain);
const counted = (id: string, person = alice, at = TODAY) =>
  store.transaction((tx) => store.countTurn(tx, { id, accounts: of(person), at }));
const used = (person = alice, id = "new") =>
  store.transaction((tx) => store.usageSince(tx, TODAY, { id, accounts: of(person) }));

/** The session s1 after these events, as everything is stored. */
async function lived(...events: (SessionEvent | SessionEvent[])[]): Promise<void> {
  let session: Session = newSession("s1", slackThread, "Untitled", NOW);
  await storeSession(store, session);
  for (const event of events.flat()) {
    const decision = decide(session, event, TODAY);
    const decided = { before: session, decision, reason: { bot: null, event: event.type, about: {} } };
    session = decision.session;
    await store.transaction((tx) => store.save(tx, [decided]));
  }
}

describe("turns of a day", () => {
  test("are counted on each account", async () => {
    await counted("m1");
    await counted("m2", bob);
    assert.deepEqual((await used()).turns, { person: 1, channel: 2, repository: 2, organisation: 2 });
  });
  test("of yesterday are not", async () => {
    await counted("m1", alice, TODAY - 1);
    assert.equal((await used()).turns.person, 0);
  });
  test("are counted once, however often they are let in, and not against themselves", async () => {
    await counted("m1");
    await counted("m1");
    assert.equal((await used()).turns.person, 1);
    assert.equal((await used(alice, "m1")).turns.person, 0);
  });
  test("are counted when they begin, where nobody has counted them", async () => {
    await lived(says("m1", "the test fails"));
    assert.deepEqual((await used()).turns, { person: 1, channel: 1, repository: 1, organisation: 1 });
  });
  test("have room for as many as there is room for, however many come at once", async () => {
    const begin = (id: string) =>
      store.transaction(async (tx) => {
        const turn = { id, accounts: of(alice), at: TODAY };
        if ((await store.usageSince(tx, TODAY, turn)).turns.person < 5) await store.countTurn(tx, turn);
      });
    await Promise.all(Array.from({ length: 20 }, (_, index) => begin(`m${index}`)));
    assert.equal((await used()).turns.person, 5);
  });
});

describe("what was spent", () => {
  const usage = { inputTokens: 900, outputTokens: 100, costUsd: 0.25 };
  const showing = (change = {}) => ({ ...newProgress("m1", null, "Writing", NOW), usage: { ...usage, ...change } });
  const spent = async () => {
    const { tokens, dollars } = await used();
    return { tokens, dollars };
  };
  test("is known while a turn goes on", async () => {
    await lived(says("m1", "the test fails"));
    assert.deepEqual(await spent(), { tokens: 0, dollars: 0 });
    await store.transaction((tx) => store.saveProgress(tx, showing()));
    assert.deepEqual(await spent(), { tokens: 1_000, dollars: 0.25 });
  });
  test("is what the agent says at the end", async () => {
    await lived(says("m1", "the test fails"));
    await store.transaction((tx) => store.saveProgress(tx, showing()));
    const result = { ...done, usage: { inputTokens: 1_900, outputTokens: 100, costUsd: 0.5 } };
    await store.transaction((tx) => store.endTurn(tx, "m1", result));
    assert.deepEqual(await spent(), { tokens: 2_000, dollars: 0.5 });
  });
  test("is what was heard last, of a turn that had no end of its own", async () => {
    await lived(says("m1", "the test fails"));
    await store.transaction((tx) => store.saveProgress(tx, showing()));
    await store.transaction((tx) => store.endTurn(tx, "m1", done));
    await db.deleteFrom("turns").execute();
    assert.deepEqual(await spent(), { tokens: 1_000, dollars: 0.25 });
  });
  test("can be counted, whatever an agent says", async () => {
    await lived(says("m1", "the test fails"));
    const silly = { inputTokens: 1.5, outputTokens: 1e308, costUsd: 1e308 };
    await store.transaction((tx) => store.saveProgress(tx, showing(silly)));
    assert.deepEqual(await spent(), { tokens: 1e15 + 1.5, dollars: 1e15 });
    await store.transaction((tx) => store.endTurn(tx, "m1", { ...done, usage: silly }));
    assert.deepEqual(await spent(), { tokens: 1e15, dollars: 1e15 });
  });
});

describe("places for sandboxes", () => {
  const session = (id: string, sandbox: SandboxState) =>
    storeSession(store, { ...newSession(id, slackThread, "Untitled", 0), sandbox });
  const starting = (since: number): SandboxState => ({ is: "starting", since, from: null });
  const running: SandboxState = {
    is: "ready",
    since: 1,
    from: null,
    name: "box",
    url: "http://127.0.0.1:1",
    endsAt: null,
  };
  const place = (id: string, since: number, atMost: number) =>
    store.transaction((tx) => store.takePlace(tx, id, since, atMost));

  test("are taken by sandboxes that run, and not by those that wait or sleep", async () => {
    await session("s1", running);
    await session("s2", starting(5));
    await session("s3", { is: "asleep", since: 1, token: "t" });
    await session("s4", starting(6));
    assert.deepEqual(await place("s4", 6, 1), { taken: false, running: 1 });
    assert.deepEqual(await place("s4", 6, 2), { taken: true, running: 1 });
    assert.deepEqual(await place("s2", 5, 2), { taken: false, running: 2 });
  });
  test("are kept by whoever asks again after a crash, although fewer may run by now", async () => {
    await session("s1", starting(5));
    await session("s2", running);
    assert.deepEqual(await place("s1", 5, 2), { taken: true, running: 1 });
    assert.deepEqual(await place("s1", 5, 1), { taken: true, running: 1 });
  });
  test("are for one start", async () => {
    await session("s1", starting(5));
    await place("s1", 4, 1);
    await session("s2", starting(6));
    assert.deepEqual(await place("s2", 6, 1), { taken: true, running: 0 });
  });
  test("are never taken by more than there are, however many come at once", async () => {
    const ids = Array.from({ length: 12 }, (_, index) => `s${index}`);
    for (const id of ids) await session(id, starting(7));
    const got = await Promise.all(ids.map((id) => place(id, 7, 5)));
    assert.equal(got.filter(({ taken }) => taken).length, 5);
  });
});

describe("budgets", () => {
  const use = async (id: string, dollars: number, { person = alice, session = "s1", at = TODAY } = {}) => {
    await store.transaction((tx) => store.countTurn(tx, { id, session, accounts: of(person), at }));
    await db.updateTable("usage").set({ tokens: 100, dollars }).where("turn", "=", id).execute();
  };
  test("are counted on each account, for the day and for the session ever", async () => {
    await use("m1", 1);
    await use("m2", 2, { person: bob, session: "s2" });
    await use("m3", 4, { at: TODAY - 1 });
    const turn = { id: "new", session: "s1", accounts: of(alice) };
    const spent = await store.transaction((tx) => store.usageSince(tx, TODAY, turn));
    assert.deepEqual(spent, {
      turns: { person: 1, channel: 2, repository: 2, organisation: 2 },
      ...{ tokens: 200, dollars: 3 },
      on: {
        person: { tokens: 100, dollars: 1 },
        channel: { tokens: 200, dollars: 3 },
        repository: { tokens: 200, dollars: 3 },
        organisation: { tokens: 200, dollars: 3 },
      },
      session: { tokens: 200, dollars: 5 },
    });
    assert.equal(await store.dollarsSince(TODAY), 3);
  });
  test("are asked for by a turn that goes on, without itself, and with what was raised", async () => {
    await lived(says("m1", "the test fails"));
    await use("m0", 3);
    const raised = { dollars: 5, day: { since: TODAY, dollars: 5 }, turn: 5 };
    await sql`update sessions set state = state || ${JSON.stringify({ raised })}::jsonb`.execute(db);
    const beside = await store.spentBeside("m1", TODAY);
    assert.deepEqual(
      [beside?.spent.session, beside?.spent.on?.person],
      [
        { tokens: 100, dollars: 3 },
        { tokens: 100, dollars: 3 },
      ],
    );
    assert.deepEqual(beside?.raised, raised);
    assert.equal(await store.spentBeside("nobody", TODAY), null);
  });
  test("let one of two turns begin that come at once for the last dollars", async () => {
    await use("m1", 9.5);
    const begin = (id: string) =>
      store.transaction(async (tx) => {
        const turn = { id, session: id, accounts: of(alice), at: TODAY };
        const { on } = await store.usageSince(tx, TODAY, turn);
        if ((on?.person.dollars ?? 0) >= 10) return false;
        await store.countTurn(tx, turn);
        // What the first of them uses is known before the second one is let in.
        await tx.updateTable("usage").set({ tokens: 1, dollars: 1 }).where("turn", "=", id).execute();
        return true;
      });
    const let_in = await Promise.all([begin("m2"), begin("m3")]);
    assert.deepEqual(let_in.toSorted(), [false, true]);
  });
});

describe("what turns have cost", () => {
  const month = { since: TODAY - 30 * 86_400_000, until: TODAY + 86_400_000 };
  const priced = { inputTokens: 900, outputTokens: 100, cacheReadTokens: 500, costUsd: 0.25, model: "claude-sonnet-5" };
  async function spent(): Promise<void> {
    await lived(says("m1", "the test fails"));
    await store.transaction((tx) => store.endTurn(tx, "m1", { ...done, usage: priced, agent: "pi" }));
    await counted("old", bob, TODAY - 86_400_000);
    const before = { tokens: 50, dollars: 0.5 };
    await db.updateTable("usage").set(before).where("turn", "=", "old").execute();
    await counted("codex", alice);
    const unpriced = {
      tokens: 70,
      input: 60,
      output: 10,
      dollars: 0,
      priced_by: "nobody",
      model: "gpt-9",
      agent: "codex",
    };
    await db.updateTable("usage").set(unpriced).where("turn", "=", "codex").execute();
  }
  test("is summed by whatever is asked for, with names as people know them", async () => {
    await spent();
    const by = async (what: CostsBy) =>
      (await costsOf(db, { by: what, ...month })).map(({ key, name, turns, dollars }) => [key, name, turns, dollars]);
    assert.deepEqual(await by("day"), [
      ["2026-01-14", null, 1, 0.5],
      ["2026-01-15", null, 2, 0.25],
    ]);
    assert.deepEqual(await by("person"), [
      ["slack:U2", null, 1, 0.5],
      ["slack:U1", "alice", 2, 0.25],
    ]);
    assert.deepEqual(await by("repository"), [["https://git.example.com/acme/api", "acme/api", 3, 0.75]]);
    assert.deepEqual(await by("channel"), [["slack:T1/C1", null, 3, 0.75]]);
    assert.deepEqual(await by("session"), [
      [null, null, 2, 0.5],
      ["s1", "the test fails", 1, 0.25],
    ]);
    assert.deepEqual(await by("agent"), [
      [null, null, 1, 0.5],
      ["pi", null, 1, 0.25],
      ["codex", null, 1, 0],
    ]);
    assert.deepEqual(await by("model"), [
      [null, null, 1, 0.5],
      ["claude-sonnet-5", null, 1, 0.25],
      ["gpt-9", null, 1, 0],
    ]);
  });
  test("has its tokens, and says how many turns nobody knows the price of", async () => {
    await spent();
    assert.deepEqual(together(await costsOf(db, { by: "day", ...month })), {
      ...{ turns: 3, tokens: 1_120, inputTokens: 960, outputTokens: 110, cacheReadTokens: 500, cacheWriteTokens: 0 },
      ...{ dollars: 0.75, listDollars: 0, unpricedTurns: 1 },
    });
  });
  test("is known while a turn goes on", async () => {
    await lived(says("m1", "the test fails"));
    const usage = { ...priced, pricedBy: "table" as const };
    await store.transaction((tx) => store.saveProgress(tx, { ...newProgress("m1", null, "Writing", NOW), usage }));
    const [today] = await costsOf(db, { by: "model", ...month });
    assert.deepEqual(
      [today?.key, today?.dollars, today?.listDollars, today?.tokens],
      ["claude-sonnet-5", 0.25, 0.25, 1_000],
    );
  });
});
