/** The generic adapter, against a scripted agent that speaks the Agent Client Protocol: what no true agent does when it is asked to. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { createAcp } from "../../../src/daemon/agents/acp.ts";
import { type AgentContext, ALLOW, DENY } from "../../../src/daemon/agents/agent.ts";
import { type AgentUnderTest, type Bench, makeWorld, until } from "../../contracts/agent-bench.ts";

const SCRIPT = join(import.meta.dirname, "scripted-acp.mjs");

const scripted: AgentUnderTest = {
  create: (context) => createAcp(context),
  env: () => ({ PATH: "/usr/bin:/bin" }),
  runs: () => assert.fail("It has no model."),
  asks: () => assert.fail("It has no model."),
  ownVariables: /^$/,
};

async function inWorld(
  check: (bench: (how?: string, overrides?: Partial<AgentContext>) => Bench) => Promise<void>,
): Promise<void> {
  const world = await makeWorld(scripted);
  try {
    await check((how = "", overrides) =>
      world.bench({ command: [process.execPath, SCRIPT, ...(how ? [how] : [])], ...overrides }),
    );
  } finally {
    await world.close();
  }
}

const asked = async ({ reports }: Bench, count = 1) => {
  const questions = () => reports.flatMap((report) => (report.type === "asked" ? [report] : []));
  await until(() => questions().length >= count, "it asks");
  return questions().at(-1) ?? assert.fail();
};

test("words come as they are said, and the agent's own lines beside ours", () =>
  inWorld(async (bench) => {
    const { agent, reports } = bench();
    assert.equal((await agent.prompt("hello")).answer, "I heard: hello");
    assert.deepEqual(reports, [{ type: "text", message: 1, text: "I heard: hello" }]);
  }));

for (const [answer, outcome] of [
  [ALLOW, "Leave: this-time."],
  [DENY, "Leave: no."],
  [null, "Leave: no."],
] as const)
  test(`leave answered with ${answer} is ${outcome}`, () =>
    inWorld(async (bench) => {
      const one = bench("", { asksLeave: true });
      const prompt = one.agent.prompt("LEAVE");
      const { question, permission, options, otherwise } = await asked(one);
      assert.deepEqual(permission, { tool: "execute", subject: "npm publish" });
      assert.deepEqual([options, otherwise], [[ALLOW, DENY], DENY]);
      one.agent.answer(question, answer);
      assert.equal((await prompt).answer, outcome);
      const ended = one.reports.find((report) => report.type === "tool.ended");
      assert.equal(ended?.ok, answer === ALLOW);
    }));

test("a no with a reason reaches the agent as people's own words, after its no", () =>
  inWorld(async (bench) => {
    const one = bench("", { asksLeave: true });
    const prompt = one.agent.prompt("LEAVE");
    one.agent.answer((await asked(one)).question, "not on Fridays");
    assert.equal((await prompt).answer, "I heard: not on Fridays");
  }));

test("where everything is allowed nobody is asked, and leave is given once and not for ever", () =>
  inWorld(async (bench) => {
    const { agent, reports } = bench();
    assert.equal((await agent.prompt("LEAVE")).answer, "Leave: this-time.");
    assert.equal(
      reports.some((report) => report.type === "asked"),
      false,
    );
  }));

test("a form is asked field by field", () =>
  inWorld(async (bench) => {
    const one = bench();
    const prompt = one.agent.prompt("FORM");
    const first = await asked(one);
    assert.deepEqual([first.text, first.options], ["Before I begin\n\nWhich database?", ["Postgres", "SQLite"]]);
    one.agent.answer(first.question, "SQLite");
    const second = await asked(one, 2);
    assert.deepEqual([second.text, second.otherwise], ["Before I begin\n\nPort", "5432"]);
    one.agent.answer(second.question, null);
    const said = JSON.parse((await prompt).answer);
    assert.deepEqual(said, { action: "accept", content: { database: "SQLite", port: 5432 } });
  }));

test("other words than a form's options decline it, and are said to the agent afterwards", () =>
  inWorld(async (bench) => {
    const one = bench();
    const prompt = one.agent.prompt("FORM");
    one.agent.answer((await asked(one)).question, "neither");
    assert.equal((await prompt).answer, "I heard: Before I begin\n\nWhich database?\n\nThe answer was: neither");
  }));

test("abort ends a prompt that waits for leave, a form or a tool, and the same agent goes on", () =>
  inWorld(async (bench) => {
    const one = bench("", { asksLeave: true });
    for (const [round, word] of ["LEAVE", "FORM"].entries()) {
      const prompt = one.agent.prompt(word);
      await asked(one, round + 1);
      await one.agent.abort(10_000);
      assert.equal((await prompt).outcome, "stopped");
    }
    const prompt = one.agent.prompt("WAIT");
    const tools = () => one.reports.filter((report) => report.type === "tool.started").length;
    await until(() => tools() === 2, "the tool runs");
    await one.agent.abort(10_000);
    assert.equal((await prompt).outcome, "stopped");
    assert.equal(one.reports.findLast((report) => report.type === "tool.ended")?.ok, false);
    assert.equal((await one.agent.prompt("again")).answer, "I heard: again");
    assert.deepEqual(one.exits, []);
  }));

test("nothing is added to a running prompt: the daemon is told so", () =>
  inWorld(async (bench) => {
    const one = bench();
    const prompt = one.agent.prompt("WAIT");
    await until(() => one.reports.some((report) => report.type === "tool.started"), "the tool runs");
    assert.equal(await one.agent.steer("and the docs"), false);
    await one.agent.abort(10_000);
    await prompt;
  }));

test("an agent that keeps conversations goes on with its own, and what it tells again is not told twice", () =>
  inWorld(async (bench) => {
    const one = bench("loads");
    await one.agent.prompt("first");
    await one.agent.close();
    const outcome = await one.agent.prompt("RECALL");
    assert.deepEqual([outcome.answer, outcome.forgot], ["first;", undefined]);
    assert.doesNotMatch(JSON.stringify(one.reports), /What was said before/);
  }));

test("an agent that keeps none says that it forgot, once", () =>
  inWorld(async (bench) => {
    const one = bench();
    assert.equal((await one.agent.prompt("first")).forgot, undefined);
    assert.equal((await one.agent.prompt("second")).forgot, undefined);
    await one.agent.close();
    assert.equal((await one.agent.prompt("third")).forgot, true);
    assert.equal((await one.agent.prompt("fourth")).forgot, undefined);
  }));

test("usage and cost are those of the prompt; where it names no price, nobody does", () =>
  inWorld(async (bench) => {
    const { agent, reports } = bench();
    const spent = { inputTokens: 100, outputTokens: 10, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 0.25 };
    assert.deepEqual((await agent.prompt("SPEND")).usage, { ...spent, pricedBy: "agent" });
    assert.deepEqual((await agent.prompt("SPEND")).usage, { ...spent, pricedBy: "agent" });
    assert.equal((await agent.prompt("hello")).usage.pricedBy, "nobody");
    const raw = reports.flatMap((report) => (report.type === "raw" ? [report.native] : []));
    assert.deepEqual(raw, ["usage_update", "something_new", "usage_update", "something_new"]);
  }));

for (const [word, code, detail] of [
  ["REFUSE", "model.failed", "The model refused to go on."],
  ["FAIL", "model.rate-limited", "too many"],
  ["DIE", "agent.exited", "acp ended with code 3: out of luck"],
] as const)
  test(`${word} is a prompt that failed as ${code}`, () =>
    inWorld(async (bench) => {
      const { agent } = bench();
      const { outcome, failure } = await agent.prompt(word);
      assert.deepEqual([outcome, failure], ["failed", { code, detail }]);
      assert.equal((await agent.prompt("again")).answer, "I heard: again");
    }));

for (const [how, code] of [
  ["new", "agent.failed"],
  ["locked", "model.unauthorized"],
] as const)
  test(`an agent that cannot be begun (${how}) is ${code}`, () =>
    inWorld(async (bench) => {
      assert.equal((await bench(how).agent.prompt("hello")).failure?.code, code);
    }));

test("a model is chosen where the agent offers it, and one that it does not have is agent.no-model", () =>
  inWorld(async (bench) => {
    assert.equal((await bench("", { model: "large" }).agent.prompt("RECALL")).answer, "model large;");
    const { failure } = await bench("", { model: "huge" }).agent.prompt("RECALL");
    assert.deepEqual(failure, { code: "agent.no-model", detail: 'It has no model "huge", but: small, large' });
  }));

test("without a command, or with one that is not there, it is agent.not-found", () =>
  inWorld(async (bench) => {
    for (const command of [[], ["nobody-has-this"]]) {
      assert.equal((await bench("", { command }).agent.prompt("hello")).failure?.code, "agent.not-found");
    }
  }));
