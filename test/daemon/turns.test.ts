/** What becomes of prompts: started, steered, queued, repeated, stopped; each with exactly one end. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import type { AgentEvent } from "../../src/wire/events.ts";
import { handWoundClock } from "../clock.ts";
import { sign, startDaemon, turnEnded } from "./running-daemon.ts";
import { done, scriptedAgent, stopped } from "./scripted-agent.ts";

const typesOf = (events: AgentEvent[]) => events.map((event) => event.type);
const endsOf = (events: AgentEvent[]) =>
  events.flatMap((event) => (event.type === "turn.ended" ? [`${event.turn} ${event.outcome}`] : []));

/** A script that works until somebody lets it go on or stops it. */
function gate() {
  const begun = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  return { begun, release };
}

/** A daemon whose agent begins with what it is asked, and is done when it is released. */
async function startHeldUp(t: TestContext) {
  const { begun, release } = gate();
  const agent = scriptedAgent(async () => {
    begun.resolve();
    await release.promise;
    return done();
  });
  const daemon = await startDaemon(t, { agents: { scripted: agent.factory } });
  return { daemon, agent, begun, release };
}

describe("a prompt", () => {
  test("is acknowledged at once and ends with the agent's answer", async (t) => {
    const agent = scriptedAgent(({ context }) => {
      context.report({ type: "text", message: 1, text: "Looking " });
      context.report({ type: "text", message: 1, text: "around." });
      context.report({ type: "tool.started", call: "c1", tool: "bash", title: "npm test", input: "{}" });
      context.report({
        type: "tool.ended",
        call: "c1",
        tool: "bash",
        ok: true,
        output: "ok",
        cut: false,
        durationMs: 5,
      });
      return done("All green.");
    });
    const clock = handWoundClock(Date.now());
    const daemon = await startDaemon(t, { agents: { scripted: agent.factory }, clock });

    const answer = await daemon.prompt("Run the tests", { id: "p1" });
    assert.equal(answer.status, 202);
    assert.deepEqual(answer.body, {
      success: true,
      command: "prompt",
      id: "p1",
      turn: "p1",
      disposition: "started",
    });

    const events = await daemon.until(turnEnded("p1"));
    assert.deepEqual(events, [
      { type: "daemon.started", version: 5 },
      { type: "turn.started", turn: "p1", prompt: "Run the tests" },
      { type: "text", turn: "p1", message: 1, text: "Looking around." },
      { type: "tool.started", turn: "p1", call: "c1", tool: "bash", title: "npm test", input: "{}" },
      { type: "tool.ended", turn: "p1", call: "c1", tool: "bash", ok: true, output: "ok", cut: false, durationMs: 5 },
      {
        type: "turn.ended",
        turn: "p1",
        outcome: "done",
        answer: "All green.",
        usage: { inputTokens: 10, outputTokens: 5, costUsd: 0.01 },
        durationMs: 0,
      },
    ]);
  });

  test("gets an id when it has none", async (t) => {
    const daemon = await startDaemon(t, { agents: { scripted: scriptedAgent().factory } });
    const { body } = await daemon.prompt("hello from outside the sandbox");
    assert.equal(body.turn, body.id);
    await daemon.until(turnEnded(body.id));
  });

  test("sent again with the same id is the same prompt, also after a restart of the daemon", async (t) => {
    const agent = scriptedAgent();
    const first = await startDaemon(t, { agents: { scripted: agent.factory } });
    const [one, two] = await Promise.all([first.prompt("Fix it", { id: "p1" }), first.prompt("Fix it", { id: "p1" })]);
    assert.deepEqual([one.body.disposition, two.body.disposition].sort(), ["duplicate", "started"]);
    await first.until(turnEnded("p1"));
    await first.close();

    const second = await startDaemon(t, { agents: { scripted: agent.factory }, folder: first.folder });
    const again = await second.prompt("Fix it", { id: "p1" });
    assert.deepEqual([again.status, again.body.disposition, again.body.turn], [202, "duplicate", "p1"]);
    const conflict = await second.prompt("Break it", { id: "p1" });
    assert.deepEqual([conflict.status, conflict.body.code], [409, "prompt-conflict"]);
    assert.deepEqual(agent.messages, ["Fix it"]);
  });

  test("that was meant for a turn that is over is not taken, and may come again as a turn of its own", async (t) => {
    const agent = scriptedAgent();
    const daemon = await startDaemon(t, { agents: { scripted: agent.factory } });
    await daemon.prompt("Fix it", { id: "p1" });
    await daemon.until(turnEnded("p1"));
    const late = await daemon.prompt("While you work: with tabs", { id: "p2", into: "p1" });
    assert.deepEqual([late.status, late.body.disposition, late.body.turn], [202, "late", "p1"]);
    assert.equal((await daemon.prompt("With tabs", { id: "p2" })).body.disposition, "started");
    await daemon.until(turnEnded("p2"));
    assert.deepEqual(agent.messages, ["Fix it", "With tabs"]);
  });

  test("that the agent could not finish ends as failed, with the agent's reason", async (t) => {
    const agent = scriptedAgent(() => ({
      outcome: "failed",
      answer: "",
      failure: { code: "model.unauthorized", detail: "401 invalid x-api-key" },
      usage: { inputTokens: 0, outputTokens: 0, costUsd: 0 },
    }));
    const daemon = await startDaemon(t, { agents: { scripted: agent.factory } });
    await daemon.prompt("Fix it", { id: "p1" });
    const ended = (await daemon.until(turnEnded("p1"))).at(-1);
    assert.ok(ended?.type === "turn.ended");
    assert.equal(ended.outcome, "failed");
    assert.deepEqual(ended.failure, { code: "model.unauthorized", detail: "401 invalid x-api-key" });
  });

  test("whose agent breaks its promises still ends", async (t) => {
    const agent = scriptedAgent(({ context }) => {
      context.report({ type: "retrying", attempt: Number.NaN, delayMs: 1, reason: "malformed" });
      throw new Error("adapter broke");
    });
    const daemon = await startDaemon(t, { agents: { scripted: agent.factory } });
    await daemon.prompt("Fix it", { id: "p1" });
    const events = await daemon.until(turnEnded("p1"));
    assert.deepEqual(typesOf(events), ["daemon.started", "turn.started", "turn.ended"]);
    assert.deepEqual(endsOf(events), ["p1 failed"]);
  });
});

