/** An agent from which nothing comes any more: told once, ended then, and never while it waits for people. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { AgentEvent } from "../../src/wire/events.ts";
import { handWoundClock } from "../clock.ts";
import { type RunningDaemon, sign, startDaemon, turnEnded } from "./running-daemon.ts";
import { done, type Run, type Script, scriptedAgent, stopped } from "./scripted-agent.ts";

const MINUTES = 60_000;
const silence = { modelMs: 10 * MINUTES, toolMs: 30 * MINUTES };
type Of<Type extends AgentEvent["type"]> = Extract<AgentEvent, { type: Type }>;

async function start(t: TestContext, script: Script) {
  const agent = scriptedAgent(script);
  const clock = handWoundClock(Date.now());
  const daemon = await startDaemon(t, { agents: { scripted: agent.factory }, clock });
  const control = await sign({ scope: "control", expiresAt: Math.round(Date.now() / 1_000) + 86_400 });
  await daemon.post("/credentials", { version: "1", llm: { openaiApiKey: "sk-secret-0123" } });
  await daemon.post("/init", { workspace: { repos: [] }, agent: { kind: "scripted", silence } });
  await daemon.prompt("Do it", { id: "p1" });
  return { daemon, agent, clock, post: (path: string, body: unknown) => daemon.post(path, body, control) };
}

/** Hangs until it is stopped; `begun` is what it tells before. */
const hangs =
  (begun: (run: Run) => void): Script =>
  async (run) => {
    begun(run);
    await run.stopped;
    return stopped();
  };
const starts = (call: string, title: string): Parameters<Run["context"]["report"]>[0] => ({
  ...{ type: "tool.started", call, tool: "bash", title, input: "{}" },
});
const ends = (call: string): Parameters<Run["context"]["report"]>[0] => ({
  ...{ type: "tool.ended", call, tool: "bash", ok: true, output: "", cut: false, durationMs: 1 },
});

async function silences(daemon: RunningDaemon): Promise<Of<"turn.silent">[]> {
  return (await daemon.replay()).flatMap(({ event }) => (event.type === "turn.silent" ? [event] : []));
}
async function end(daemon: RunningDaemon): Promise<Of<"turn.ended">> {
  const event = (await daemon.until(turnEnded("p1"))).at(-1);
  assert.ok(event?.type === "turn.ended");
  return event;
}

test("a model that never answers is told of after half the time, once, and ends the turn after all of it", async (t) => {
  const { daemon, clock } = await start(
    t,
    hangs(({ context }) => context.report({ type: "usage", usage: { inputTokens: 1, outputTokens: 0, costUsd: 0 } })),
  );
  await daemon.until((event) => event.type === "usage");
  clock.advance(5 * MINUTES - 1);
  assert.deepEqual(await silences(daemon), []);
  clock.advance(1);
  const told = { type: "turn.silent", turn: "p1", silentMs: 5 * MINUTES, stopsInMs: 5 * MINUTES, during: null };
  assert.deepEqual(await silences(daemon), [told]);
  clock.advance(5 * MINUTES);
  const { outcome, failure } = await end(daemon);
  assert.deepEqual(
    [outcome, failure],
    [
      "failed",
      { code: "agent.stalled", detail: "Nothing came from the agent for 10 min while the model was waited for" },
    ],
  );
  assert.deepEqual(await silences(daemon), [told]);
});

test("a tool has longer, and is named, without credentials", async (t) => {
  const { daemon, clock } = await start(
    t,
    hangs(({ context }) => context.report(starts("c1", "deploy --key sk-secret-0123"))),
  );
  await daemon.until((event) => event.type === "tool.started");
  clock.advance(15 * MINUTES);
  assert.equal((await silences(daemon))[0]?.during, "deploy --key [secret]");
  clock.advance(15 * MINUTES);
  assert.match((await end(daemon)).failure?.detail ?? "", /for 30 min while this ran: deploy --key \[secret\]$/);
});

