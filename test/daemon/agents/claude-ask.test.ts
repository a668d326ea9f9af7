/** What Claude Code asks people, and what it hears. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { askingOf } from "../../../src/daemon/agents/claude-ask.ts";
import { type ClaudeRequest, parseClaudeLine } from "../../../src/daemon/agents/claude-protocol.ts";

function request(tool_name: string, input: unknown, more = {}): ClaudeRequest {
  const line = parseClaudeLine({
    type: "control_request",
    request_id: "r1",
    request: { subtype: "can_use_tool", tool_name, input, ...more },
  });
  assert.ok(line?.type === "control_request");
  return line;
}

const DATABASE = {
  question: "Which database?",
  header: "DB",
  multiSelect: false,
  options: [
    { label: "Postgres (Recommended)", description: "as elsewhere" },
    { label: "SQLite", description: "" },
  ],
};
const COLOURS = { question: "Which colours?", multiSelect: true, options: [{ label: "Red" }, { label: "Blue" }] };

test("two questions at once are two questions, and one reply", () => {
  const input = { questions: [DATABASE, COLOURS] };
  const asking = askingOf(request("AskUserQuestion", input), "/work", false) ?? assert.fail();
  assert.deepEqual(asking.questions, [
    { text: "Which database?\n\n- Postgres: as elsewhere", options: ["Postgres", "SQLite"], otherwise: "Postgres" },
    {
      text: "Which colours?\n\nMore than one may be chosen: name them, with commas between.",
      options: ["Red", "Blue"],
      otherwise: null,
    },
  ]);
  assert.deepEqual(asking.reply(["SQLite", "Red, Blue"]), {
    behavior: "allow",
    updatedInput: { ...input, answers: { "Which database?": "SQLite", "Which colours?": "Red, Blue" } },
  });
  assert.deepEqual(asking.reply([null, null]), {
    behavior: "allow",
    updatedInput: {
      ...input,
      answers: {
        "Which database?": "Nobody answered in time. Go on with the default: Postgres",
        "Which colours?": "Nobody answered in time. Go on with your best judgement, and say what you assumed.",
      },
    },
  });
});

for (const [tool, input, subject] of [
  ["Bash", { command: "rm -rf  build", description: "x" }, "rm -rf  build"],
  ["Write", { file_path: "/work/src/a.ts", content: "x" }, "src/a.ts"],
  ["Read", { file_path: "/etc/hostname" }, "/etc/hostname"],
  ["NotebookEdit", { notebook_path: "/work/n.ipynb" }, "n.ipynb"],
  ["WebFetch", { url: "http://127.0.0.1:1/", prompt: "x" }, "http://127.0.0.1:1/"],
  ["WebSearch", { query: "threads" }, "threads"],
  ["mcp__x__y", { a: 1 }, '{"a":1}'],
] as const)
  test(`leave for ${tool} is wanted for ${subject}`, () => {
    const asking = askingOf(request(tool, input, { decision_reason: "Outside" }), "/work", true) ?? assert.fail();
    assert.deepEqual(asking.questions, [
      {
        text: `${tool}: ${subject}\n\nOutside`,
        options: ["Allow", "Deny"],
        otherwise: "Deny",
        permission: { tool, subject },
      },
    ]);
    assert.deepEqual(asking.reply(["Allow"]), { behavior: "allow", updatedInput: input });
    for (const [answer, heard] of [
      [null, /^Nobody allowed this in time/],
      ["Deny", /do not allow this/],
      ["Only on Mondays", /Only on Mondays/],
    ] as const) {
      const reply = asking.reply([answer]);
      assert.ok(reply.behavior === "deny");
      assert.match(reply.message, heard);
    }
  });

test("where it may do everything nobody is asked for leave", () => {
  assert.equal(askingOf(request("Bash", { command: "ls" }), "/work", false), null);
});
