/** What every agent promises about leave to use a tool: it waits for it, heeds a no, and takes silence for one. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { ALLOW, DENY } from "../../src/daemon/agents/agent.ts";
import {
  type AgentUnderTest,
  type Bench,
  DEADLINE_MS,
  type Sentence,
  STEP,
  script,
  until,
  type World,
} from "./agent-bench.ts";

const COMMAND = "touch ran; echo it ran";

export function asksLeave(promise: Sentence, it: AgentUnderTest): void {
  const begin = async (world: World) => {
    script(world, it, "CHANGE", COMMAND, "Changed, or not.");
    // Where an agent has no place for the reason of a no, it comes as people's own words.
    world.model.on({ userMessage: "Only on Mondays" }, { content: "Changed, or not.", ...STEP });
    const bench = world.bench({ asksLeave: true });
    const prompt = bench.agent.prompt("CHANGE it");
    await until(() => wish(bench) !== undefined, "it asks for leave");
    return { bench, prompt, asked: wish(bench) ?? assert.fail() };
  };

  promise("a tool waits for leave, and runs when it is given", async (world) => {
    const { bench, prompt, asked } = await begin(world);
    assert.equal(asked.permission?.tool, it.leave?.tool ?? it.runs("").name);
    assert.ok(asked.permission?.subject.includes(COMMAND), asked.permission?.subject);
    assert.deepEqual([asked.options, asked.otherwise], [[ALLOW, DENY], DENY]);
    assert.equal(existsSync(bench.path("ran")), false);
    bench.agent.answer(asked.question, ALLOW);
    assert.equal((await prompt).answer, "Changed, or not.");
    assert.equal(existsSync(bench.path("ran")), true);
  });

  for (const [how, answer, heard] of [
    ["denied", DENY, /./],
    ["denied with a reason", "Only on Mondays: the rule of 1999", /Only on Mondays: the rule of 1999/],
    ["given by nobody in time", null, /./],
  ] as const)
    promise(`a tool does not run when leave is ${how}, and the model hears of it`, async (world) => {
      const { bench, prompt, asked } = await begin(world);
      bench.agent.answer(asked.question, answer);
      assert.equal((await prompt).outcome, "done");
      assert.equal(existsSync(bench.path("ran")), false);
      assert.match(toolResults(world), heard);
      const ended = bench.reports.find((report) => report.type === "tool.ended");
      assert.notEqual(ended?.ok, true);
    });

  promise("abort ends a prompt that waits for leave, nothing has run, and the same agent goes on", async (world) => {
    const { bench, prompt } = await begin(world);
    world.model.on({ userMessage: "NEXT" }, { content: "Next.", ...STEP });
    await bench.agent.abort(DEADLINE_MS);
    assert.equal((await prompt).outcome, "stopped");
    assert.equal(existsSync(bench.path("ran")), false);
    assert.equal((await bench.agent.prompt("NEXT")).answer, "Next.");
  });

  promise("closing ends a prompt that waits for leave, and nothing has run", async (world) => {
    const { bench, prompt } = await begin(world);
    await bench.agent.close();
    assert.equal((await prompt).outcome, "stopped");
    assert.equal(existsSync(bench.path("ran")), false);
    assert.deepEqual(bench.processes(), []);
  });
}

const wish = ({ reports }: Bench) =>
  reports.flatMap((report) => (report.type === "asked" && report.permission ? [report] : []))[0];

/** What the model was told last, its call of the tool and what came of it among it. */
const toolResults = (world: World): string => world.asked().at(-1) ?? "";
