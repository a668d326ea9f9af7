import assert from "node:assert/strict";
import { test } from "node:test";
import { rawLines, transcriptLines } from "../../src/cli/transcript-lines.ts";
import type { AgentEvent } from "../../src/wire/events.ts";

const turn = "m1";
const commit = "39868f1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

function linesOf(events: AgentEvent[], failure?: { code: string; detail: string }): string[] {
  const lines = transcriptLines((id) => (id === turn ? { asked: "alice: fix it", failure } : null), false);
  return [...events.flatMap((event) => lines.of(event)), ...lines.rest()];
}

const tool = (call: string, title: string, ok: boolean, output: string): AgentEvent[] => [
  { type: "tool.started", turn, call, tool: "bash", title, input: "{}" },
  { type: "tool.ended", turn, call, tool: "bash", ok, output, cut: false, durationMs: 2_100 },
];

const end = (outcome: "done" | "failed" | "stopped", answer: string): AgentEvent => ({
  ...{ type: "turn.ended", turn, outcome, answer, durationMs: 4_000 },
  ...(outcome === "failed" ? { failure: { code: "agent.exited", detail: "It is gone." } } : {}),
});

test("a turn reads from what was asked to how it ended", () => {
  assert.deepEqual(
    linesOf([
      { type: "workspace.preparing", repository: "acme/api", step: "clone" },
      { type: "workspace.ready", repository: "acme/api", branch: "threadbox/fix", commit },
      { type: "turn.started", turn, prompt: "the whole prompt" },
      { type: "text", turn, message: 1, text: "I look " },
      { type: "usage", turn, usage: { inputTokens: 1, outputTokens: 1, costUsd: 0 } },
      { type: "text", turn, message: 1, text: "first." },
      ...tool("c1", "npm test", false, "1\n2\n3\n4\n5\n6\n7\n8\n9"),
      { type: "turn.steered", turn, prompt: "m2", text: "use tabs" },
      ...tool("c2", "edit add.js", true, "done"),
      { type: "text", turn, message: 2, text: "Fixed." },
      { type: "branch.pushed", turn, repository: "acme/api", branch: "threadbox/fix", commit },
      end("done", "Fixed."),
    ]),
    [
      "· clone acme/api",
      "· on threadbox/fix at 39868f1",
      "",
      "> alice: fix it",
      "I look first.",
      "✗ npm test  2 s",
      ...["    2", "    3", "    4", "    5", "    6", "    7", "    8", "    9"],
      "> use tabs",
      "✓ edit add.js  2 s",
      "Fixed.",
      "↑ pushed threadbox/fix (39868f1)",
      "✓ done in 4 s",
    ],
  );
});

test("an answer that was not said before is printed", () =>
  assert.deepEqual(linesOf([end("stopped", "Half of it.")]), ["Half of it.", "■ stopped in 4 s"]));

test("a turn that the bot has stopped says why", () =>
  assert.deepEqual(linesOf([end("stopped", "")], { code: "limit.cost", detail: "It has cost $2." }), [
    "■ stopped in 4 s",
    "  It has cost $2. (limit.cost)",
  ]));

test("a failure says why", () =>
  assert.deepEqual(linesOf([end("failed", "")]), ["✗ failed in 4 s", "  It is gone. (agent.exited)"]));

test("two messages in a row stay two", () =>
  assert.deepEqual(
    linesOf([
      { type: "text", turn, message: 1, text: "One." },
      { type: "text", turn, message: 2, text: "Two." },
    ]),
    ["One.", "Two."],
  ));

test("what an agent prints cannot steer the terminal", () =>
  assert.deepEqual(linesOf([{ type: "text", turn, message: 1, text: "a\u001b[2Jb\u0007\u202ec" }]), ["abc"]));

test("leave that was asked for, a denial and a silence are told", () =>
  assert.deepEqual(
    linesOf([
      {
        ...{ type: "question.asked", turn, question: "q1", text: "Allow bash: make deploy", deadlineMs: 1 },
        ...{ options: ["Allow", "Deny"], otherwise: "Deny", permission: { tool: "bash", subject: "make deploy" } },
      },
      { type: "question.answered", turn, question: "q1", answer: "Deny", by: "person" },
      { type: "permission.denied", turn, tool: "bash", subject: "rm -rf src", rule: "run rm *" },
      { type: "turn.silent", turn, silentMs: 300_000, stopsInMs: 300_000, during: null },
    ]),
    ["? Allow bash: make deploy", "> Deny", "✗ not allowed: bash rm -rf src", "· nothing heard for 5 min 00 s"],
  ));

test("an agent's own line steers no terminal, and means the same", () => {
  const raw = (line: string): AgentEvent => ({ type: "agent.raw", turn, native: "x", line, cut: false });
  for (const [line, printed] of [
    ['{"a":"\u009b2J\u202e\u2028\u{e0041}"}', '{"a":"\\u009b2J\\u202e\\u2028\\udb40\\udc41"}'],
    ['{\r"a":1}', '{"type":"x","cut":false,"line":"{\\r\\"a\\":1}"}'],
    ["no \u009bJSON", '{"type":"x","cut":false,"line":"no \\u009bJSON"}'],
    ['{"a":"é 漢 😀"}', '{"a":"é 漢 😀"}'],
  ] as const)
    assert.deepEqual(rawLines(raw(line)), [printed]);
});
