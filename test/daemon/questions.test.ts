/** What the agent asks people: every question has exactly one end, and every answer is heard once. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { AgentEvent } from "../../src/wire/events.ts";
import { handWoundClock } from "../clock.ts";
import { type RunningDaemon, sign, startDaemon, turnEnded } from "./running-daemon.ts";
import { done, type Script, scriptedAgent, stopped } from "./scripted-agent.ts";

const MINUTES = 60_000;
const WHICH = { text: "Which database?", options: ["Postgres", "SQLite"], otherwise: null };

type Asked = Extract<AgentEvent, { type: "question.asked" }>;

/** Asks, and says what it heard. */
const asking =
  (question: Parameters<Parameters<Script>[0]["ask"]>[0]): Script =>
  async ({ ask, stopped: told }) => {
    const heard = await Promise.race([ask(question), told.then(() => "stop" as const)]);
    return heard === "stop" ? stopped() : done(`Heard: ${heard}`);
  };

async function start(t: TestContext, script: Script, folder?: string) {
  const agent = scriptedAgent(script);
  const clock = handWoundClock(Date.now());
  const setup = { agents: { scripted: agent.factory }, clock, ...(folder ? { folder } : {}) };
  const daemon = await startDaemon(t, setup);
  const control = await sign({ scope: "control", expiresAt: Math.round(Date.now() / 1_000) + 86_400 });
  const answer = async (question: string, words: string) =>
    (await daemon.post("/answer", { question, answer: words }, control)).body.outcome;
  return { daemon, agent, clock, answer };
}

async function question(daemon: RunningDaemon): Promise<Asked> {
  const asked = (await daemon.until((event) => event.type === "question.asked")).at(-1);
  assert.ok(asked?.type === "question.asked");
  return asked;
}

/** Who ended each question, with what, and what the agent said in the end. */
async function told(daemon: RunningDaemon): Promise<string[]> {
  return (await daemon.replay()).flatMap(({ event }) => {
    if (event.type === "question.answered") return [`${event.by}: ${event.answer}`];
    return event.type === "turn.ended" ? [`${event.outcome}: ${event.answer}`] : [];
  });
}

test("an answer reaches the agent; the same once more is one, another one comes too late", async (t) => {
  const { daemon, answer } = await start(t, asking(WHICH));
  await daemon.prompt("Store it", { id: "p1" });
  const { question: id, ...asked } = await question(daemon);
  assert.deepEqual(asked, { type: "question.asked", turn: "p1", ...WHICH, deadlineMs: 30 * MINUTES });
  assert.equal(await answer("nobody asked this", "SQLite"), "over");
  assert.equal(await answer(id, "sqlite!"), "answered");
  await daemon.until(turnEnded("p1"));
  assert.deepEqual(await told(daemon), ["person: SQLite", "done: Heard: SQLite"]);
  assert.equal(await answer(id, "sqlite!"), "answered");
  assert.equal(await answer(id, "SQLite"), "answered");
  assert.equal(await answer(id, "Postgres"), "over");

  await daemon.close();
  const again = await start(t, () => done(), daemon.folder);
  assert.equal(await again.answer(id, "SQLite"), "answered");
  assert.equal(await again.answer(id, "Postgres"), "over");
});

test("an agent that asks without end is told that nobody answers, and fills no journal", async (t) => {
  const { daemon, answer } = await start(t, async ({ ask, stopped: told }) => {
    const asked = Array.from({ length: 150 }, () => ask(WHICH));
    const unheard = await Promise.race([Promise.all(asked.slice(100)), told.then(() => [])]);
    await Promise.race([Promise.all(asked), told]);
    return done(`${unheard.filter((one) => one === null).length} without an answer`);
  });
  await daemon.prompt("Store it", { id: "p1" });
  await daemon.until((event) => event.type === "question.asked");
  const all = (await daemon.replay()).flatMap(({ event }) => (event.type === "question.asked" ? [event.question] : []));
  assert.equal(all.length, 100);
  for (const id of all) await answer(id, "SQLite");
  await daemon.until(turnEnded("p1"));
  assert.equal((await told(daemon)).at(-1), "done: 50 without an answer");
});

test("other words than the options are an answer, too", async (t) => {
  const { daemon, answer } = await start(t, asking(WHICH));
  await daemon.prompt("Store it", { id: "p1" });
  assert.equal(await answer((await question(daemon)).question, " None at all. "), "answered");
  await daemon.until(turnEnded("p1"));
  assert.deepEqual(await told(daemon), ["person: None at all.", "done: Heard: None at all."]);
});

