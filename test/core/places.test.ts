/** A channel that has another id, and a session that a person calls something else. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inNewPlace } from "../../src/core/places.ts";
import type { Thread } from "../../src/core/types.ts";
import { accepted, alice, ended, mention, names, onGitHub, pullRequestThread, ready, says, tell } from "./story.ts";

const move = { team: "T1", from: "C1", to: "C9" };
const there: Thread = { surface: "slack", team: "T1", channel: "C9", threadTs: "1.1" };
const moved = { type: "moved", ...move } as const;

describe("#54 a channel with another id", () => {
  test("takes a session's threads, its turn and what waits in it along", () => {
    const waits = mention("m3", "and the docs");
    const { session } = tell(
      says("m1", "fix the login"),
      ready,
      accepted("m1"),
      says("m2", "queue then the tests"),
      { type: "mentioned", mention: waits },
      moved,
    );
    assert.doesNotMatch(JSON.stringify(session), /"C1"|T1\/C1\/1\.1/);
    assert.deepEqual(
      [session.thread, ...session.threads, session.turn?.thread, session.queue[0]?.thread],
      [there, there, there, there],
    );
    assert.deepEqual(session.checking[0]?.keys, ["slack:thread:T1/C9/1.1"]);
  });
  test("gets the answer of the turn that went on meanwhile", () => {
    const { effects } = tell(says("m1", "fix the login"), ready, accepted("m1"), moved, ended("m1"));
    const [answer] = effects;
    assert.equal(answer?.do === "answer" && answer.thread.surface === "slack" && answer.thread.channel, "C9");
  });
  test("changes nothing when it is told again", () => {
    const once = tell(says("m1", "fix the login"), moved);
    const twice = tell(says("m1", "fix the login"), moved, moved);
    assert.deepEqual([twice.session, names(twice.effects)], [once.session, []]);
  });
  test("leaves other channels, other workspaces and what people wrote alone", () => {
    const elsewhere = [
      { surface: "slack", team: "T1", channel: "C10", threadTs: "1.1" },
      { surface: "slack", team: "T2", channel: "C1", threadTs: "1.1" },
      { key: "slack:thread:T1/C10/1.1" },
      { text: "see https://acme.slack.com/archives/C1/p1", about: "slack:thread:T1/C1/1.1" },
    ];
    assert.deepEqual(inNewPlace(elsewhere, move), elsewhere);
  });
  test("has links and keys of its own", () => {
    const link = "https://acme.slack.com/archives/C1/p1700000000000100?thread_ts=1.1&cid=C1";
    assert.deepEqual(inNewPlace({ link, key: "slack:thread:T1/C1/1.1" }, move), {
      link: "https://acme.slack.com/archives/C9/p1700000000000100?thread_ts=1.1&cid=C9",
      key: "slack:thread:T1/C9/1.1",
    });
  });
});

describe("#50 a title that a person gave", () => {
  const titleAfter = (title: string) => tell(says("m1", "fix the login"), { type: "renamed", title }).session.title;
  test("is the session's", () => assert.equal(titleAfter("Login on\nSafari "), "Login on Safari"));
  test("without a word in it changes nothing", () => assert.equal(titleAfter(" \n"), "fix the login"));
  test("stays when more is asked", () => {
    const { session } = tell(says("m1", "fix the login"), { type: "renamed", title: "Login" }, says("m2", "and docs"));
    assert.equal(session.title, "Login");
  });
});

test("#43 #16 what was asked in Slack is told on GitHub as who asked and how it ended, and where the work is", () => {
  const issue: Thread = {
    ...{ surface: "github", repo: { id: 7, owner: "acme", name: "api" }, number: 5, is: "issue", installation: 1 },
  };
  const comes = says("m1", "what is this?", { thread: issue, keys: ["github:issue:7#5"] }, onGitHub);
  const asked = says(
    "m2",
    "fire bob, then fix the login",
    { author: alice, link: "https://acme.slack.com/p1" },
    onGitHub,
  );
  const told = (...before: Parameters<typeof tell>) =>
    tell(...before).effects.flatMap((effect) => (effect.do === "say" ? [effect.text] : []));
  const secret = { outcome: "done" as const, answer: "Bob will be fired.", durationMs: 5 };
  assert.deepEqual(told(comes, ready, accepted("m1"), ended("m1"), asked, accepted("m2"), ended("m2", secret)), [
    "alice asked me something in Slack. Done.",
  ]);
  const pushed = { ...secret, branch: "threadbox/fix-login", outcome: "failed" as const };
  const session = [comes, ready, accepted("m1"), ended("m1"), asked, accepted("m2")] as const;
  assert.deepEqual(
    told(...session, ended("m2", pushed), { type: "pull-request.failed", turn: "m2", code: "x", detail: "" }),
    ["alice asked me something in Slack. That failed; what was done is on `threadbox/fix-login`."],
  );
});

test("#43 #16 `status` on GitHub does not repeat what was asked in Slack", () => {
  const asks = says("m2", "status", { thread: pullRequestThread, message: "issue-comment:1" }, onGitHub);
  const { effects } = tell(says("m1", "fire bob", {}, onGitHub), ready, accepted("m1"), says("m3", "queue bob"), asks);
  assert.deepEqual(
    effects.flatMap((effect) => (effect.do === "say" ? [effect.text] : [])),
    [
      "Working on `acme/api`, branch `threadbox/fix-test-s0001` for less than a minute: something that was asked elsewhere. " +
        "Waiting: something that was asked elsewhere.",
    ],
  );
});

test("#43 `retry` on GitHub does what was asked in Slack, and names nothing after it", () => {
  const on = { thread: pullRequestThread, message: "issue-comment:1" };
  const first = [says("m1", "fire bob", {}, onGitHub), ready, accepted("m1"), ended("m1")];
  const { session } = tell(...first, says("m2", "retry", on, onGitHub));
  const [ask] = session.turn?.asks ?? [];
  assert.deepEqual([ask?.text, ask?.subject], ["fire bob", "What was asked before, once more"]);
  const status = says("m3", "status", on, onGitHub);
  const { effects } = tell(...first, says("m2", "retry", on, onGitHub), status);
  assert.doesNotMatch(JSON.stringify(effects), /bob/);
});
