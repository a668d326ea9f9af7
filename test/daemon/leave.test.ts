/** Leave to push: what a turn has done stays in the sandbox until somebody says that it may leave it. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { AgentEvent } from "../../src/wire/events.ts";
import { type RunningDaemon, startDaemon, turnEnded } from "./running-daemon.ts";
import { done, type Script, scriptedAgent } from "./scripted-agent.ts";
import { scriptedCheckout } from "./scripted-checkout.ts";

const REPO = { id: "api", source: "https://git.example/acme/api", path: "api", branch: "bot/fix" };
const ASKED: AgentEvent = { type: "push.asked", turn: "p1", repository: "api", branch: "bot/fix" };
const isAsked = (event: AgentEvent) => event.type === "push.asked";
const NO = { allowed: false, code: "push.refused", detail: "Ann said no." };

async function start(t: TestContext, script: Script = () => done("Fixed it.")) {
  const checkout = scriptedCheckout();
  checkout.commit = async () => ({ commit: "c1", unpushed: true });
  checkout.publish = async () => ({ pushed: { branch: "bot/fix", commit: "c1" }, changes: null, patch: null });
  const agent = scriptedAgent(script);
  const daemon = await startDaemon(t, { agents: { scripted: agent.factory }, checkout: checkout.make });
  await daemon.post("/init", { workspace: { repos: [REPO] } });
  const allow = async (body: object) => (await daemon.post("/publish", body)).body.outcome;
  const published = () => checkout.calls.filter((call) => call.includes(":publish"));
  return { daemon, agent, checkout, allow, published };
}

async function endOf(daemon: RunningDaemon, turn = "p1") {
  const ended = (await daemon.until(turnEnded(turn))).at(-1);
  assert.ok(ended?.type === "turn.ended");
  return ended;
}

test("nothing is pushed before somebody allows it; then exactly what was there", async (t) => {
  const { daemon, allow, checkout, published } = await start(t);
  assert.equal(await allow({ turn: "p1", allowed: true }), "over");
  await daemon.prompt("Fix it", { id: "p1", publish: "ask" });
  assert.deepEqual((await daemon.until(isAsked)).at(-1), ASKED);
  assert.deepEqual(published(), []);
  assert.equal((await daemon.status()).turn?.id, "p1");
  assert.equal(await allow({ turn: "p0", allowed: true }), "over");

  assert.equal(await allow({ turn: "p1", allowed: true }), "heard");
  const { outcome, answer, branch, commit } = await endOf(daemon);
  assert.deepEqual([outcome, answer, branch, commit], ["done", "Fixed it.", "bot/fix", "c1"]);
  assert.deepEqual(checkout.calls.slice(-2), ["api:commit Fix it", "api:publish Fix it (c1)"]);
  const types = (await daemon.replay()).map(({ event }) => event.type);
  assert.deepEqual(types.slice(-3), ["push.asked", "branch.pushed", "turn.ended"]);

  assert.equal(await allow({ turn: "p1", allowed: true }), "heard");
  assert.equal(await allow({ turn: "p1", ...NO }), "over");
});

test("said no, it is not pushed, and the turn fails with the reason and its answer", async (t) => {
  const { daemon, allow, published } = await start(t);
  await daemon.prompt("Fix it", { id: "p1", publish: "ask" });
  await daemon.until(isAsked);
  assert.equal(await allow({ turn: "p1", ...NO }), "heard");
  assert.equal(await allow({ turn: "p1", ...NO }), "heard");
  const { outcome, answer, failure, branch, usage } = await endOf(daemon);
  assert.deepEqual([outcome, answer, branch], ["failed", "Fixed it.", undefined]);
  assert.deepEqual(failure, { code: "push.refused", detail: "Ann said no." });
  assert.equal(usage?.inputTokens, 10);
  assert.deepEqual(published(), []);

  await daemon.prompt("Push it after all", { id: "p2" });
  assert.equal((await endOf(daemon, "p2")).commit, "c1");
});

for (const { name, committed, pushed } of [
  { name: "nothing was done", committed: null, pushed: [] },
  {
    name: "all of it is there already",
    committed: { commit: "c1", unpushed: false },
    pushed: ["api:publish Fix it (c1)"],
  },
]) {
  test(`nobody is asked when ${name}`, async (t) => {
    const { daemon, checkout, published } = await start(t);
    checkout.commit = async () => committed;
    await daemon.prompt("Fix it", { id: "p1", publish: "ask" });
    const events = await daemon.until(turnEnded("p1"));
    assert.equal(events.some(isAsked), false);
    assert.deepEqual(published(), pushed);
  });
}

test("abort while it waits: stopped, nothing pushed, and leave comes too late", async (t) => {
  const { daemon, allow, published } = await start(t);
  await daemon.prompt("Fix it", { id: "p1", publish: "ask" });
  await daemon.until(isAsked);
  assert.equal((await daemon.post("/abort", {})).body.outcome, "stopped");
  const { outcome, answer } = await endOf(daemon);
  assert.deepEqual([outcome, answer], ["stopped", "Fixed it."]);
  assert.equal(await allow({ turn: "p1", allowed: true }), "over");
  assert.deepEqual(published(), []);
});

for (const [first, joined, asks] of [
  [true, "ask", true],
  ["ask", true, true],
  [false, "ask", false],
  [true, true, false],
] as const) {
  test(`a turn that began with publish ${first}, joined by one with ${joined}, ${asks ? "asks" : "does not ask"}`, async (t) => {
    const [begun, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { daemon, allow, published } = await start(t, async () => {
      begun.resolve();
      await release.promise;
      return done();
    });
    await daemon.prompt("Fix it", { id: "p1", publish: first });
    await begun.promise;
    assert.equal((await daemon.prompt("and test it", { id: "p2", publish: joined })).body.disposition, "steered");
    release.resolve();
    if (asks) {
      await daemon.until(isAsked);
      assert.equal(await allow({ turn: "p1", allowed: true }), "heard");
    }
    const events = await daemon.until(turnEnded("p1"));
    assert.deepEqual([events.some(isAsked), published().length], [asks, first === false ? 0 : 1]);
  });
}

test("what cannot be committed ends as it would have without asking", async (t) => {
  const { daemon, checkout } = await start(t);
  checkout.commit = async () => {
    throw new Error("no space left");
  };
  await daemon.prompt("Fix it", { id: "p1", publish: "ask" });
  const { outcome, answer } = await endOf(daemon);
  assert.deepEqual([outcome, answer], ["failed", "Fixed it."]);
});

test("a daemon that is stopped while it waits ends the turn at once, and asks again in its next attempt", async (t) => {
  const { daemon, agent, checkout, published } = await start(t);
  await daemon.prompt("Fix it", { id: "p1", publish: "ask" });
  await daemon.until(isAsked);
  await daemon.close();
  const setup = { agents: { scripted: agent.factory }, checkout: checkout.make, folder: daemon.folder };
  const next = await startDaemon(t, setup);
  const ended = await endOf(next);
  assert.deepEqual([ended.outcome, ended.failure?.code], ["failed", "agent.exited"]);
  await next.prompt("Fix it", { id: "p1", attempt: 2, publish: "ask" });
  while ((await next.replay()).filter(({ event }) => isAsked(event)).length < 2) await next.get("/health");
  assert.deepEqual(published(), []);
  assert.equal((await next.post("/publish", { turn: "p1", allowed: true })).body.outcome, "heard");
  await next.until((event) => event.type === "turn.ended" && event.attempt === 2);
  assert.equal(published().length, 1);
});

test("what comes with the leave is for that push alone, and is told to nobody", async (t) => {
  const { daemon, allow, checkout } = await start(t);
  const token = `ghs_1_${"a-B_c.9".repeat(10)}`;
  const git = [{ origin: "https://git.example", username: "x-access-token", password: token }];
  checkout.publish = async () => {
    throw new Error(`refused ${token} and ${Buffer.from(`x-access-token:${token}`).toString("base64")}`);
  };
  await daemon.prompt("Fix it", { id: "p1", publish: "ask" });
  await daemon.until(isAsked);
  assert.equal(await allow({ turn: "p1", allowed: true, git }), "heard");
  assert.match((await endOf(daemon)).failure?.detail ?? "", /^refused \[secret\] and \S*\[secret\]\S*$/);
  assert.ok(!JSON.stringify(await daemon.replay()).includes(token));
  assert.deepEqual(checkout.grants, [{ logins: git }]);
});
