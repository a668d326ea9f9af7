import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { NewMention } from "../../../src/core/types.ts";
import { openDoor } from "./deliver.ts";
import { bot, ourselves, review, reviewComment } from "./payloads.ts";

const repo = { id: 900, owner: "acme", name: "api" };
const thread = { surface: "github", repo, number: 8, is: "pr", installation: 6 };

async function mentionOf(event: string, payload: unknown): Promise<NewMention | undefined> {
  const door = openDoor();
  await door.deliver(event, payload);
  return door.mentions[0];
}
const ofComment = (body: string, more: Record<string, unknown> = {}) =>
  mentionOf("pull_request_review_comment", reviewComment(body, { pull_request_review_id: 33, ...more }));
const ofReview = (body: string | null, more: Record<string, unknown> = {}) =>
  mentionOf("pull_request_review", review(body, more));

describe("the events of one review", () => {
  test("are one mention, whichever comes first, whose rest is looked up", async () => {
    const all = [await ofReview("@threadbox see below"), await ofReview(null), await ofComment("@threadbox x")];
    assert.deepEqual(
      all.map((mention) => [mention?.dedupe, mention?.lookup]),
      all.map(() => ["github:review:900/33", "review"]),
    );
  });

  test("a comment tells of itself, so that it stands alone where nothing can be looked up", async () => {
    const mention = await ofComment("@threadbox lower case", { in_reply_to_id: 12 });
    assert.deepEqual(mention?.thread, { ...thread, reviewComment: 12 });
    assert.deepEqual([mention?.text, mention?.message], ["lower case", "review-comment:32"]);
    assert.equal(mention?.about, "Fix login\n\nSets the cookie.");
    assert.deepEqual(mention?.review, {
      id: 33,
      thread,
      link: "https://github.com/acme/api/pull/8#discussion_r32",
      comments: [{ id: 32, root: 12, path: "src/login.ts", line: 12, hunk: "@@ -10,3 +10,3 @@\n-a\n+b", text: "" }],
    });
  });

  test("of a long diff only the end stands at the comment", async () => {
    const mention = await ofComment("@threadbox x", { diff_hunk: `@@ -1 +1 @@\n${"+a\n".repeat(900)}+the line` });
    assert.match(mention?.review?.comments[0]?.hunk ?? "", /^(\+a\n){11}\+the line$/);
  });

  test("a review without words may be all in its comments, so it counts where a session follows", async () => {
    const mention = await ofReview(null);
    assert.deepEqual([mention?.addressed, mention?.text], [false, ""]);
  });
});

describe("nothing of a review is taken in", () => {
  const rows: [name: string, event: string, payload: Record<string, unknown>, reason: string][] = [
    ["that we gave", "pull_request_review", review(null, { sender: ourselves }), "own-message"],
    ["that another bot gave", "pull_request_review", review("@threadbox x", { sender: bot }), "bot-sender"],
    ["whose text bears our marker", "pull_request_review", review("x <!-- threadbox:t -->"), "own-message"],
    [
      "whose comment bears our marker",
      "pull_request_review_comment",
      reviewComment("x <!-- threadbox:t -->", { pull_request_review_id: 33 }),
      "own-message",
    ],
    [
      "whose comment shows nothing",
      "pull_request_review_comment",
      reviewComment("<!-- @threadbox leak -->", { pull_request_review_id: 33 }),
      "empty-body",
    ],
  ];
  for (const [name, event, payload, reason] of rows) {
    test(name, async () => {
      const door = openDoor();
      assert.deepEqual(await door.deliver(event, payload), [202, { ignored: reason }]);
      assert.equal(door.mentions.length, 0);
    });
  }

  for (const event of ["pull_request_review", "pull_request_review_comment"]) {
    test(`time bomb (edited comment runs with today's rights): an edit, ${event}`, async () => {
      const made = event === "pull_request_review" ? review("@threadbox x") : reviewComment("@threadbox x");
      const [, answer] = await openDoor().deliver(event, { ...made, action: "edited" });
      assert.deepEqual(answer, { ignored: "event-unsupported" });
    });
  }
});
