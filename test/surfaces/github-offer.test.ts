import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer } from "../../src/core/types.ts";
import { offerLines } from "../../src/surfaces/github-offer.ts";
import { renderAnswer } from "../../src/surfaces/github-render.ts";

const from = "a".repeat(40);
const answer = (patch: string | null, branch: string | undefined = "threadbox/fix"): Answer => ({
  ...{ turn: "m1", session: "s1", title: "Fix", repository: "acme/api", askers: [], page: null },
  result: { outcome: "done", answer: "Fixed.", durationMs: 1, branch, own: { from, patch } },
  pullRequest: { number: 9, url: "https://github.com/acme/api/pull/9" },
  fork: { number: 5, by: "mallory", sha: from, url: "https://github.com/acme/api.git" },
});

test("which commit was looked at, where the result is, and how to take it over", () => {
  const [said, patch] = offerLines(answer("diff --git a/x b/x\n+1\n"));
  assert.equal(
    said,
    `I looked at ${from} of #5. Its branch is in a fork, where I push nothing: what I did is on \`threadbox/fix\` of this repository ([pull request #9](https://github.com/acme/api/pull/9)), on top of these commits. To take it over into the fork: \`git pull https://github.com/acme/api.git threadbox/fix\`.`,
  );
  assert.match(patch ?? "", /^<details>[\s\S]*\n\n```diff\ndiff --git a\/x b\/x\n\+1\n```\n\n<\/details>$/);
});

test("where nothing was changed only the commit is said", () => {
  const { result, ...rest } = answer(null);
  const { branch: _, ...asked } = result;
  assert.deepEqual(offerLines({ ...rest, result: asked }), [`I looked at ${from} of #5.`]);
});

for (const [attack, patch] of [
  ["a marker of ours, by which a later comment would be taken for posted", "+<!-- threadbox:s1/answer -->\n"],
  ["what reads like a token", `+${["ghp", "a".repeat(36)].join("_")}\n`],
] as const)
  test(`a patch is not repeated that has ${attack}`, () => assert.equal(offerLines(answer(patch)).length, 1));

test("no line of a patch ends the fence around it", () =>
  assert.match(offerLines(answer("+`````\n+@everybody\n"))[1] ?? "", /\n``````diff\n\+`````\n\+@everybody\n``````\n/));

test("a patch keeps the blank line that it ends with, which is a line of the file", () => {
  const patch = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n-a\n+b\n c\n \n";
  assert.ok(offerLines(answer(patch))[1]?.includes(`\`\`\`diff\n${patch}\`\`\`\n`));
});

test("a long answer leaves the patch to a comment of its own", () => {
  const long = answer(`+${"x".repeat(29_000)}\n`);
  const comments = renderAnswer({ ...long, result: { ...long.result, answer: "word ".repeat(8_000) } });
  assert.equal(comments.length, 2);
  assert.match(comments[1] ?? "", /^I looked at [\s\S]*threadbox\/fix[\s\S]*---/);
  assert.ok(comments.every((one) => one.length < 60_000));
});
