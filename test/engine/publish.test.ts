import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Session, Thread } from "../../src/core/types.ts";
import { pullRequestDraft, wayBack } from "../../src/engine/publish.ts";
import { pageFor } from "../../src/engine/reach.ts";
import { terminalSurface } from "../../src/surfaces/terminal.ts";
import { accepted, done, ended, onGitHub, pullRequestThread, ready, says, slackThread, tell } from "../core/story.ts";

const repo = { id: 7, owner: "acme", name: "api" };
const elsewhere: Thread = { surface: "github", repo: { ...repo, id: 8 }, number: 3, is: "issue", installation: 1 };
const issueThread: Thread = { surface: "github", repo, number: 3, is: "issue", installation: 1 };
const pushed = { ...done, branch: "threadbox/fix-test-s0001", commit: "abc1234567" };
const publishing = (change: object) =>
  tell(says("m1", "fix the login", change, onGitHub), ready, accepted("m1"), ended("m1", pushed)).session;
const settings = { page: (session: string) => `https://bot.example.com/sessions/${session}` };

const nowhere = { page: null, thread: null, tests: null };
const draftOf = (session: Session, ways: Parameters<typeof pullRequestDraft>[2] = nowhere, answer = "Fixed.") =>
  session.turn && pullRequestDraft(session, [{ turn: session.turn, result: { ...pushed, answer } }], ways);

describe("the words of a pull request", () => {
  const asked = (change: object = {}) => draftOf(publishing(change));

  test("#43 say what was done, and who asked", () => {
    const draft = asked();
    assert.deepEqual(
      [draft?.body, draft?.requestedBy?.map(({ name }) => name), draft?.asked],
      ["Fixed.", ["alice"], null],
    );
  });

  test("#43 #16 have nothing of what was said in Slack, in public or not", () => {
    const draft = asked({ text: "fire bob, then fix the login", about: "bob@acme.com", subject: "bob" });
    assert.doesNotMatch(JSON.stringify({ ...draft, requestedBy: [] }), /bob/);
  });

  const titles: [string, string][] = [
    ["The cookie was never set. Now it is.", "The cookie was never set"],
    ["# Done\n\nI set `SameSite` in v1.2 of the cookie.", "Set SameSite in v1.2 of the cookie"],
    ["", "Changes asked for by alice"],
  ];
  for (const [answer, title] of titles)
    test(`#43 are called ${JSON.stringify(title)} after the agent's own words`, () => {
      assert.equal(draftOf(publishing({}), nowhere, answer)?.title, title);
    });

  test("tell of each turn that pushed, and of whoever asked for any of them once", () => {
    const session = publishing({});
    const { turn } = session;
    assert.ok(turn);
    const again = { turn, result: { ...pushed, answer: "And on Safari.", commit: "def1234567" } };
    const draft = pullRequestDraft(session, [{ turn, result: pushed }, again], nowhere);
    assert.deepEqual(draft?.later, [{ by: "alice via Slack", answer: "And on Safari.", commit: "def1234567" }]);
    assert.equal(draft?.requestedBy?.length, 1);
  });

  test("have nothing of what went into an earlier pull request of the session", () => {
    const session = publishing({});
    const { turn } = session;
    assert.ok(turn);
    const before = { turn, result: { ...pushed, branch: "threadbox/before", answer: "Merged long ago." } };
    const draft = pullRequestDraft(session, [before, { turn, result: pushed }], nowhere);
    assert.doesNotMatch(JSON.stringify(draft), /Merged long ago/);
    assert.equal(draft?.later?.length, 0);
    assert.equal(pullRequestDraft(session, [before], nowhere), null);
  });

  const onIssue = { thread: issueThread, subject: "Login fails", link: "https://github.com/acme/api/issues/3" };

  test("lead back to a comment that everybody can read, and take a title from the issue", async () => {
    const session = { ...publishing(onIssue), thread: issueThread };
    const thread = await wayBack({}, session.turn?.asks[0], "never");
    const draft = draftOf(session, { ...nowhere, thread }, "The cookie is set.");
    assert.equal(draft?.title, "Fix the login");
    assert.equal(draft?.asked, "https://github.com/acme/api/issues/3");
  });

  const closing: [string, Session, number | undefined][] = [
    ["close the issue that it was asked for on", { ...publishing(onIssue), thread: issueThread }, 3],
    ["close none where the session began elsewhere", publishing(onIssue), undefined],
    ["close none where it was asked for elsewhere", { ...publishing({}), thread: issueThread }, undefined],
    ["close none of another repository", { ...publishing(onIssue), thread: elsewhere }, undefined],
    ["close no pull request", { ...publishing(onIssue), thread: pullRequestThread }, undefined],
  ];
  for (const [name, session, closes] of closing) test(name, () => assert.equal(draftOf(session)?.closes, closes));
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
