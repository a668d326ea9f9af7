import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SessionEvent } from "../../src/core/decision.ts";
import { offered } from "../../src/core/offer.ts";
import type { Mention, Repository } from "../../src/core/types.ts";
import { accepted, bob, done, ended, mention, names, onGitHub, ready, says, slackThread, tell, work } from "./story.ts";

const docs: Repository = { ...onGitHub, id: "8", name: "acme/docs" };
const by = { author: bob };
/** Bob chooses it from the menu, or says so. */
const chooses = (text = 'repo="acme/docs"', id = "m5", change: Partial<Mention> = by): SessionEvent[] => [
  { type: "mentioned", mention: mention(id, text, change) },
  { type: "admitted", mention: id, author: bob, choice: { is: "chosen", work: { ...work, repository: docs } } },
];
const again = (told: ReturnType<typeof tell>) =>
  told.all.flatMap((effect) => (effect.do === "leave" ? (effect.again ?? []) : []));

describe("#26 another repository, before anything has left the sandbox", () => {
  test("stops what waits and asks it again there, in the name of whoever asked", () => {
    const told = tell(says("m1", "fix it"), chooses());
    assert.deepEqual(names(told.effects), ["acknowledge", "answer", "leave"]);
    assert.equal(told.session.turn, null);
    const [asked, ...others] = again(told);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [asked?.author.name, asked?.text, asked?.message, asked?.dedupe],
      ["alice", 'fix it\nrepo="acme/docs"', "m1", "slack:T1/C1/m5/moved/m1"],
    );
  });
  test("takes along all that was said, and what waits behind it", () => {
    const told = tell(
      ...[says("m1", "fix it agent=pi"), ready, accepted("m1"), says("m2", "queue the docs")],
      ...[chooses("with tabs repo=acme/docs")],
    );
    assert.deepEqual(names(told.effects), ["acknowledge", "abort", "leave"]);
    assert.deepEqual(
      again(told).map(({ author, text }) => [author.name, text]),
      [
        ["alice", 'fix it\nrepo="acme/docs" agent="pi"'],
        ["bob", 'with tabs\nrepo="acme/docs" agent="pi"'],
        ["alice", 'queue the docs\nrepo="acme/docs" agent="pi"'],
      ],
    );
  });
  test("what was on its way to the agent just then follows", () => {
    const ask = { id: "m2", thread: slackThread, author: bob, text: "with tabs", message: "m2", at: 1 };
    for (const disposition of ["steered", "later"] as const) {
      const told = tell(says("m1", "fix it"), ready, accepted("m1"), chooses(), [
        { type: "steered", turn: "m1", ask, disposition },
        ended("m1", { ...done, outcome: "stopped" }),
      ]);
      assert.deepEqual(
        again(told).map(({ dedupe }) => dedupe),
        ["slack:T1/C1/m5/moved/m1", "slack:T1/C1/m5/moved/m2"],
      );
      assert.equal(told.session.turn, null);
    }
  });
  test("and so does what was said before it and is let in after", () => {
    const [said, letIn] = says("m4", "and the docs");
    const [chosen, change] = chooses();
    assert.ok(said && letIn && chosen && change);
    const told = tell(says("m1", "fix it"), said, chosen, change, letIn);
    assert.deepEqual(
      again(told).map(({ text }) => text),
      ['fix it\nrepo="acme/docs"', "and the docs"],
    );
    assert.equal(told.session.turn, null);
  });
  test("so does a `stop`, which would stop nothing here any more", () => {
    for (const text of ["stop", "status", "retry", "fork it", "unlink"]) {
      const told = tell(says("m1", "fix it"), ready, accepted("m1"), chooses(), says("m6", text, by));
      assert.deepEqual(
        again(told).map((one) => one.text),
        ['fix it\nrepo="acme/docs"', text],
      );
    }
  });
  test("and the deletion of what goes on there", () => {
    const deleted = says("m6", "", { ...by, corrects: "m1" });
    const told = tell(says("m1", "fix it"), ready, accepted("m1"), chooses(), deleted);
    assert.deepEqual(again(told).at(-1)?.corrects, "m1");
  });
  test("is simply taken where nothing was asked yet", () => {
    const told = tell(says("m1", "repo=acme/api"), chooses());
    assert.equal(told.session.work?.repository.name, "acme/docs");
    assert.deepEqual(names(told.effects), ["acknowledge", "say"]);
  });
  test("the same one changes nothing", () => {
    const [said] = chooses('repo="acme/api"');
    assert.ok(said);
    const admitted: SessionEvent = {
      ...{ type: "admitted", mention: "m5", author: bob },
      choice: { is: "chosen", work },
    };
    assert.deepEqual(names(tell(says("m1", "fix it"), [said, admitted]).effects), ["acknowledge"]);
  });

  const late: [string, SessionEvent[]][] = [
    ["a turn is over", [...says("m1", "fix it"), ready, accepted("m1"), ended("m1")]],
    [
      "it is pushed",
      [
        ...[...says("m1", "fix it"), ready, accepted("m1")],
        { type: "branch.pushed", repository: "x", branch: work.branch, commit: "c1" },
      ],
    ],
    ["it is being stopped", [...says("m1", "fix it"), ready, accepted("m1"), ...says("m2", "stop")]],
  ];
  for (const [name, before] of late)
    test(`too late, ${name}: whoever chose is told so alone`, () => {
      const told = tell(before, chooses());
      assert.deepEqual(names(told.effects), ["acknowledge", "refuse"]);
      assert.equal(told.session.work?.repository.name, "acme/api");
    });
});

describe("#26 names of repositories, for what somebody has typed", () => {
  const all = ["acme/old-api", "api-tools/web", "acme/api", "acme/api-docs", "acme/web"];
  const typed: [string, string[]][] = [
    ["api", ["acme/api", "acme/api-docs", "api-tools/web", "acme/old-api"]],
    ["ACME/API", ["acme/api", "acme/api-docs"]],
    ["web", ["api-tools/web", "acme/web"]],
    ["zzz", []],
    ["", all],
  ];
  for (const [text, expected] of typed)
    test(JSON.stringify(text), () => assert.deepEqual(offered(all, text, 100), expected));
  test("at most so many", () => assert.deepEqual(offered(all, "", 2), all.slice(0, 2)));
});