test("whatever the agent tells begins a new silence, and when a tool is over the model is waited for again", async (t) => {
  const go = Promise.withResolvers<Run>();
  const { daemon, clock } = await start(
    t,
    hangs((run) => {
      run.context.report(starts("c1", "npm test"));
      go.resolve(run);
    }),
  );
  const { context } = await go.promise;
  clock.advance(20 * MINUTES);
  context.report(ends("c1"));
  clock.advance(9 * MINUTES);
  context.report({ type: "raw", native: "heartbeat", line: "{}" });
  clock.advance(9 * MINUTES);
  assert.deepEqual(
    (await silences(daemon)).map(({ during, silentMs }) => [during, silentMs / MINUTES]),
    [
      ["npm test", 15],
      [null, 5],
      [null, 5],
    ],
  );
  assert.deepEqual(await daemon.status().then(({ turn }) => turn?.id), "p1");
  clock.advance(1 * MINUTES);
  assert.equal((await end(daemon)).failure?.code, "agent.stalled");
});

test("a wait that the agent announces is no silence", async (t) => {
  const { daemon, clock } = await start(
    t,
    hangs(({ context }) =>
      context.report({ type: "retrying", attempt: 1, delayMs: 20 * MINUTES, reason: "rate limit" }),
    ),
  );
  await daemon.until((event) => event.type === "retrying");
  clock.advance(14 * MINUTES);
  assert.deepEqual(await silences(daemon), []);
  clock.advance(16 * MINUTES);
  assert.equal((await end(daemon)).failure?.code, "agent.stalled");
});

for (const [delayMs, minutes] of [
  [1e300, 35],
  [2 ** 31, 35],
  [-1e300, 5],
] as const)
  test(`no announced wait is too odd to be watched: ${delayMs} ms`, async (t) => {
    const { daemon, clock } = await start(
      t,
      hangs(({ context }) => context.report({ type: "retrying", attempt: 1, delayMs, reason: "rate limit" })),
    );
    await daemon.until((event) => event.type === "retrying");
    clock.advance(minutes * MINUTES - 1);
    assert.deepEqual(await silences(daemon), []);
    clock.advance(1);
    assert.deepEqual(
      (await silences(daemon)).map(({ silentMs }) => silentMs),
      [minutes * MINUTES],
    );
  });

test("a question of the agent is no silence, however long people take; what comes after it is one again", async (t) => {
  const { daemon, clock, post } = await start(t, async ({ ask, stopped: told }) => {
    await ask({ text: "Which?", options: [], otherwise: null });
    await told;
    return stopped();
  });
  const asked = (await daemon.until((event) => event.type === "question.asked")).at(-1);
  assert.ok(asked?.type === "question.asked");
  clock.advance(29 * MINUTES);
  assert.deepEqual(await silences(daemon), []);
  await post("/answer", { question: asked.question, answer: "this one" });
  clock.advance(9 * MINUTES);
  assert.equal((await silences(daemon)).length, 1);
  clock.advance(1 * MINUTES);
  assert.equal((await end(daemon)).failure?.code, "agent.stalled");
});

test("whoever stops a silent turn has stopped it, and the next turn begins with a fresh silence", async (t) => {
  const { daemon, agent, clock, post } = await start(
    t,
    hangs(({ context }) => context.report({ type: "text", message: 1, text: "Hm." })),
  );
  await daemon.until((event) => event.type === "turn.started");
  clock.advance(6 * MINUTES);
  await post("/abort", {});
  assert.equal((await end(daemon)).outcome, "stopped");
  agent.script(() => done("Quick."));
  clock.advance(30 * MINUTES);
  await daemon.prompt("Again", { id: "p2" });
  const last = (await daemon.until(turnEnded("p2"))).at(-1);
  assert.ok(last?.type === "turn.ended");
  assert.equal(last.answer, "Quick.");
});
