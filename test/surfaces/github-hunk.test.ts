import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lineOf } from "../../src/surfaces/github-hunk.ts";

describe("the line of a comment, where GitHub leaves it out, is the last one of its piece of the diff", () => {
  const rows: [hunk: string, line: number | null][] = [
    ["@@ -1,3 +1,3 @@\n-a\n+b", 1],
    ["@@ -10,4 +20,5 @@ class A\n x\n y\n+z", 22],
    ["@@ -10,4 +20,5 @@\n x\n-y", 11],
    ["@@ -10,4 +20,5 @@\n x\n+y\n-z", 11],
    ["@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file", 2],
    ["@@ -5 +7 @@\n x", 7],
    ["", null],
    ["@@ -1 +1 @@", null],
    ["+b", null],
  ];
  for (const [hunk, line] of rows) test(JSON.stringify(hunk), () => assert.equal(lineOf(hunk), line));
});
