/** The card of a pull request: looked at once for many hints, shown where it changed, and somebody called only where they have to act. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Card, concernsOf } from "../../src/core/card.ts";
import { decide } from "../../src/core/decide.ts";
import type { SessionEvent } from "../../src/core/decision.ts";
import type { TurnResult } from "../../src/core/types.ts";
import {
  accepted,
  alice,
  bob,
  done,
  ended,
  mention,
  NOW,
  names,
  onGitHub,
  pullRequestThread,
  ready,
  says,
  slackThread,
  tell,
} from "./story.ts";

const card: Card = {
  ...{ number: 5, url: "https://github.com/acme/api/pull/5", title: "Fix it", repository: "acme/api" },
  ...{ state: "open", draft: false, head: "abc", changes: { files: 1, insertions: 2, deletions: 1 } },
  ...{ checks: { passed: 0, failed: 0, running: 0, failing: [] }, reviews: [], updatedAt: 1_000 },
};
const failed = { passed: 2, failed: 2, running: 0, failing: ["lint", "test (20)"] };
const grace = { id: 9, by: "grace", says: "changes-requested", url: `${card.url}#pullrequestreview-9` } as const;

const pushed: TurnResult = { ...done, branch: "threadbox/fix-test-s0001", commit: "abc" };
const publishing = [...says("m1", "fix it", {}, onGitHub), ready, accepted("m1"), ended("m1", pushed)];
const pullRequest = { number: 5, url: card.url };
const opened = [...publishing, { type: "pull-request.opened", turn: "m1", pullRequest } as const];
const stirred: SessionEvent = { type: "pull-request.stirred" };
const due: SessionEvent = { type: "look" };
const seen = (change: Partial<Card> = {}): SessionEvent => ({
  type: "pull-request.seen",
  card: { ...card, ...change },
});
const shown: SessionEvent = { type: "card.shown", thread: slackThread, ref: "1.2" };
const standing = [...opened, seen(), shown];
const looked = (change: Partial<Card> = {}): SessionEvent[] => [stirred, due, seen(change)];

describe("#42 a look at the pull request", () => {
  test("is taken behind the answer of the turn that opened it", () =>
    assert.deepEqual(names(tell(opened).effects), ["claim", "answer", "look-at-pull-request", "wake-me idle"]));
  test("is armed once, however much CI tells", () => {
    assert.deepEqual(names(tell(standing, stirred).effects), ["wake-me look"]);
    assert.deepEqual(tell(standing, stirred, stirred, stirred).effects, []);
    assert.deepEqual(names(tell(standing, stirred, due).effects), ["look-at-pull-request"]);
    assert.deepEqual(tell(standing, due).effects, []);
  });
  test("is taken once more for what was told while it was under way", () => {
    assert.deepEqual(tell(standing, stirred, due, stirred, stirred).effects, []);
    assert.deepEqual(names(tell(standing, stirred, due, stirred, stirred, seen()).effects), ["wake-me look"]);
    assert.deepEqual(names(tell(standing, stirred, due, stirred, { type: "pull-request.unseen" }).effects), [
      "wake-me look",
    ]);
  });
  test("that could not be taken does not keep the next one from being taken", () =>
    assert.deepEqual(names(tell(standing, stirred, due, { type: "pull-request.unseen" }, stirred).effects), [
      "wake-me look",
    ]));
  test("that was lost somehow does not either, an hour later", () => {
    const { session } = tell(standing, stirred);
    const { effects } = decide(session, stirred, NOW + 3_600_001);
    assert.deepEqual(names(effects.map(({ effect }) => effect)), ["wake-me look"]);
  });
  test("waits for the answer while the pull request is being opened", () =>
    assert.deepEqual(tell(publishing, { type: "linked", pullRequest }).effects, []));
  test("is taken without Slack too where the branch is our own; not of somebody else's, nor before there is one", () => {
    assert.deepEqual(tell(says("m1", "fix it", {}, onGitHub), stirred).effects, []);
    const { session } = tell(standing);
    const alone = { ...session, threads: [pullRequestThread] };
    assert.deepEqual(names(decide(alone, stirred, NOW).effects.map(({ effect }) => effect)), ["wake-me look"]);
    const theirs = { ...alone, work: alone.work && { ...alone.work, own: false } };
    assert.deepEqual(decide(theirs, stirred, NOW).effects, []);
  });
  test("never begins a turn", () =>
    assert.equal(tell(standing, looked({ checks: failed, reviews: [grace] })).session.turn, null));
});

describe("#42 what was seen", () => {
  test("is shown in the thread, and again only where it is something else", () => {
    assert.deepEqual(tell(opened, seen()).effects, [{ do: "show-card", thread: slackThread }]);
    assert.deepEqual(tell(standing, looked()).effects, []);
    assert.deepEqual(tell(standing, looked({ updatedAt: 2_000 })).effects, []);
    assert.deepEqual(names(tell(standing, looked({ state: "merged" })).effects), ["show-card", "sleep"]);
  });
  test("is shown again where the first message could not be posted", () =>
    assert.deepEqual(names(tell(opened, seen(), looked()).effects), ["show-card"]));
  test("is the same whatever order a database gives the fields back in", () => {
    const { changes, checks, ...rest } = card;
    const turned = { checks, changes: { deletions: 1, files: 1, insertions: 2 }, ...rest } as Card;
    assert.deepEqual(changes, { files: 1, insertions: 2, deletions: 1 });
    assert.deepEqual(tell(standing, stirred, due, { type: "pull-request.seen", card: turned }).effects, []);
  });
  test("does not go backwards: what GitHub shows as older is looked at once more, and believed then", () => {
    const merged = [...standing, ...looked({ state: "merged", updatedAt: 5_000 })];
    assert.deepEqual(names(tell(merged, looked()).effects), ["wake-me look"]);
    assert.deepEqual(tell(merged, looked()).session.card?.seen?.state, "merged");
    assert.deepEqual(names(tell(merged, looked(), due, seen()).effects), ["show-card"]);
  });
  test("of another pull request is nothing to this session", () =>
    assert.deepEqual(tell(standing, looked({ number: 6, state: "merged" })).effects, []));
});

describe("#42 somebody is called", () => {
  const calls = (...events: (SessionEvent | SessionEvent[])[]) =>
    tell(...events).all.filter((effect) => effect.do === "say" && effect.pings);
  test("once for each commit whose checks have all come to an end, and failed", () => {
    assert.deepEqual(calls(standing, looked({ checks: { ...failed, running: 1 } })), []);
    assert.deepEqual(calls(standing, looked({ checks: failed })), [
      {
        ...{ do: "say", thread: slackThread, pings: [alice] },
        text: "Checks failed on [acme/api#5](https://github.com/acme/api/pull/5): `lint`, `test (20)`. Write here what I shall do about it.",
      },
    ]);
    assert.equal(calls(standing, looked({ checks: failed }), looked({ checks: failed, title: "x" })).length, 1);
    assert.equal(calls(standing, looked({ checks: failed }), looked({ checks: failed, head: "def" })).length, 2);
  });
  test("once for each review that asks for changes", () => {
    const first = looked({ reviews: [grace] });
    assert.deepEqual(
      calls(standing, first, first).map((effect) => effect.do === "say" && effect.text),
      [
        "grace asks for changes on [acme/api#5](https://github.com/acme/api/pull/5#pullrequestreview-9). Write here what I shall do about it.",
      ],
    );
    assert.equal(calls(standing, first, looked({ reviews: [{ ...grace, id: 10 }] })).length, 2);
  });
  test("not for what is approved, merged or closed", () => {
    assert.deepEqual(calls(standing, looked({ reviews: [{ ...grace, says: "approved" }] })), []);
    for (const state of ["merged", "closed"] as const)
      assert.deepEqual(calls(standing, looked({ state, checks: failed, reviews: [grace] })), []);
  });
  test("not while the agent is at it, but when it has ended and did not mend it", () => {
    const working = [...standing, ...says("m2", "mend it", { author: bob }, onGitHub), accepted("m2")];
    assert.deepEqual(calls(working, looked({ checks: failed })), []);
    const over = calls(working, looked({ checks: failed }), ended("m2"), due, seen({ checks: failed }));
    assert.deepEqual(
      over.map((effect) => effect.do === "say" && effect.pings),
      [[bob]],
    );
    const asked: SessionEvent = { type: "mentioned", mention: mention("m2", "mend it") };
    assert.deepEqual(calls(standing, asked, looked({ checks: failed })), []);
  });
  test("not for a review of which the rest is being looked up, but when the agent leaves it alone", () => {
    const coming: SessionEvent = { type: "review.coming", review: grace.id };
    assert.deepEqual(calls(standing, [coming, ...looked({ reviews: [grace] })]), []);
    const review = { id: grace.id, thread: pullRequestThread, comments: [] };
    const arrives: SessionEvent = {
      type: "mentioned",
      mention: mention("m5", "Shorter, please.", { addressed: false, thread: pullRequestThread, review }),
    };
    const muted = [...standing, ...says("m4", "mute"), coming, arrives];
    assert.deepEqual(names(tell(muted, due, seen({ reviews: [grace] })).effects), ["show-card", "say"]);
  });
  test("not for the review of somebody whose words the agent has worked on", () => {
    const author = { surface: "github" as const, id: "42", name: "grace" };
    const review = says("m2", "smaller, please", { author, thread: pullRequestThread }, onGitHub);
    const turn = [...review, accepted("m2"), ended("m2"), due, seen({ reviews: [grace] })];
    assert.deepEqual(calls(standing, turn), []);
    assert.deepEqual(calls(standing, turn, looked({ reviews: [{ ...grace, by: "hal", id: 11 }] })).length, 1);
  });
});

test("#54 the card of a channel that has another id is edited there", () => {
  const { session } = tell(standing, { type: "moved", team: "T1", from: "C1", to: "C9" });
  assert.deepEqual(session.card?.places, [{ thread: { ...slackThread, channel: "C9" }, ref: "1.2" }]);
});

test("#35 what checks are called ends no code and begins no link", () => {
  const failing = ["`x` [y](https://evil.example)", "a\nb", "third", "fourth"];
  const [concern] = concernsOf({ ...card, checks: { ...failed, failed: 4, failing } });
  assert.match(concern?.text ?? "", /: `x y\(https:\/\/evil\.example\)`, `a b`, `third` and 1 more\./);
});
