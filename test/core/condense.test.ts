import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { condense, endedProgress, newProgress } from "../../src/core/condense.ts";
import type { Progress } from "../../src/core/types.ts";
import type { AgentEvent } from "../../src/wire/events.ts";
import { NOW, work } from "./story.ts";

const start = newProgress("m1", work, "Starting a sandbox", NOW);
const after = (...events: AgentEvent[]): Progress =>
  events.reduce((progress, event) => condense(progress, event, NOW + 1), start);
const tool = (call: string, title: string): AgentEvent => ({
  type: "tool.started",
  turn: "m1",
  call,
  tool: "bash",
  title,
  input: "{}",
});
const toolEnd = (call: string, ok: boolean): AgentEvent => ({
  type: "tool.ended",
  turn: "m1",
  call,
  tool: "bash",
  ok,
  output: "",
  cut: false,
  durationMs: 1,
});
const ask: AgentEvent = {
  ...{ type: "question.asked", turn: "m1", question: "q1", text: "Shall I?", options: [], otherwise: null },
  deadlineMs: 1,
};
const text = (message: number, piece: string): AgentEvent => ({ type: "text", turn: "m1", message, text: piece });

describe("what is shown while a turn goes on", () => {
  const table: [string, AgentEvent[], Partial<Progress>][] = [
    [
      "a clone",
      [{ type: "workspace.preparing", repository: "acme/api", step: "clone" }],
      { now: "Cloning the repository" },
    ],
    [
      "a tool that runs",
      [tool("1", "npm test")],
      { now: "npm test", tools: 1, steps: [{ call: "1", title: "npm test", state: "running" }] },
    ],
    [
      "a tool that failed",
      [tool("1", "npm test"), toolEnd("1", false)],
      { steps: [{ call: "1", title: "npm test", state: "failed" }] },
    ],
    [
      "the last paragraph of what the agent says",
      [text(1, "First.\n\nSec"), text(1, "ond.")],
      { now: "Writing", said: "Second." },
    ],
    ["a new message from its beginning", [text(1, "Old words"), tool("1", "ls"), text(2, "New")], { said: "New" }],
    [
      "that the model is tried again",
      [{ type: "retrying", turn: "m1", attempt: 1, delayMs: 5, reason: "overloaded" }],
      { now: "The model did not answer (overloaded); trying again" },
    ],
    [
      "what it cost so far",
      [{ type: "usage", turn: "m1", usage: { inputTokens: 3, outputTokens: 2, costUsd: 0.1 } }],
      { usage: { inputTokens: 3, outputTokens: 2, costUsd: 0.1 } },
    ],
    [
      "the pushed branch",
      [{ type: "branch.pushed", turn: "m1", repository: "r", branch: "b", commit: "c" }],
      { now: "Pushed b", branch: "b" },
    ],
    ["#27 that it waits for an answer", [tool("1", "Ask"), ask], { now: "Waiting for an answer", waits: true }],
    [
      "#27 that it goes on once it has one",
      [ask, { type: "question.answered", turn: "m1", question: "q1", answer: "yes", by: "person" }],
      { now: "Going on", waits: false },
    ],
    [
      "that it is over, with nothing left running",
      [tool("1", "sleep"), { type: "turn.ended", turn: "m1", outcome: "stopped", answer: "", durationMs: 1 }],
      { now: "Stopped", ended: "stopped", steps: [{ call: "1", title: "sleep", state: "failed" }] },
    ],
  ];
  for (const [name, events, expected] of table) {
    test(name, () => {
      const progress = after(...events);
      for (const [field, value] of Object.entries(expected))
        assert.deepEqual(progress[field as keyof Progress], value, field);
    });
  }

  test("of a turn that is over, the time that its answer tells", () => {
    const told = after({ type: "turn.ended", turn: "m1", outcome: "done", answer: "", durationMs: 10_347 });
    const { changedAt, startedAt, now } = endedProgress(told, { outcome: "done", durationMs: 15_000 });
    assert.deepEqual([changedAt - startedAt, now], [15_000, "Done"]);
  });

  test("only the last eight steps, and how many came before", () => {
    const progress = after(...Array.from({ length: 11 }, (_, index) => tool(String(index), `step ${index}`)));
    assert.equal(progress.steps[0]?.title, "step 3");
    assert.equal(progress.steps.length, 8);
    assert.equal(progress.earlierSteps, 3);
  });
  test("the tests that it ran: kept by command, and none where it began once more", () => {
    const started: AgentEvent = { type: "turn.started", turn: "m1", prompt: "fix it" };
    const runs: AgentEvent[] = [{ ...tool("1", "npm test"), input: '{"command":"npm test"}' } as AgentEvent];
    const tests = (...events: AgentEvent[]) => after(...events).tests?.map(({ command, ok }) => `${command}: ${ok}`);
    assert.equal(tests(), undefined);
    assert.deepEqual(tests(started, ...runs, toolEnd("1", false)), ["npm test: false"]);
    assert.deepEqual(tests(started, ...runs, toolEnd("1", true)), ["npm test: true"]);
    assert.deepEqual(tests(started, ...runs, toolEnd("1", true), { ...started, attempt: 2 }), []);
  });
  test("nothing of another turn", () =>
    assert.equal(condense(start, { type: "text", turn: "m0", message: 1, text: "x" }, NOW + 1), start));
  test("no change where nothing that is shown has changed", () => {
    const thinking = after({ type: "thinking", turn: "m1", message: 1, text: "a" });
    assert.equal(condense(thinking, { type: "thinking", turn: "m1", message: 1, text: "b" }, NOW + 2), thinking);
  });
});

describe("#7 what a rule denied", () => {
  const denied = (subject: string): AgentEvent => ({
    ...{ type: "permission.denied", turn: "m1", tool: "bash", subject, rule: "run rm *" },
  });

  test("is said by the step that it was, and by the progress to its end", () => {
    const progress = after(tool("c1", "ls"), tool("c2", "rm -rf src"), denied("rm  -rf\nsrc"), toolEnd("c2", false));
    assert.deepEqual(
      progress.steps.map(({ title, state }) => [title, state]),
      [
        ["ls", "running"],
        ["Not allowed: rm -rf src", "failed"],
      ],
    );
    assert.deepEqual([progress.now, progress.denied], ["Not allowed: rm -rf src", ["rm -rf src"]]);
  });

  test("is a step of its own where the agent told of none, and of many the last are kept", () => {
    const { steps, denied: kept } = after(denied("a"), denied("b"), denied("c"), denied("d"));
    assert.deepEqual(steps.map(({ title, state }) => [title, state])[0], ["Not allowed: bash a", "failed"]);
    assert.equal(new Set(steps.map(({ call }) => call)).size, 4);
    assert.deepEqual(kept, ["bash b", "bash c", "bash d"]);
  });
});
