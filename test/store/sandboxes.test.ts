/** What is written down of sandboxes and snapshots, with several bots at it at once. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { newSession } from "../../src/core/decide.ts";
import type { SandboxState } from "../../src/core/types.ts";
import { slackThread } from "../core/story.ts";
import { storeSession, testStore } from "../database.ts";

const { db, store, empty, close } = await testStore();
after(close);

const at = (minute: number) => new Date(1_700_000_000_000 + minute * 60_000);
const wanted = { provider: "local", repository: "acme/api", prepared: "p1" };
const warm = (name: string, change: object = {}) => ({ ...wanted, name, kind: "warm" as const, ...change });

async function session(id: string, sandbox: SandboxState = { is: "starting", since: 0, from: null }): Promise<void> {
  const state = { ...newSession(id, slackThread, "Untitled", 0), sandbox };
  await storeSession(store, state);
}

describe("a warm sandbox is taken", () => {
  before(async () => {
    await empty();
    for (const id of ["s1", "s2", "s3"]) await session(id);
    await store.addSandbox(warm("w1"));
    await store.addSandbox(warm("w2"));
    await store.addSandbox(warm("not-up-yet"));
    await store.addSandbox(warm("of-another", { repository: "acme/web" }));
    for (const name of ["w1", "w2", "of-another"]) await store.sandboxIsUp(name, `http://${name}`, 5_000);
  });

  test("by at most one session each, however many ask at once; without one there is none", async () => {
    const taken = await Promise.all(["s1", "s2", "s3"].map((id) => store.takeWarm(id, wanted)));
    assert.deepEqual(taken.map((one) => one?.name ?? "none").sort(), ["none", "w1", "w2"]);
    const one = taken.find((sandbox) => sandbox?.name === "w1");
    assert.equal(one?.url, "http://w1");
    assert.deepEqual(one?.endsAt, new Date(5_000));
  });

  test("once: asked again, the session gets the one that it has, even twice at once", async () => {
    const [first] = (await store.knownSandboxes()).filter(({ takenBy }) => takenBy === "s1");
    const [second] = (await store.knownSandboxes()).filter(({ takenBy }) => takenBy === "s2");
    const holder = first ? "s1" : "s2";
    const again = await Promise.all([store.takeWarm(holder, wanted), store.takeWarm(holder, wanted)]);
    assert.deepEqual(
      again.map((one) => one?.name),
      Array(2).fill((first ?? second)?.name),
    );
  });

  test("and never comes back: should its session go, nobody else gets that session's files", async () => {
    await db.deleteFrom("sessions").execute();
    await session("late");
    assert.equal(await store.takeWarm("late", wanted), null);
  });
});

describe("the stock is filled up", () => {
  let counter = 0;
  const ask = (count: number, max: number) =>
    store.fillUp(wanted, {
      count,
      max,
      counts: ({ endsAt }) => !endsAt || endsAt > at(60),
      name: () => `n${counter++}`,
      now: at(0),
    });
  before(empty);

  test("to the number that is wanted by all bots together, and by each as far as it can", async () => {
    const asked = await Promise.all([ask(3, 2), ask(3, 2), ask(3, 2)]);
    assert.deepEqual(asked.map((names) => names.length).sort(), [0, 1, 2]);
    assert.deepEqual(
      (await store.knownSandboxes()).map(({ name, url, createdAt }) => [name, url, createdAt]),
      ["n0", "n1", "n2"].map((name) => [name, null, at(0)]),
    );
  });

  test("and anew for those that end soon, or were withdrawn", async () => {
    await store.sandboxIsUp("n0", "http://n0", at(30).getTime());
    assert.equal((await ask(3, 5)).length, 1);
    const n1 = (await store.knownSandboxes()).find(({ name }) => name === "n1");
    assert.ok(n1);
    assert.equal(await store.withdraw(n1, at(1)), true);
    assert.equal((await ask(3, 5)).length, 1);
  });
});

describe("one is withdrawn", () => {
  before(async () => {
    await empty();
    await session("s1");
    await store.addSandbox(warm("w1", { createdAt: at(0) }));
    await store.sandboxIsUp("w1", "http://w1", null);
  });

  test("unless a session has taken it since it was read", async () => {
    const [seen] = await store.knownSandboxes();
    assert.ok(seen);
    await store.takeWarm("s1", wanted);
    assert.equal(await store.withdraw(seen, at(1)), false);
  });

  test("by one of several, and then nobody gets it", async () => {
    const [seen] = await store.knownSandboxes();
    assert.ok(seen);
    const withdrawn = await Promise.all([store.withdraw(seen, at(1)), store.withdraw(seen, at(1))]);
    assert.deepEqual(withdrawn.sort(), [false, true]);
    assert.equal(await store.takeWarm("s1", wanted), null);
  });

  test("that somebody is at work on is said until it is up", async () => {
    assert.equal(await store.stillBusy("w1", at(2)), true);
    assert.deepEqual((await store.knownSandboxes())[0]?.createdAt, at(2));
    assert.equal(await store.stillBusy("nobody", at(2)), false);
    assert.equal(await store.sandboxIsUp("nobody", "http://nobody", null), false);
  });
});

describe("snapshots", () => {
  const snapshot = (label: string, token: string, expiresAt: Date | null = null) => ({
    ...wanted,
    label,
    token,
    expiresAt,
  });
  before(empty);

  test("a label is given once, unless it is given to another one on purpose", async () => {
    assert.equal(await store.addSnapshot(snapshot("mine", "t1")), true);
    assert.equal(await store.addSnapshot(snapshot("mine", "t2")), false);
    assert.equal(await store.replaceSnapshot(snapshot("mine", "t3")), "t1");
    assert.equal(await store.replaceSnapshot(snapshot("new", "t4")), null);
    assert.equal((await store.snapshotOf("mine"))?.token, "t3");
    assert.equal(await store.snapshotOf("nobody's"), null);
  });

  test("those that the provider has deleted are forgotten, and so is one that was found to be gone", async () => {
    await store.addSnapshot(snapshot("soon", "t5", at(10)));
    assert.deepEqual(await store.forgetExpired(at(9)), []);
    assert.deepEqual(await store.forgetExpired(at(10)), ["soon"]);
    await store.forgetToken("t3");
    assert.deepEqual(
      (await store.knownSnapshots()).map(({ label }) => label),
      ["new"],
    );
  });
});

describe("who needs a sandbox", () => {
  const running = (name: string) => ({ name, url: "http://x", endsAt: null, since: 0, from: null });
  before(async () => {
    await empty();
    await session("s1", { is: "starting", since: 0, from: null });
    await session("s2", { is: "ready", ...running("threadbox-warm-a") });
    await session("s3", { is: "falling-asleep", ...running("threadbox-s3") });
    await session("s4", { is: "asleep", since: 0, token: "threadbox-warm-b" });
    await session("s5", { is: "none" });
    for (const name of ["threadbox-warm-c", "threadbox-warm-d", "threadbox-warm-e"]) {
      await store.addSandbox(warm(name));
      await store.sandboxIsUp(name, "http://x", null);
    }
    await store.takeWarm("s1", wanted);
    await store.takeWarm("s5", wanted);
    await store.addSnapshot({ ...wanted, label: "kept", token: "kept-files", expiresAt: null });
  });

  test("sessions that use one, or are about to", async () => {
    assert.deepEqual([...(await store.sandboxesInUse())].sort(), [
      "threadbox-s1",
      "threadbox-s3",
      "threadbox-warm-a",
      "threadbox-warm-c",
    ]);
  });

  for (const [name, missed, why] of [
    ["threadbox-s1", true, "its session starts it"],
    ["threadbox-warm-c", true, "its session is just taking it"],
    ["threadbox-warm-a", true, "its session uses it"],
    ["threadbox-s2", false, "its session uses another one"],
    ["threadbox-s4", true, "its session sleeps, and may have its files there"],
    ["threadbox-warm-b", true, "it is the files of a session that sleeps"],
    ["threadbox-warm-d", false, "it was taken by a session that has none now"],
    ["threadbox-warm-e", true, "it is in stock"],
    ["kept-files", true, "it is a snapshot's files"],
    ["threadbox-s5", false, "its session has none"],
    ["threadbox-s6", false, "there is no such session"],
    ["somebody", false, "nobody has heard of it"],
  ] as const) {
    test(`${name}: ${why}`, async () => assert.equal(await store.isMissed(name), missed));
  }
});

test("what one bot does, another one does not do at the same time, but afterwards", async () => {
  const begun = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const first = store.unlessElsewhere("work", async () => {
    begun.resolve();
    await end.promise;
    return "first";
  });
  await begun.promise;
  assert.equal(await store.unlessElsewhere("work", async () => "second"), null);
  assert.equal(await store.unlessElsewhere("other work", async () => "other"), "other");
  end.resolve();
  assert.equal(await first, "first");
  assert.equal(await store.unlessElsewhere("work", async () => "third"), "third");
  await assert.rejects(
    store.unlessElsewhere("work", () => Promise.reject(new Error("broke"))),
    /broke/,
  );
  assert.equal(await store.unlessElsewhere("work", async () => "fourth"), "fourth");
});
