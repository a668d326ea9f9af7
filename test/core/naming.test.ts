import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { branchName, sandboxName, titleOf } from "../../src/core/naming.ts";

describe("the branch says what it is about", () => {
  const table: [string, string][] = [
    ["the test fails, please fix it", "threadbox/test-fails-fix-56789"],
    ["Überprüfe den Login!", "threadbox/uberprufe-den-login-56789"],
    ["修复登录", "threadbox/work-56789"],
    ["../../etc/passwd; rm -rf /", "threadbox/etc-passwd-rm-rf-56789"],
    ["@{-1}..HEAD~^:", "threadbox/1-head-56789"],
    ["a".repeat(300), `threadbox/${"a".repeat(40)}-56789`],
    ["", "threadbox/work-56789"],
  ];
  for (const [text, branch] of table)
    test(JSON.stringify(text.slice(0, 40)), () => assert.equal(branchName(text, "s0123456789"), branch));
});

describe("the title is the first line, shortened", () => {
  const table: [string, string][] = [
    ["**Fix** the `login`\nand more", "Fix the login"],
    ["\n\n  second line first", "second line first"],
    ["x".repeat(100), `${"x".repeat(69)}...`],
    ["", "Untitled"],
  ];
  for (const [text, title] of table) test(JSON.stringify(text.slice(0, 30)), () => assert.equal(titleOf(text), title));
});

test("a sandbox is named after its session", () => assert.equal(sandboxName("s0123456789"), "threadbox-s0123456789"));
