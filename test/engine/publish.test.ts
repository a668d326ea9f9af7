import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Thread } from "../../src/core/types.ts";
import { pullRequestDraft } from "../../src/engine/publish.ts";
import { pageFor } from "../../src/engine/reach.ts";
import { accepted, done, ended, onGitHub, pullRequestThread, ready, says, slackThread, tell } from "../core/story.ts";

const repo = { id: 7, owner: "acme", name: "api" };
const issueThread: Thread = { surface: "github", repo, number: 3, is: "issue", installation: 1 };
const pushed = { ...done, branch: "threadbox/fix-test-s0001" };
const publishing = (change: object) =>
  tell(says("m1", "fix the login", change, onGitHub), ready, accepted("m1"), ended("m1", pushed)).session;
const settings = { page: (session: string) => `https://bot.example.com/sessions/${session}` };

describe("the words of a pull request", () => {
  test("say what was asked, what was done and who asked", () => {
    const draft = pullRequestDraft(publishing({ link: "https://acme.slack.com/archives/C1/p1" }), null);
    assert.equal(draft?.title, "fix the login");
    assert.match(draft?.body ?? "", /^Fixed\.\n\n---\n\nRequested by alice\. Comment here/);
  });

  test("tell nobody on GitHub where it was asked in Slack", () => {
    const draft = pullRequestDraft(publishing({ link: "https://acme.slack.com/archives/C1/p1" }), null);
    assert.doesNotMatch(draft?.body ?? "", /slack/);
  });

  test("lead back to a comment that everybody can read, and take a title from the issue", () => {
    const session = publishing({
      thread: issueThread,
      subject: "Login fails",
      link: "https://github.com/acme/api/issues/3",
    });
    const draft = pullRequestDraft({ ...session, thread: issueThread }, null);
    assert.equal(draft?.title, "Login fails");
    assert.match(draft?.body ?? "", /\[where it was asked\]\(https:\/\/github\.com\/acme\/api\/issues\/3\)/);
    assert.equal(draft?.closes, 3);
  });
});

describe("the link to the page of a session", () => {
  const { session } = tell(says("m1", "fix the login"));
  const table: [string, Thread, Thread[], "slack" | "github", boolean][] = [
    ["is shown in Slack", slackThread, [slackThread], "slack", true],
    ["is shown on GitHub for what was said there alone", issueThread, [issueThread], "github", true],
    ["is not shown on GitHub for what was said in Slack", issueThread, [slackThread, issueThread], "github", false],
    [
      "is not shown on GitHub after the thread in Slack was unlinked",
      slackThread,
      [pullRequestThread],
      "github",
      false,
    ],
  ];
  for (const [name, thread, threads, surface, shown] of table) {
    test(name, () => {
      const page = pageFor(settings, { ...session, thread, threads }, surface);
      assert.equal(page, shown ? "https://bot.example.com/sessions/s0001" : null);
    });
  }
});
