/** News of places, told to sessions in a true database: a channel with another id, a session with another title. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import type { Thread } from "../../src/core/types.ts";
import { createIngress } from "../../src/engine/receive.ts";
import { handWoundClock } from "../clock.ts";
import { mention, says, slackThread } from "../core/story.ts";
import { type TestStore, testStore } from "../database.ts";
import { quiet } from "../quiet.ts";
import { lived } from "../store/lived.ts";

let on: TestStore;
before(async () => {
  on = await testStore();
});
after(() => on.close());

describe("#54 a channel that has another id", () => {
  const move = { team: "T1", from: "C1", to: "C9" };
  const there: Thread = { surface: "slack", team: "T1", channel: "C9", threadTs: "1.1" };
  const woken: string[] = [];
  const ingress = () => {
    const jobs = { lookup: async () => {}, wake: async (_tx: unknown, ids: string[]) => void woken.push(...ids) };
    return createIngress({ store: on.store, jobs, surfaces: {}, clock: handWoundClock(), log: quiet });
  };
  const receive = (id: string, change = {}) => {
    const { id: _, ...said } = mention(id, "and the docs", change);
    return ingress().receive(said);
  };

  beforeEach(async () => {
    await on.empty();
    await on.db.deleteFrom("usage").execute();
    woken.splice(0);
  });

  test("keeps its sessions: said there, it is said to the one that was begun before", async () => {
    await lived(on.store, says("m1", "fix the login"));
    await on.store.transaction((tx) => on.store.claimKey(tx, "s1", "slack:thread:T1/C1/1.1", false));
    assert.equal(await ingress().places.moved(move), 1);
    assert.deepEqual(woken, ["s1"]);
    const { state } = await on.db.selectFrom("sessions").select("state").executeTakeFirstOrThrow();
    assert.deepEqual([state.thread, state.turn?.thread], [there, there]);
    const effects = await on.db.selectFrom("effects").select("effect").execute();
    assert.doesNotMatch(JSON.stringify(effects), /"C1"/);
    const [turn] = await on.db.selectFrom("turns").select("turn").execute();
    assert.deepEqual(turn?.turn.thread, there);
    const [usage] = await on.db.selectFrom("usage").select("channel").execute();
    assert.equal(usage?.channel, "slack:T1/C9");
    const said = await receive("m2", { keys: ["slack:thread:T1/C9/1.1"], thread: there, dedupe: "d2" });
    assert.equal(said.is === "accepted" && said.session, "s1");
    const decided = await on.db.selectFrom("decisions").select(["event", "about"]).orderBy("seq").execute();
    assert.deepEqual(decided.find(({ event }) => event === "moved")?.about, move);
  });

  test("told twice, or of a channel that nobody knows, changes nothing", async () => {
    await lived(on.store, says("m1", "fix the login"));
    await on.store.transaction((tx) => on.store.claimKey(tx, "s1", "slack:thread:T1/C1/1.1", false));
    assert.deepEqual([await ingress().places.moved(move), await ingress().places.moved(move)], [1, 0]);
    assert.equal(await ingress().places.moved({ ...move, from: "C7", to: "C8" }), 0);
  });

  test("leaves a thread to whoever was spoken to there already", async () => {
    await lived(on.store, says("m1", "fix the login"));
    await on.store.transaction((tx) => on.store.claimKey(tx, "s1", "slack:thread:T1/C1/1.1", false));
    const said = await receive("m2", { keys: ["slack:thread:T1/C9/1.1"], thread: there, dedupe: "d2" });
    await ingress().places.moved(move);
    const keys = await on.db.selectFrom("keys").select(["key", "session_id"]).execute();
    assert.deepEqual(keys, [{ key: "slack:thread:T1/C9/1.1", session_id: said.is === "accepted" ? said.session : "" }]);
  });

  test("takes what waits for its lookup along", async () => {
    await receive("m3", { keys: [], lookup: "thread", addressed: false, dedupe: "d3" });
    await ingress().places.moved(move);
    const [{ body } = { body: null }] = await on.db.selectFrom("inbox").select("body").execute();
    assert.deepEqual(body && "mention" in body && body.mention.thread, there);
  });
});

test("#50 the title that a person gave is the session's, and a thread that nobody follows has none", async () => {
  await on.empty();
  await lived(on.store, says("m1", "fix the login"));
  await on.store.transaction((tx) => on.store.claimKey(tx, "s1", "slack:thread:T1/C1/1.1", false));
  const jobs = { lookup: async () => {}, wake: async () => {} };
  const { places } = createIngress({ store: on.store, jobs, surfaces: {}, clock: handWoundClock(), log: quiet });
  assert.equal(await places.renamed(slackThread, "Login on Safari"), true);
  const { state } = await on.db.selectFrom("sessions").select("state").executeTakeFirstOrThrow();
  assert.equal(state.title, "Login on Safari");
  assert.equal(await places.renamed({ surface: "slack", team: "T1", channel: "C4", threadTs: "1.1" }, "x"), false);
});
