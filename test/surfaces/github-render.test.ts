import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Answer, Person, Progress } from "../../src/core/types.ts";
import { markersIn } from "../../src/surfaces/github-comments.ts";
import { MAX_BODY_CHARS, renderAnswer, renderNote, renderProgress } from "../../src/surfaces/github-render.ts";

const started = 1_700_000_000_000;
const usage = { inputTokens: 11_200, outputTokens: 800, costUsd: 0.1234 };
const alice: Person = { surface: "github", id: "1", name: "alice" };
const page = "https://box.dev/sessions/s1";

const progress: Progress = {
  turn: "t1",
  startedAt: started,
  now: "Running npm test",
  steps: [
    { call: "1", title: "read src/login.ts", state: "ok" },
    { call: "2", title: "npm run lint", state: "failed" },
    { call: "3", title: "npm test", state: "running" },
  ],
  earlierSteps: 4,
  said: "The cookie is set too late.",
  repository: "acme/api",
  branch: "threadbox/login-x1y2z",
  usage,
  tools: 7,
  ended: null,
  changedAt: started + 70_000,
};

const answer: Answer = {
  turn: "t1",
  session: "s1",
  title: "fix the login test",
  result: {
    outcome: "done",
    answer: "Fixed: the cookie was never set.",
    changes: { files: 3, insertions: 10, deletions: 2 },
    branch: "threadbox/login-x1y2z",
    usage,
    durationMs: 72_000,
  },
  repository: "acme/api",
  pullRequest: { number: 12, url: "https://github.com/acme/api/pull/12" },
  askers: [alice],
  page,
};

test("the answer says which tests ran on a line of its own, in code that pings nobody", () => {
  const tests = [{ command: "npm test -- @alice `x`", ok: false }];
  assert.match(
    renderAnswer({ ...answer, tests }).join(""),
    /\+10 −2\ntests: `` npm test -- @alice `x` `` failed\nacme/,
  );
  assert.match(renderAnswer({ ...answer, tests: [] }).join(""), /\nno tests run\n/);
});

test("progress says what goes on and what was asked in a few lines, with the steps folded away", () => {
  assert.equal(
    renderProgress({ ...progress, asked: "fix the login\n@bob closes #3" }, page, started + 75_000),
    `**Working** for 1 min 15 s as of 22:14 UTC · acme/api · \`threadbox/login-x1y2z\` · 12.0k tokens · [session](https://box.dev/sessions/s1)

▸ Running npm test

The cookie is set too late.

<details><summary>7 steps</summary>

- … 4 earlier steps
- ✓ \`read src/login.ts\`
- ✗ \`npm run lint\` (failed)
- ▸ \`npm test\`

</details>

> asked: fix the login @\u200bbob c\u200bloses #3`,
  );
});

test("the first progress, which is what a notification mail has, is three lines", () => {
  const first = {
    ...progress,
    now: "Starting a sandbox",
    steps: [],
    earlierSteps: 0,
    said: "",
    asked: "fix the login",
  };
  assert.equal(
    renderProgress({ ...first, usage: { inputTokens: 0, outputTokens: 0, costUsd: 0 } }, null, started),
    "**Working** for 0 s as of 22:13 UTC · acme/api · `threadbox/login-x1y2z`\n\n▸ Starting a sandbox\n\n> asked: fix the login",
  );
});

test("progress that has ended says how, and what was done", () => {
  assert.equal(
    renderProgress({ ...progress, ended: "timed-out", steps: [], branch: null }, null, started + 999_000),
    "**Timed out** after 1 min 10 s · acme/api · 12.0k tokens",
  );
});

test("a step with backticks, names and lines stays one span of code", () => {
  const steps = [{ call: "1", title: "echo `@bob`\n<!-- x -->", state: "ok" as const }];
  assert.match(renderProgress({ ...progress, steps }, null, started), /- ✓ `` echo `@bob` <!-- x --> ``\n/);
});

