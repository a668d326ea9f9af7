import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Thread } from "../../src/core/types.ts";
import { pullRequestDraft, wayBack } from "../../src/engine/publish.ts";
import { pageFor } from "../../src/engine/reach.ts";
import { terminalSurface } from "../../src/surfaces/terminal.ts";
import { accepted, done, ended, onGitHub, pullRequestThread, ready, says, slackThread, tell } from "../core/story.ts";

const repo = { id: 7, owner: "acme", name: "api" };
const issueThread: Thread = { surface: "github", repo, number: 3, is: "issue", installation: 1 };
const pushed = { ...done, branch: "threadbox/fix-test-s0001" };
const publishing = (change: object) =>
  tell(says("m1", "fix the login", change, onGitHub), ready, accepted("m1"), ended("m1", pushed)).session;
const settings = { page: (session: string) => `https://bot.example.com/sessions/${session}` };

const nowhere = { page: null, thread: null };

describe("the words of a pull request", () => {
  const asked = (change: object = {}) => pullRequestDraft(publishing(change), nowhere);

  test("#43 say what was done, who asked, and that it was in Slack", () => {
    assert.match(asked()?.body ?? "", /^Fixed\.\n\n---\n\nRequested by alice via Slack\. Comment here/);
  });

  test("#43 #16 have nothing of what was said in Slack, in public or not", () => {
    const draft = asked({ text: "fire bob, then fix the login", about: "bob@acme.com", subject: "bob" });
    assert.doesNotMatch(`${draft?.title} ${draft?.body}`, /bob/);
  });

  const titles: [string, string][] = [
    ["The cookie was never set. Now it is.", "The cookie was never set"],
    ["# Done\n\nI set `SameSite` in v1.2 of the cookie.", "I set SameSite in v1.2 of the cookie"],
    ["", "Changes asked for by alice"],
  ];
  for (const [answer, title] of titles)
    test(`#43 are called ${JSON.stringify(title)} after the agent's own words`, () => {
      const { session } = tell(
        ...[says("m1", "fix the login", {}, onGitHub), ready, accepted("m1")],
        ended("m1", { ...pushed, answer }),
      );
      assert.equal(pullRequestDraft(session, nowhere)?.title, title);
    });

  test("lead back to a comment that everybody can read, and take a title from the issue", async () => {
    const session = publishing({
      thread: issueThread,
      subject: "Login fails",
      link: "https://github.com/acme/api/issues/3",
    });
    const thread = await wayBack({}, session.turn?.asks[0], "never");
    const draft = pullRequestDraft({ ...session, thread: issueThread }, { page: null, thread });
    assert.equal(draft?.title, "Login fails");
    assert.match(draft?.body ?? "", /\[where it was asked\]\(https:\/\/github\.com\/acme\/api\/issues\/3\)/);
    assert.equal(draft?.closes, 3);
  });
});

describe("#43 the way from a pull request back to a Slack thread", () => {
  const link = "https://acme.slack.com/archives/C1/p1";
  const ask = publishing({ link }).turn?.asks[0];
  const where = (isPublic: () => Promise<boolean>) => ({
    slack: { ...terminalSurface({ write: () => {}, colour: false }), isPublic },
  });
  const table: [string, () => Promise<boolean>, "never" | "public", string | null][] = [
    ["is there when a person wants it so and the channel is public", async () => true, "public", link],
    ["is not there unless a person wants it so", async () => true, "never", null],
    ["is not there from a private channel", async () => false, "public", null],
    ["is not there when Slack does not say", () => Promise.reject(new Error("away")), "public", null],
  ];
  for (const [name, isPublic, permalinks, expected] of table)
    test(name, async () => assert.equal(await wayBack(where(isPublic), ask, permalinks), expected));
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
