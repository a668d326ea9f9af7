import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Reply } from "../../src/core/review.ts";
import { takeReplies } from "../../src/core/review-replies.ts";

const known = new Set([1, 2, 12]);
const done = (comment: number, text: string): Reply => ({ comment, text, done: true });
const open = (comment: number, text: string): Reply => ({ comment, text, done: false });

describe("what an agent says to single comments", () => {
  const rows: [name: string, answer: string, rest: string, replies: Reply[]][] = [
    ["an answer without any", "Renamed it.", "Renamed it.", []],
    [
      "two sections behind the answer",
      "Both looked at.\n\n[comment 1: done]\nRenamed.\n\n[comment 2]\nIt is needed:\n\n- for the cookie\n",
      "Both looked at.",
      [done(1, "Renamed."), open(2, "It is needed:\n\n- for the cookie")],
    ],
    ["words on the same line", "[comment 1: done] Renamed.", "", [done(1, "Renamed.")]],
    ["a colon before them", "[comment 1: done]: Renamed.", "", [done(1, "Renamed.")]],
    ["in bold", "x\n\n**[comment 1: done]** Renamed.", "x", [done(1, "Renamed.")]],
    ["with the words in bold as well", "**[comment 1: done] Renamed.**", "", [done(1, "Renamed.")]],
    ["as a heading", "x\n\n### [comment 12]\n\nNo.", "x", [open(12, "No.")]],
    ["in a list", "- [comment 1: done] a\n- [comment 2] b", "", [done(1, "a"), open(2, "b")]],
    ["in a numbered list", "1. [comment 1: done] a\n2. [comment 2] b", "", [done(1, "a"), open(2, "b")]],
    ["as code of one line", "`[comment 1: done]`\nRenamed.", "", [done(1, "Renamed.")]],
    ["in other letters", "[Comment #1: Done]\nRenamed.", "", [done(1, "Renamed.")]],
    ["with nothing behind it", "x\n[comment 1: done]\n[comment 2]", "x", [done(1, ""), open(2, "")]],
    ["not done", "[comment 1: not done]\nCannot.", "", [open(1, "Cannot.")]],
    ["nearly done", "[comment 1: done except the tests]\nSo so.", "", [open(1, "So so.")]],
    ["twice the same", "[comment 1]\na\n[comment 2]\nb\n[comment 1: done]\nc", "", [done(1, "a\n\nc"), open(2, "b")]],
    ["a heading ends one", "[comment 1]\na\n\n## Tests\n\nAll pass.", "## Tests\n\nAll pass.", [open(1, "a")]],
    ["a line across ends one", "[comment 1]\na\n\n---\nAll pass.", "---\nAll pass.", [open(1, "a")]],
    ["a number that nobody knows", "[comment 7: done]\nx", "[comment 7: done]\nx", []],
    ["in the middle of a sentence", "As [comment 1: done] says.", "As [comment 1: done] says.", []],
    ["a link of that name", "[comment 1](https://x.test)", "[comment 1](https://x.test)", []],
    ["in a quote", "> [comment 1: done]", "> [comment 1: done]", []],
    ["indented as code", "x\n\n    [comment 1: done]", "x\n\n    [comment 1: done]", []],
    ["in a fence", "```\n[comment 1: done]\n```", "```\n[comment 1: done]\n```", []],
    ["in a fence of tildes", "~~~md\n[comment 1]\n~~~", "~~~md\n[comment 1]\n~~~", []],
    ["in a longer fence", "````\n```\n[comment 1]\n````", "````\n```\n[comment 1]\n````", []],
    ["in a fence of a list", "- so:\n  ```\n  [comment 1]\n  ```", "- so:\n  ```\n  [comment 1]\n  ```", []],
    ["in a fence that stays open", "```\n[comment 1]", "```\n[comment 1]", []],
    [
      "a fence within a section stays in it",
      "[comment 1: done]\n```\n## no end\n[comment 2]\n```\nso",
      "",
      [done(1, "```\n## no end\n[comment 2]\n```\nso")],
    ],
  ];
  for (const [name, answer, rest, replies] of rows) {
    test(name, () => assert.deepEqual(takeReplies(answer, known), { rest, replies }));
  }

  test("a hundred thousand characters made to keep us busy do not", () => {
    for (const piece of ["[comment 1: ", "**", "- [comment ", "`", "> > > ", "* * * ", "#"]) {
      const answer = piece.repeat(100_000 / piece.length);
      assert.ok(takeReplies(answer, known).rest.length <= answer.length);
    }
  });
});
