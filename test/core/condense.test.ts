import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { condense, newProgress, showInMs } from "../../src/core/condense.ts";
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

  test("only the last eight steps, and how many came before", () => {
    const progress = after(...Array.from({ length: 11 }, (_, index) => tool(String(index), `step ${index}`)));
    assert.equal(progress.steps[0]?.title, "step 3");
    assert.equal(progress.steps.length, 8);
    assert.equal(progress.earlierSteps, 3);
  });
  test("nothing of another turn", () =>
    assert.equal(condense(start, { type: "text", turn: "m0", message: 1, text: "x" }, NOW + 1), start));
  test("no change where nothing that is shown has changed", () => {
    const thinking = after({ type: "thinking", turn: "m1", message: 1, text: "a" });
    assert.equal(condense(thinking, { type: "thinking", turn: "m1", message: 1, text: "b" }, NOW + 2), thinking);
  });
});

describe("when it is shown", () => {
  const at = (changedAt: number): Progress => ({ ...start, changedAt });
  const table: [string, Progress, { at: number; changedAt: number; edits: number } | null, number, number][] = [
    ["the first time at once", at(0), null, 0, 0],
    ["a change three seconds after the last edit", at(10), { at: 0, changedAt: 0, edits: 1 }, 1_000, 2_000],
    ["a change after a long pause at once", at(10), { at: 0, changedAt: 0, edits: 1 }, 9_000, 0],
    ["a change in a turn of many edits more slowly", at(10), { at: 0, changedAt: 0, edits: 30 }, 1_000, 5_000],
    ["silence every ten seconds at first", at(0), { at: 0, changedAt: 0, edits: 1 }, 4_000, 6_000],
    ["silence of a minute every thirty seconds", at(0), { at: 60_000, changedAt: 0, edits: 1 }, 60_000, 30_000],
    ["silence of five minutes every minute", at(0), { at: 300_000, changedAt: 0, edits: 1 }, 300_000, 60_000],
  ];
  for (const [name, progress, shown, now, expected] of table)
    test(name, () => assert.equal(showInMs(progress, shown, now), expected));
});
