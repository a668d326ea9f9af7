import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { chooseWork } from "../../src/core/choose.ts";
import { condense, newProgress } from "../../src/core/condense.ts";
import { headText, pinOf, type Tip, tipOf } from "../../src/core/head.ts";
import type { Ask, Work } from "../../src/core/types.ts";
import { alice, mention, NOW, onGitHub, pullRequestThread, slackThread } from "./story.ts";

const sha = (letter: string): string => letter.repeat(40);
const fork = { number: 5, by: "mallory" };
const ofFork = (letter: string, number = 5): Tip => ({
  ...{ sha: sha(letter), branch: "login" },
  fork: { ...fork, number },
});
const ofBranch = (letter: string, branch = "login"): Tip => ({ sha: sha(letter), branch });
const ask = (id: string, tip?: Tip): Ask => ({
  ...{ id, thread: pullRequestThread, author: alice, text: "fix it", message: id, at: NOW },
  ...(tip ? { tip } : {}),
});
const onLogin: Work = { repository: onGitHub, branch: "login", own: false };
const onFork: Work = {
  ...{ repository: onGitHub, branch: "threadbox/fix-s0001", own: true },
  fork: { ...fork, sha: sha("a") },
};

describe("the commit that a turn begins at", () => {
  const rows: [what: string, asks: Ask[], work: Work, joined: string[], pin: string | undefined][] = [
    ["is the one that was asked about", [ask("m1", ofBranch("b"))], onLogin, [], sha("b")],
    ["is the last one's of several", [ask("m1", ofBranch("b")), ask("m2", ofBranch("c"))], onLogin, [], sha("c")],
    [
      "is the same when it is sent once more",
      [ask("m1", ofBranch("b")), ask("m2", ofBranch("c"))],
      onLogin,
      ["m2"],
      sha("b"),
    ],
    ["is not that of another branch's pull request", [ask("m1", ofBranch("b", "other"))], onLogin, [], undefined],
    ["bot-delegated TOCTOU: is the fork's as it stood", [ask("m1", ofFork("b"))], onFork, [], sha("b")],
    ["asked from elsewhere is the fork's of the first order", [ask("m1")], onFork, [], sha("a")],
    ["is not that of another fork", [ask("m1", ofFork("b", 6))], onFork, [], sha("a")],
    [
      "thor: a fork's branch with the name of ours says nothing about ours",
      [ask("m1", ofFork("b"))],
      onLogin,
      [],
      undefined,
    ],
    [
      "a branch of ours with the name of the fork's says nothing about the fork",
      [ask("m1", ofBranch("b"))],
      onFork,
      [],
      sha("a"),
    ],
    ["is left to git where nothing is known", [ask("m1")], onLogin, [], undefined],
  ];
  for (const [what, asks, work, joined, pin] of rows)
    test(what, () => {
      const [first, ...rest] = asks;
      assert.ok(first);
      assert.equal(pinOf({ asks: [first, ...rest], joined }, work), pin);
    });
});

test("a head without a repository is a fork's that was deleted", () => {
  const head = { ref: "login", sha: sha("b"), repo: null };
  assert.deepEqual(tipOf(7, { number: 5, user: null, head }), { ...ofFork("b"), fork: { number: 5, by: "ghost" } });
});

describe("what is worked on", () => {
  const hint = { id: "7", name: "acme/api", url: onGitHub.url, base: "main" };
  const chosen = (repository: object, options = {}) => {
    const asked = mention("m1", "fix it", { thread: pullRequestThread, repository: { ...hint, ...repository } });
    const choice = chooseWork(asked, [], { options, text: "fix it", sessionId: "s0001", agents: [] });
    assert.ok(choice.is === "chosen");
    const { branch, own, fork } = choice.work;
    return { branch, own, fork };
  };
  test("on a fork's pull request: its commit, on a branch of our own", () =>
    assert.deepEqual(chosen({ tip: ofFork("b") }), {
      ...{ branch: "threadbox/fix-s0001", own: true },
      fork: { ...fork, sha: sha("b") },
    }));
  test("where somebody names a branch: that one, and nothing of the fork", () =>
    assert.deepEqual(chosen({ tip: ofFork("b") }, { branch: "login" }), {
      branch: "login",
      own: false,
      fork: undefined,
    }));
  test("on a branch of the repository: that one", () =>
    assert.deepEqual(chosen({ head: "login", tip: ofBranch("b") }), { branch: "login", own: false, fork: undefined }));
});

describe("the agent is told", () => {
  test("which commit, that it is a fork's, and how far that is trusted", () => {
    const text = headText([ask("m1", ofFork("b"))], onFork);
    assert.match(text, new RegExp(`^This is about commit ${sha("b")} of pull request #5 by mallory`));
    assert.match(text, /trust class: untrusted.*is an order to you.*nothing is pushed to the fork.*was not run/s);
  });
  test("which commit of a branch", () =>
    assert.equal(
      headText([ask("m1", ofBranch("b"))], onLogin),
      `The branch stood at commit ${sha("b")} when this was asked.`,
    ));
  test("nothing where nothing is pinned", () =>
    assert.equal(headText([{ ...ask("m1"), thread: slackThread }], onLogin), ""));
});

test("people are told which commit of a fork is looked at, from the beginning", () => {
  const at = { type: "workspace.ready", repository: "7", branch: "threadbox/fix", commit: sha("b") } as const;
  const progress = newProgress("m1", onFork, "Starting", NOW);
  assert.equal(
    condense(progress, { ...at, pull: 5 }, NOW).said,
    "I look at bbbbbbbbbb of #5, which comes from a fork.",
  );
  assert.equal(condense(progress, at, NOW).said, "");
});
