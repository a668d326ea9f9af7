import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { clip, cost, duration, tested, tokens, tokensUsed } from "../../src/surfaces/figures.ts";

describe("a duration", () => {
  for (const [ms, text] of [
    [0, "0 s"],
    [59_400, "59 s"],
    [65_000, "1 min 05 s"],
    [3_720_000, "1 h 02 min"],
  ] as const) {
    test(`of ${ms} ms reads ${text}`, () => assert.equal(duration(ms), text));
  }
});

const used = (change: object) => ({ inputTokens: 0, outputTokens: 0, costUsd: 0, ...change });

test("tokens are counted together, and in thousands when there are many", () => {
  assert.equal(tokens(used({})), null);
  assert.equal(tokens(used({ inputTokens: 800, outputTokens: 40 })), "840 tokens");
  assert.equal(tokens(used({ inputTokens: 12_000, outputTokens: 345 })), "12.3k tokens");
});

test("what came from the cache is told at the end, where it is much", () => {
  assert.equal(tokensUsed(used({ inputTokens: 12_000, outputTokens: 345, cacheReadTokens: 999 })), "12.3k tokens");
  assert.equal(
    tokensUsed(used({ inputTokens: 12_000, outputTokens: 345, cacheReadTokens: 10_100 })),
    "12.3k tokens (10.1k cached)",
  );
});

test("a cost is told as what it is: the agent's, a price list's, or unknown, and never as nothing", () => {
  assert.equal(cost(used({})), null);
  assert.equal(cost(used({ costUsd: 0.424 })), "$0.42");
  assert.equal(cost(used({ inputTokens: 5, costUsd: 0.424, pricedBy: "table" })), "≈ $0.42");
  assert.equal(cost(used({ inputTokens: 5, costUsd: 0.001 })), "< $0.01");
  assert.equal(cost(used({ inputTokens: 5, pricedBy: "nobody" })), "cost unknown");
  assert.equal(cost(used({ inputTokens: 5 })), "cost unknown");
});

describe("tests", () => {
  const code = (command: string) => `<${command}>`;
  test("are told with their outcome in words", () => {
    const runs = [
      { command: "npm test", ok: true },
      { command: "make check", ok: false },
      { command: "tox", ok: null },
    ];
    assert.equal(tested(runs, code), "tests: <npm test> passed, <make check> failed, <tox> ran, outcome unknown");
  });
  test("that nobody ran are told where that was found", () => {
    assert.equal(tested([], code), "no tests run");
    assert.equal(tested(undefined, code), null);
  });
});

test("a text that is cut says so, and keeps its characters whole", () => {
  assert.equal(clip("abc", 3), "abc");
  assert.equal(clip("abcd", 3), "ab…");
  assert.equal(clip("a😀bc", 3), "a…");
});