describe("a prompt during a turn", () => {
  test("is steered into it", async (t) => {
    const { begun, release } = gate();
    const agent = scriptedAgent(async ({ steered }) => {
      begun.resolve();
      await release.promise;
      return done(`Heard: ${steered.join(", ")}`);
    });
    const daemon = await startDaemon(t, { agents: { scripted: agent.factory } });
    await daemon.prompt("Fix it", { id: "p1" });
    await begun.promise;
    const steered = await daemon.prompt("in Rust", { id: "p2" });
    assert.deepEqual([steered.body.turn, steered.body.disposition], ["p1", "steered"]);
    const again = await daemon.prompt("in Rust", { id: "p2" });
    assert.deepEqual([again.body.turn, again.body.disposition], ["p1", "duplicate"]);
    release.resolve();

    const events = await daemon.until(turnEnded("p1"));
    assert.deepEqual(typesOf(events), ["daemon.started", "turn.started", "turn.steered", "turn.ended"]);
    assert.deepEqual(events[2], { type: "turn.steered", turn: "p1", prompt: "p2", text: "in Rust" });
    assert.deepEqual(agent.messages, ["Fix it"]);
  });

  test("waits as a turn of its own when the agent is too late to take it", async (t) => {
    const { daemon, agent, begun, release } = await startHeldUp(t);
    agent.takesSteering = false;
    await daemon.prompt("Fix it", { id: "p1" });
    await begun.promise;
    const late = await daemon.prompt("and test it", { id: "p2" });
    assert.deepEqual([late.body.turn, late.body.disposition], ["p2", "queued"]);
    assert.equal((await daemon.status()).queued, 1);
    release.resolve();
    assert.deepEqual(endsOf(await daemon.until(turnEnded("p2"))), ["p1 done", "p2 done"]);
    assert.deepEqual(agent.messages, ["Fix it", "and test it"]);
  });

  test("waits when it asks to, up to ten of them", async (t) => {
    const { daemon, agent, begun, release } = await startHeldUp(t);
    await daemon.prompt("0", { id: "p0" });
    await begun.promise;
    for (let n = 1; n <= 10; n++) {
      const { body } = await daemon.prompt(String(n), { id: `p${n}`, whileBusy: "queue" });
      assert.equal(body.disposition, "queued");
    }
    const refused = await daemon.prompt("11", { id: "p11", whileBusy: "queue" });
    assert.deepEqual([refused.status, refused.body.code], [429, "queue-full"]);
    release.resolve();
    await daemon.until(turnEnded("p10"));
    assert.deepEqual(agent.messages, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
  });
});

describe("abort", () => {
  test("says idle when nothing runs, however often it is asked", async (t) => {
    const daemon = await startDaemon(t, { agents: { scripted: scriptedAgent().factory } });
    for (const body of [{}, { reason: "just in case" }, { turn: "p1" }]) {
      const answer = await daemon.post("/abort", body);
      assert.deepEqual([answer.status, answer.body], [200, { success: true, command: "abort", outcome: "idle" }]);
    }
  });

  test("stops the turn and all that waits, and the next prompt works", async (t) => {
    const { begun } = gate();
    const agent = scriptedAgent(async (run) => {
      begun.resolve();
      await run.stopped;
      return stopped();
    });
    const daemon = await startDaemon(t, { agents: { scripted: agent.factory } });
    await daemon.prompt("Fix it", { id: "p1" });
    await begun.promise;
    await daemon.prompt("then this", { id: "p2", whileBusy: "queue" });

    const answer = await daemon.post("/abort", { reason: "wrong repository" });
    assert.deepEqual(answer.body, { success: true, command: "abort", outcome: "stopped" });
    const events = (await daemon.replay()).map((entry) => entry.event);
    assert.deepEqual(endsOf(events), ["p2 stopped", "p1 stopped"]);
    assert.deepEqual(typesOf(events), ["daemon.started", "turn.started", "turn.started", "turn.ended", "turn.ended"]);

    agent.script(() => done());
    await daemon.prompt("Once more", { id: "p3" });
    assert.deepEqual(endsOf(await daemon.until(turnEnded("p3"))), ["p2 stopped", "p1 stopped", "p3 done"]);
  });

  test("of a waiting turn takes only that one out of the queue", async (t) => {
    const { daemon, agent, begun, release } = await startHeldUp(t);
    await daemon.prompt("1", { id: "p1" });
    await begun.promise;
    await daemon.prompt("2", { id: "p2", whileBusy: "queue" });
    await daemon.prompt("3", { id: "p3", whileBusy: "queue" });
    assert.equal((await daemon.post("/abort", { turn: "p2" })).body.outcome, "idle");
    release.resolve();
    assert.deepEqual(endsOf(await daemon.until(turnEnded("p3"))), ["p2 stopped", "p1 done", "p3 done"]);
    assert.deepEqual(agent.messages, ["1", "3"]);
  });

  test("gives up an agent that neither stops nor answers; the next prompt gets a fresh one", async (t) => {
    const { begun } = gate();
    const agent = scriptedAgent(() => {
      begun.resolve();
      return new Promise(() => {});
    });
    const clock = handWoundClock(Date.now());
    const daemon = await startDaemon(t, { agents: { scripted: agent.factory }, clock });
    await daemon.prompt("Hang", { id: "p1" });
    await begun.promise;
    const control = await sign({ scope: "control" });
    const abort = daemon.post("/abort", {}, control);
    while (!daemon.logged.some((line) => line.includes("turn.stopping"))) await daemon.get("/health");
    clock.advance(15_000);
    assert.equal((await abort).body.outcome, "stopped");
    assert.equal(agent.closed, 1);

    agent.script(() => done());
    await daemon.prompt("Once more", { id: "p2" });
    assert.deepEqual(endsOf(await daemon.until(turnEnded("p2"))), ["p1 stopped", "p2 done"]);
    assert.equal(agent.made.length, 2);
  });
});

test("what waited when the daemon was stopped runs after the next start, also when nobody hands over credentials", async (t) => {
  const begun = Promise.withResolvers<void>();
  const agent = scriptedAgent(async (run) => {
    begun.resolve();
    await run.stopped;
    return stopped();
  });
  const first = await startDaemon(t, { agents: { scripted: agent.factory } });
  await first.prompt("1", { id: "p1" });
  await begun.promise;
  await first.prompt("2", { id: "p2", whileBusy: "queue" });
  await first.close();

  agent.script(() => done());
  const clock = handWoundClock(Date.now());
  const second = await startDaemon(t, { agents: { scripted: agent.factory }, clock, folder: first.folder });
  const third = await second.prompt("3", { id: "p3" });
  assert.deepEqual([third.body.disposition, (await second.status()).queued], ["queued", 2]);
  clock.advance(30_000);
  assert.deepEqual(endsOf(await second.until(turnEnded("p3"))), ["p1 failed", "p2 done", "p3 done"]);
  assert.deepEqual(agent.messages, ["1", "2", "3"]);
});

test("the status names the agent, the turn and what was spent", async (t) => {
  const { begun, release } = gate();
  const agent = scriptedAgent(async () => {
    begun.resolve();
    await release.promise;
    return done();
  });
  const clock = handWoundClock(Date.now());
  const daemon = await startDaemon(t, { agents: { scripted: agent.factory }, clock });
  assert.deepEqual((await daemon.status()).agent, { kind: "scripted", is: "stopped" });
  await daemon.prompt("Fix it", { id: "p1" });
  await begun.promise;
  const during = await daemon.status();
  assert.deepEqual([during.agent.is, during.turn], ["working", { id: "p1", startedAt: clock.now() }]);
  release.resolve();
  await daemon.until(turnEnded("p1"));
  const after = await daemon.status();
  assert.deepEqual([after.agent.is, after.turn, after.cursor], ["idle", null, 3]);
  assert.deepEqual(after.usage, { inputTokens: 10, outputTokens: 5, costUsd: 0.01 });
});
