/** What every agent promises about questions to people. */
import assert from "node:assert/strict";
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

export function asks(promise: Sentence, it: AgentUnderTest): void {
  const scripted = (world: World, otherwise?: string) => {
    const call = it.asks("Which database?", ["Postgres", "SQLite"], otherwise);
    const toolCalls = [{ name: call.name, arguments: JSON.stringify(call.arguments) }];
    world.model.on({ userMessage: "STORE", hasToolResult: false }, { content: "", toolCalls, ...STEP });
    world.model.on({ userMessage: "STORE", hasToolResult: true }, { content: "Stored.", ...STEP });
  };
  const question = ({ reports }: Bench) => reports.find((report) => report.type === "asked");
  const asking = async (bench: Bench) => {
    await until(() => question(bench) !== undefined, "it asks");
    return question(bench)?.question ?? "";
  };

  for (const answer of ["SQLite", 'Neither: "files" will do\nfor now']) {
    promise(`a question waits for its answer, and the model hears ${JSON.stringify(answer)}`, async (world) => {
      scripted(world);
      const bench = world.bench();
      const prompt = bench.agent.prompt("STORE it");
      const id = await asking(bench);
      const { question: _, ...asked } = question(bench) ?? assert.fail();
      const options = ["Postgres", "SQLite"];
      assert.deepEqual(asked, { type: "asked", text: "Which database?", options, otherwise: null });
      bench.agent.answer("another question", "Postgres");
      bench.agent.answer(id, answer);
      bench.agent.answer(id, "too late");
      assert.equal((await prompt).answer, "Stored.");
      const ended = bench.reports.find((report) => report.type === "tool.ended");
      assert.equal(ended?.ok, true);
      // Some put it into a sentence of their own.
      assert.ok(ended.output.includes(answer), ended.output);
    });
  }

  for (const [otherwise, told] of [
    ["Postgres", /Nobody answered.*Postgres/],
    [undefined, /Nobody answered.*best judgement/],
  ] as const) {
    promise(`the model hears that nobody answered, with ${otherwise ?? "no"} default`, async (world) => {
      scripted(world, otherwise);
      const bench = world.bench();
      const prompt = bench.agent.prompt("STORE it");
      bench.agent.answer(await asking(bench), null);
      assert.equal((await prompt).answer, "Stored.");
      assert.equal(question(bench)?.otherwise, otherwise ?? null);
      assert.match(bench.reports.find((report) => report.type === "tool.ended")?.output ?? "", told);
    });
  }

  promise("abort ends a prompt that waits for an answer, and the same agent goes on", async (world) => {
    scripted(world);
    script(world, it, "AGAIN", "echo awake", "Awake.");
    const bench = world.bench();
    const prompt = bench.agent.prompt("STORE it");
    await asking(bench);
    await bench.agent.abort(DEADLINE_MS);
    assert.equal((await prompt).outcome, "stopped");
    assert.equal(world.asked().length, 1);
    assert.equal((await bench.agent.prompt("AGAIN")).answer, "Awake.");
    assert.deepEqual(bench.exits, []);
  });

  promise("closing ends a prompt that waits for an answer", async (world) => {
    scripted(world);
    const bench = world.bench();
    const prompt = bench.agent.prompt("STORE it");
    await asking(bench);
    await bench.agent.close();
    assert.equal((await prompt).outcome, "stopped");
    assert.deepEqual(bench.processes(), []);
  });
}
