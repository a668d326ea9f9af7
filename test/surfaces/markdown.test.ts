import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { split } from "../../src/surfaces/markdown.ts";

describe("an answer that is too long for one message", () => {
  const cases: [string, string, number, string[]][] = [
    ["stays whole where it fits", "One.\n\nTwo.", 20, ["One.\n\nTwo."]],
    ["says nothing when it is empty", "  \n ", 20, []],
    ["is cut between paragraphs", "First one.\n\nSecond.", 12, ["First one.", "Second."]],
    ["keeps paragraphs together while they fit", "A.\n\nB.\n\nC is longer.", 12, ["A.\n\nB.", "C is longer."]],
    ["is cut after a sentence", "One sentence here. And more.", 20, ["One sentence here.", "And more."]],
    ["is cut between words", "alpha beta gamma delta", 12, ["alpha beta", "gamma delta"]],
    ["is cut anywhere when it is one word", "abcdefghij", 4, ["abcd", "efgh", "ij"]],
    ["is cut before a <token>", "aaaaaa<bbbb>", 10, ["aaaaaa", "<bbbb>"]],
    ["is cut beside a character of two units, not through it", "abc😀de", 4, ["abc", "😀de"]],
    ["is cut between list items", "- one\n- two\n- three", 11, ["- one\n- two", "- three"]],
    [
      "closes and opens a fence that is cut, with its language",
      "```ts\nconst a = 1;\nconst b = 2;\n```",
      30,
      ["```ts\nconst a = 1;\n```", "```ts\nconst b = 2;\n```"],
    ],
    ["keeps a fence whole where it fits", "Text here.\n\n```\ncode\n```", 14, ["Text here.", "```\ncode\n```"]],
    [
      "closes and opens a fence inside a list item",
      "- see\n  ```sh\n  first\n  second\n  ```",
      28,
      ["- see\n  ```sh\n  first\n  ```", "  ```sh\n  second\n  ```"],
    ],
    [
      "keeps ticks inside a longer fence",
      "````\n```\nfirst\n```\nsecond\n````",
      24,
      ["````\n```\nfirst\n```\n````", "````\nsecond\n````"],
    ],
    [
      "repeats the head of a table",
      "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |",
      30,
      ["| a | b |\n|---|---|\n| 1 | 2 |", "| a | b |\n|---|---|\n| 3 | 4 |"],
    ],
    ["cuts a quote between its lines", "> first\n> second", 10, ["> first", "> second"]],
  ];
  for (const [name, markdown, maxChars, pieces] of cases) {
    test(name, () => assert.deepEqual(split(markdown, maxChars), pieces));
  }

  // Each of them kept the parser busy for a minute, or overflowed its stack; an answer is what the agent was talked into saying.
  for (const piece of ["*a_", "**a", "a_*", "~a", "- ", "> ", "[^a]", "> a\n b\n"]) {
    test(`is cut when it is 100,000 characters of ${JSON.stringify(piece)}`, () => {
      for (const pieces of [split(piece.repeat(100_000 / piece.length), 12_000), split(piece.repeat(4_000), 3_000)]) {
        assert.ok(pieces.length > 1);
        assert.ok(pieces.every(({ length }) => length <= 12_000));
      }
    });
  }

  test("loses no word and never exceeds the length, whatever the length", () => {
    const block =
      "## Head\n\nSome *text* with `code` and more of it.\n\n1. one\n2. two\n\n```js\nlet x;\nlet y;\n```\n\n";
    const markdown = block.repeat(20);
    for (const maxChars of [40, 55, 100, 333, 1_000]) {
      const pieces = split(markdown, maxChars);
      for (const piece of pieces) {
        assert.ok(piece.length <= maxChars, `${piece.length} > ${maxChars}`);
        assert.equal((piece.match(/```/g) ?? []).length % 2, 0, piece);
      }
      const words = pieces.join(" ").match(/\b(Head|Some|two|let)\b/g) ?? [];
      assert.equal(words.length, 20 * 5, `at ${maxChars}`);
    }
  });
});