for (const { otherwise, answered } of [
  { otherwise: "Postgres", answered: "deadline: Postgres" },
  { otherwise: null, answered: "deadline: null" },
]) {
  test(`nobody answers in time: the agent goes on with ${otherwise ?? "its own judgement"}`, async (t) => {
    const { daemon, answer, clock } = await start(t, asking({ ...WHICH, otherwise }));
    await daemon.prompt("Store it", { id: "p1" });
    const { question: id } = await question(daemon);
    clock.advance(30 * MINUTES - 1);
    assert.deepEqual(await told(daemon), []);
    clock.advance(1);
    await daemon.until(turnEnded("p1"));
    // The agent has its own default, and is told only that nobody answered.
    assert.deepEqual(await told(daemon), [answered, "done: Heard: null"]);
    assert.equal(await answer(id, "SQLite"), "over");
    assert.equal(await answer(id, "Postgres"), "over");
  });
}

test("a question of an agent that waits less long ends earlier, and an answered one not again", async (t) => {
  const { daemon, clock, answer } = await start(t, async ({ ask }) => {
    const heard = [await ask({ ...WHICH, withinMs: 5_000 }), await ask({ ...WHICH, text: "Really?" })];
    return done(heard.join(" "));
  });
  await daemon.prompt("Store it", { id: "p1" });
  const first = await question(daemon);
  assert.equal(first.deadlineMs, 5_000);
  assert.equal(await answer(first.question, "SQLite"), "answered");
  const second = (await daemon.until((e) => e.type === "question.asked" && e.question !== first.question)).at(-1);
  clock.advance(10_000);
  assert.ok(second?.type === "question.asked");
  assert.equal(await answer(second.question, "Postgres"), "answered");
  await daemon.until(turnEnded("p1"));
  assert.deepEqual(await told(daemon), ["person: SQLite", "person: Postgres", "done: SQLite Postgres"]);
});

test("abort ends the question with the turn", async (t) => {
  const { daemon, answer } = await start(t, asking(WHICH));
  await daemon.prompt("Store it", { id: "p1" });
  const { question: id } = await question(daemon);
  assert.equal((await daemon.post("/abort", {})).body.outcome, "stopped");
  assert.deepEqual(await told(daemon), ["stop: null", "stopped: "]);
  assert.equal(await answer(id, "SQLite"), "over");
});

test("an agent that ends without waiting for its answer leaves no question open", async (t) => {
  const { daemon, answer, clock } = await start(t, ({ ask }) => {
    void ask(WHICH);
    return done("Never mind.");
  });
  await daemon.prompt("Store it", { id: "p1" });
  const { question: id } = await question(daemon);
  await daemon.until(turnEnded("p1"));
  clock.advance(31 * MINUTES);
  assert.deepEqual(await told(daemon), ["stop: null", "done: Never mind."]);
  assert.equal(await answer(id, "SQLite"), "over");
});

test("people see of a question what they can read, and no credentials", async (t) => {
  const many = Array.from({ length: 12 }, (_, n) => `Option ${n + 1}`);
  const long = `With sk-secret-0123 and ${"very ".repeat(20)}much`;
  const options = ["  ", long, "Option 1", ...many];
  const { daemon, answer } = await start(
    t,
    asking({ text: `${"?".repeat(1_900)} sk-secret-0123`, options, otherwise: long }),
  );
  await daemon.post("/credentials", { version: "1", llm: { openaiApiKey: "sk-secret-0123" } });
  await daemon.prompt("Ask", { id: "p1" });
  const asked = await question(daemon);
  assert.equal(asked.text, `${"?".repeat(1_900)} [secret]\n\nOr: Option 10 · Option 11 · Option 12`);
  const label = "With [secret] and very very very very very very very very very very very v…";
  assert.equal(label.length, 75);
  assert.deepEqual([asked.options, asked.otherwise], [[label, ...many.slice(0, 9)], label]);

  assert.equal(await answer(asked.question, label), "answered");
  const ended = (await daemon.until(turnEnded("p1"))).at(-1);
  assert.ok(ended?.type === "turn.ended");
  assert.equal(ended.answer, `Heard: ${long}`.replace("sk-secret-0123", "[secret]"));
});

test("an option that was only told in words is the option all the same", async (t) => {
  const options = Array.from({ length: 12 }, (_, n) => `Option ${n + 1}`);
  const { daemon, answer } = await start(t, asking({ text: "", options, otherwise: null }));
  await daemon.prompt("Ask", { id: "p1" });
  const asked = await question(daemon);
  assert.equal(asked.text, "Which one?\n\nOr: Option 11 · Option 12");
  assert.equal(await answer(asked.question, "option 12"), "answered");
  await daemon.until(turnEnded("p1"));
  assert.deepEqual(await told(daemon), ["person: option 12", "done: Heard: Option 12"]);
});

test("a question that makes no sense is answered at once, as by nobody", async (t) => {
  const { daemon } = await start(t, asking({ ...WHICH, withinMs: Number.NaN }));
  await daemon.prompt("Ask", { id: "p1" });
  await daemon.until(turnEnded("p1"));
  assert.deepEqual(await told(daemon), ["done: Heard: null"]);
});
