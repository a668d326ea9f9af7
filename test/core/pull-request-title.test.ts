import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MAX_TITLE_CHARS, pullRequestTitle } from "../../src/core/pull-request-title.ts";

const titled = (answer: string, order: { text: string; subject?: string } | null = null): string =>
  pullRequestTitle({ answer, order, asker: "alice" });

describe("a pull request is called", () => {
  const agents: [string, string][] = [
    ["Fixed the login cookie. It was never set.", "Fix the login cookie"],
    ["Fixed: the cookie was never set.", "Fix: the cookie was never set"],
    ["I've added a test for `add()`.", "Add a test for add()"],
    ["I have renamed **src/a.ts** to [src/b.ts](https://x.test).", "Rename src/a.ts to src/b.ts"],
    ["Done. I rewrote the parser", "Rewrite the parser"],
    ["Done — stopped the retry loop at three.", "Stop the retry loop at three"],
    ["# Summary\n\nSimplified the retry loop of v1.2 clients.", "Simplify the retry loop of v1.2 clients"],
    ["- Added tests\n- Removed the flag", "Add tests"],
    ["```sh\nnpm test\n```\n\nUpdated the lockfile.", "Update the lockfile"],
  ];
  for (const [answer, title] of agents)
    test(`"${title}" after the agent's words ${JSON.stringify(answer)}`, () =>
      assert.equal(titled(answer, { text: "please look into this" }), title));

  const orders: [string, string, string | undefined, string][] = [
    ["fix the login test", "The cookie was never set.", undefined, "Fix the login test"],
    ["Can you please add a dark mode, thanks!", "The page is dark now.", undefined, "Add a dark mode"],
    ["hey, could you remove the flag?", "It is gone.", "Old flag", "Remove the flag"],
    ["Work on issue #3", "The cookie is set.", "Login fails on Safari", "Login fails on Safari"],
    ["what is wrong here?\nmore", "", undefined, "what is wrong here?"],
  ];
  for (const [text, answer, subject, title] of orders)
    test(`"${title}" after the order, where the agent's words do not begin with a verb: ${JSON.stringify(text)}`, () =>
      assert.equal(titled(answer, { text, ...(subject ? { subject } : {}) }), title));

  const slack: [string, string][] = [
    ["The cookie was never set. Now it is.", "The cookie was never set"],
    ["Tests are green", "Tests are green"],
    ["Test is green", "Test is green"],
    ["`add` subtracted. It adds now.", "add subtracted"],
    ["", "Changes asked for by alice"],
  ];
  for (const [answer, title] of slack)
    test(`#43 "${title}" where the order may not be repeated`, () => assert.equal(titled(answer), title));

  test("in at most 72 characters, cut between words", () => {
    const long = titled(`Added ${"a word and ".repeat(20)}`);
    assert.equal(long, "Add a word and a word and a word and a word and a word and a word and…");
    assert.ok(titled("x".repeat(300)).length <= MAX_TITLE_CHARS);
    assert.doesNotMatch(titled("😀".repeat(100)), /[\ud800-\udbff](?![\udc00-\udfff])/);
  });
});
