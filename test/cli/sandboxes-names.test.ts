import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkLabel, fullName, madeUpName, pick, shortName } from "../../src/cli/sandbox-names.ts";
import { size, span } from "../../src/cli/sandbox-words.ts";

describe("names of sandboxes", () => {
  const good: [string, string][] = [
    ["issue-123", "threadbox-issue-123"],
    ["threadbox-issue-123", "threadbox-issue-123"],
    ["a", "threadbox-a"],
    ["0".repeat(40), `threadbox-${"0".repeat(40)}`],
  ];
  for (const [given, full] of good) {
    test(`${given.slice(0, 20)} is a name`, () => {
      assert.equal(fullName(given), full);
      assert.equal(fullName(shortName(full)), full);
    });
  }

  for (const given of ["", "-a", "a-", "Issue", "a_b", "a/b", "../a", "a b", "ä", "0".repeat(41), "threadbox-"]) {
    test(`${JSON.stringify(given.slice(0, 20))} is none`, () =>
      assert.throws(() => fullName(given), /cannot be the name/));
  }

  test("one that is made up is two words, and a name", () => {
    const name = madeUpName();
    assert.match(name, /^[a-z]+-[a-z]+$/);
    assert.equal(fullName(name), `threadbox-${name}`);
  });
});

describe("labels of snapshots", () => {
  for (const label of ["golden", "with-playwright", "v1.2", "A_b", "x".repeat(63)])
    test(`${label.slice(0, 20)} is a label`, () => assert.equal(checkLabel(label), label));

  for (const label of ["", "golden/acme", "fork/x", "-x", "a b", "x".repeat(64)])
    test(`${JSON.stringify(label.slice(0, 20))} is none`, () =>
      assert.throws(() => checkLabel(label), /cannot be the label/));
});

describe("a name that is not typed to its end", () => {
  const all = [["calm-otter"], ["calm"], ["calm-heron"], ["s1ab", "brave-fern"]];
  const means = (wanted: string) => pick(wanted, all, (names) => names)?.[0] ?? null;

  const found: [string, string | null][] = [
    ["calm-o", "calm-otter"],
    ["calm", "calm"],
    ["s1", "s1ab"],
    ["brave", "s1ab"],
    ["nobody", null],
    ["", null],
  ];
  for (const [wanted, name] of found)
    test(`${JSON.stringify(wanted)} means ${name ?? "nothing"}`, () => assert.equal(means(wanted), name));

  test("is refused when several begin so, with their names", () =>
    assert.throws(() => means("calm-"), {
      code: "sandbox.ambiguous",
      detail: '"calm-" can mean calm-otter, calm-heron.',
    }));
});

describe("figures", () => {
  const spans: [number, string][] = [
    [59_000, "now"],
    [300_000, "5 min"],
    [7_200_000, "2 h"],
    [172_800_000, "2 d"],
  ];
  for (const [ms, text] of spans) test(`${ms} ms is ${text}`, () => assert.equal(span(ms), text));

  const sizes: [number, string][] = [
    [0, "0 B"],
    [999, "999 B"],
    [1_500, "1.5 kB"],
    [12_345_678, "12.3 MB"],
    [3_000_000_000, "3.0 GB"],
  ];
  for (const [bytes, text] of sizes) test(`${bytes} bytes are ${text}`, () => assert.equal(size(bytes), text));
});
