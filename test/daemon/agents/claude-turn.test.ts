/** What Claude Code's lines come to. The lines are its own (2.1.329), shortened. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentReport } from "../../../src/daemon/agents/agent.ts";
import { nativeName, parseClaudeLine } from "../../../src/daemon/agents/claude-protocol.ts";
import { Account, ClaudeTurn } from "../../../src/daemon/agents/claude-turn.ts";

const WORDS_AND_TOOL = [
  {
    type: "stream_event",
    event: {
      type: "message_start",
      message: {
        id: "m1",
        model: "claude-opus-5-5",
        usage: { input_tokens: 90, cache_read_input_tokens: 10, output_tokens: 1 },
      },
    },
    parent_tool_use_id: null,
  },
  {
    type: "stream_event",
    event: { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "hm" } },
  },
  {
    type: "assistant",
    message: { id: "m1", model: "claude-opus-5-5", content: [{ type: "thinking", thinking: "hm", signature: "s" }] },
    parent_tool_use_id: null,
  },
  {
    type: "stream_event",
    event: { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "On " } },
  },
  {
    type: "stream_event",
    event: { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "it." } },
  },
  {
    type: "assistant",
    message: { id: "m1", model: "claude-opus-5-5", content: [{ type: "text", text: "On it." }] },
    parent_tool_use_id: null,
  },
  {
    type: "stream_event",
    event: { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: "{" } },
  },
  {
    type: "assistant",
    message: {
      id: "m1",
      model: "claude-opus-5-5",
      content: [{ type: "tool_use", id: "t1", name: "Edit", input: { file_path: "/work/src/add.js" } }],
    },
    parent_tool_use_id: null,
  },
  {
    type: "stream_event",
    event: { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 10 } },
  },
  {
    type: "user",
    message: {
      role: "user",
      content: [{ tool_use_id: "t1", type: "tool_result", content: [{ type: "text", text: "edited" }] }],
    },
  },
];

const result = (more: Record<string, unknown>) => ({
  ...{
    type: "result",
    subtype: "success",
    is_error: false,
    result: "",
    terminal_reason: "completed",
    api_error_status: null,
  },
  ...more,
});
const spent = (inputTokens: number, costUSD: number) => ({
  "claude-opus-5-5": {
    inputTokens,
    outputTokens: inputTokens / 10,
    cacheReadInputTokens: 0,
    cacheCreationInputTokens: 0,
    costUSD,
  },
});

function fold(lines: unknown[], account = new Account()) {
  const reports: AgentReport[] = [];
  const turn = new ClaudeTurn({ cwd: "/work", report: (report) => reports.push(report) }, account);
  for (const line of lines) {
    const known = parseClaudeLine(line);
    if (known) turn.take(known);
  }
  return { turn, reports };
}

test("words, thoughts and tools come in their order, each once", () => {
  const { turn, reports } = fold([...WORDS_AND_TOOL, result({})]);
  assert.deepEqual(
    reports
      .filter((report) => report.type !== "usage")
      .map((report) => (report.type === "tool.ended" ? { ...report, durationMs: 0 } : report)),
    [
      { type: "thinking", message: 1, text: "hm" },
      { type: "text", message: 1, text: "On " },
      { type: "text", message: 1, text: "it." },
      {
        type: "tool.started",
        call: "t1",
        tool: "Edit",
        title: "Edit src/add.js",
        input: '{"file_path":"/work/src/add.js"}',
      },
      { type: "tool.ended", call: "t1", tool: "Edit", ok: true, output: "edited", cut: false, durationMs: 0 },
    ],
  );
  assert.deepEqual([turn.outcome().outcome, turn.outcome().answer], ["done", "On it."]);
});

test("tokens are told while it works, and what they cost with the result", () => {
  const { turn } = fold(WORDS_AND_TOOL);
  const tokens = {
    inputTokens: 100,
    outputTokens: 10,
    cacheReadTokens: 10,
    cacheWriteTokens: 0,
    model: "claude-opus-5-5",
  };
  assert.deepEqual(turn.cutShort({ outcome: "stopped" }).usage, { ...tokens, costUsd: 0, pricedBy: "nobody" });
  const { turn: told } = fold([...WORDS_AND_TOOL, result({ modelUsage: spent(100, 0.25) })]);
  assert.deepEqual(told.outcome().usage, { ...tokens, cacheReadTokens: 0, costUsd: 0.25 });
});

test("the second prompt of a process costs what came on top", () => {
  const account = new Account();
  fold([result({ modelUsage: spent(100, 0.1) })], account);
  const { turn } = fold([result({ modelUsage: spent(300, 0.3) })], account);
  const { inputTokens, costUsd } = turn.outcome().usage;
  assert.deepEqual({ inputTokens, costUsd }, { inputTokens: 200, costUsd: 0.2 });
});

test("a retry is told with its reason", () => {
  const retry = { type: "system", subtype: "api_retry", attempt: 2, max_retries: 3, retry_delay_ms: 546.4 };
  const { reports } = fold([{ ...retry, error_status: 529, error: "overloaded" }]);
  assert.deepEqual(reports, [{ type: "retrying", attempt: 2, delayMs: 546, reason: "529: overloaded" }]);
});

test("what a sub-agent says is not said to people, but what it does is told", () => {
  const { turn, reports } = fold([
    {
      type: "assistant",
      message: { id: "s1", model: "m", content: [{ type: "text", text: "inner" }] },
      parent_tool_use_id: "t0",
    },
    {
      type: "assistant",
      message: {
        id: "s1",
        model: "m",
        content: [{ type: "tool_use", id: "t9", name: "Bash", input: { command: "ls" } }],
      },
      parent_tool_use_id: "t0",
    },
  ]);
  assert.deepEqual(
    reports.map(({ type }) => type),
    ["tool.started"],
  );
  assert.equal(turn.cutShort({ outcome: "stopped" }).answer, "");
});

const SYNTHETIC = {
  type: "assistant",
  message: { id: "x", model: "<synthetic>", content: [{ type: "text", text: "API Error: 403" }] },
};
for (const [what, lines, outcome, code] of [
  [
    "an error of the provider",
    [SYNTHETIC, result({ is_error: true, api_error_status: 403, result: "API Error: 403 no" })],
    "failed",
    "model.unauthorized",
  ],
  [
    "a lost connection after retries",
    [
      { type: "system", subtype: "api_retry", attempt: 1, retry_delay_ms: 500, error_status: null, error: "unknown" },
      result({ is_error: true, result: "API Error: lost" }),
    ],
    "failed",
    "model.unavailable",
  ],
  [
    "an interrupted tool",
    [result({ is_error: true, subtype: "error_during_execution", terminal_reason: "aborted_tools" })],
    "stopped",
    undefined,
  ],
  ["an end without a result", [], "failed", "model.failed"],
] as const) {
  test(`${what} is ${outcome}, and never an answer`, () => {
    const { turn } = fold([...lines]);
    const ended = turn.outcome();
    assert.deepEqual([ended.outcome, ended.failure?.code, ended.answer], [outcome, code, ""]);
  });
}

test("every line has a name of its own, but for pieces of words", () => {
  const names = [{ type: "system", subtype: "init" }, { type: "user" }, { type: "stream_event" }, 7].map(nativeName);
  assert.deepEqual(names, ["system.init", "user", null, "unknown"]);
});