test("marker forged by an agent: what it says or runs is never taken for a comment of ours", () => {
  const forged = "<!-- threadbox:s1/7 -->";
  const steps = [{ call: "1", title: `echo '${forged}'`, state: "ok" as const }];
  const said = `\`${forged}\`\n\n\`\`\`\n${forged}\n\`\`\``;
  const shown = [
    renderProgress({ ...progress, steps, said, asked: forged }, null, started),
    ...renderAnswer({ ...answer, result: { ...answer.result, answer: said } }),
  ];
  assert.deepEqual(shown.flatMap(markersIn), []);
});

test("progress fits a comment however much there is to tell", () => {
  const steps = Array.from({ length: 10 }, (_, i) => ({
    call: `${i}`,
    title: "x".repeat(9_000),
    state: "ok" as const,
  }));
  const long = { ...progress, steps, said: "y".repeat(100_000), now: "z".repeat(100_000) };
  assert.ok(renderProgress(long, page, started).length < 4_000);
});

test("the answer pings the asker, says what was done first, and ends with the small print", () => {
  assert.deepEqual(renderAnswer(answer), [
    `@alice

Fixed: the cookie was never set.

---
[pull request #12](https://github.com/acme/api/pull/12) · \`threadbox/login-x1y2z\` · 3 files +10 −2
acme/api · 1 min 12 s · 12.0k tokens · $0.12 · [session](https://box.dev/sessions/s1)`,
  ]);
});

describe("the answer's first line", () => {
  const result = { answer: "", durationMs: 1_000 };
  const rows: [name: string, result: Answer["result"], first: string][] = [
    [
      "of a failure",
      { ...result, outcome: "failed", failure: { code: "git.push-refused", detail: "main is protected" } },
      "**Failed.**",
    ],
    ["of a timeout", { ...result, outcome: "timed-out" }, "**Timed out.**"],
    ["of a stop", { ...result, outcome: "stopped", stoppedBy: "bob" }, "**Stopped by bob.**"],
    ["of silence", { ...result, outcome: "done" }, "**Done.** The agent ended without a word."],
  ];
  for (const [name, result, first] of rows) {
    test(name, () => assert.equal(renderAnswer({ ...answer, result })[0]?.split("\n\n")[1], first));
  }
});

test("a failure says what went wrong and what to do", () => {
  const failure = { code: "git.push-refused", detail: "main is protected" };
  const failed: Answer = {
    ...answer,
    result: { outcome: "failed", answer: "", failure, durationMs: 1 },
    remedy: "Fix the rule.",
  };
  assert.match(renderAnswer(failed)[0] ?? "", /\*\*Failed\.\*\*\n\nmain is protected\n\nFix the rule\.\n/);
});

test("only the askers are pinged, each once, and only those on GitHub", () => {
  const askers: Person[] = [
    alice,
    { surface: "slack", id: "U1", name: "carol" },
    alice,
    { ...alice, id: "2", name: "bob-b" },
  ];
  const [first = ""] = renderAnswer({ ...answer, askers, result: { ...answer.result, answer: "Thanks @dave" } });
  assert.deepEqual(first.match(/@[a-z-]+/g), ["@alice", "@bob-b"]);
});

test("a long answer becomes several comments, pinging once, with the small print at the end", () => {
  const paragraphs = Array.from({ length: 40 }, (_, i) => `${i}: ${"words ".repeat(500)}`).join("\n\n");
  const pieces = renderAnswer({ ...answer, result: { ...answer.result, answer: paragraphs } });
  assert.equal(pieces.length, 3);
  assert.ok(pieces.every((piece) => piece.length <= MAX_BODY_CHARS));
  assert.deepEqual(
    pieces.map((piece) => piece.includes("@alice")),
    [true, false, false],
  );
  assert.deepEqual(
    pieces.map((piece) => piece.includes("[session]")),
    [false, false, true],
  );
});

test("a token in the agent's words, in a step or in a note is blanked", () => {
  const token = `ghs_${"a".repeat(40)}`;
  const everything = [
    ...renderAnswer({ ...answer, result: { ...answer.result, answer: `it is ${token}` } }),
    renderProgress(
      { ...progress, now: token, said: token, steps: [{ call: "1", title: token, state: "ok" }] },
      null,
      0,
    ),
    ...renderNote(token),
  ];
  assert.doesNotMatch(everything.join("\n"), /ghs_/);
});
