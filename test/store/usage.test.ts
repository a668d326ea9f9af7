/** What limits are counted from, in a true database. */
import assert from "node:assert/strict";
import { after, afterEach, describe, test } from "node:test";
import { newProgress } from "../../src/core/condense.ts";
import { decide, newSession } from "../../src/core/decide.ts";
import type { SessionEvent } from "../../src/core/decision.ts";
import { accountsOf, startOfDay } from "../../src/core/limits.ts";
import type { Person, SandboxState, Session } from "../../src/core/types.ts";
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
