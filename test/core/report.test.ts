import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mayBeRepeated } from "../../src/core/confidence.ts";
import { laneOf } from "../../src/core/decision.ts";
import type { Session, Thread, TurnResult } from "../../src/core/types.ts";
import { toldOf } from "../../src/engine/report.ts";
import { accepted, done, ended, onGitHub, plain, pullRequestThread, ready, says, slackThread, tell } from "./story.ts";

const pushed: TurnResult = { ...done, branch: "threadbox/fix-test-s0001", commit: "abc1234567" };

describe("what a turn did is reported where the code is read", () => {
  const { session } = tell(says("m1", "fix it", {}, onGitHub), ready, accepted("m1"), ended("m1", pushed));
  const elsewhere = tell(says("m1", "fix it", {}, plain)).session;
  const table: [string, Session, TurnResult, boolean][] = [
    ["after its answer", session, pushed, true],
    ["not where nothing was pushed", session, done, false],
    ["not where the repository is not on GitHub", elsewhere, pushed, false],
  ];
  for (const [name, of, result, expected] of table)
    test(name, () =>
      assert.deepEqual(toldOf(of, { turn: "m1", result }), expected ? { type: "turn.told", turn: "m1" } : null),
    );

  test("in a lane of its own, so that nobody waits for it", () => {
    const { effects } = tell({ type: "turn.told", turn: "m1" });
    assert.deepEqual(effects, [{ do: "report", turn: "m1" }]);
    assert.equal(laneOf({ do: "report", turn: "m1" }, { checking: [] }), "report");
  });
});

describe("the comment that is edited while a turn goes on repeats", () => {
  const asked = (thread: Thread, text: string) => ({ thread, text });
  const inSlack = asked(slackThread, "fire bob, and fix it");
  const onPull = asked(pullRequestThread, "fix it");
  const table: [string, { thread: Thread; text: string }[], Thread, string | undefined][] = [
    ["what was asked there", [onPull], pullRequestThread, "fix it"],
    ["#43 nothing of what was asked in Slack", [inSlack], pullRequestThread, undefined],
    ["#43 of several what was asked on GitHub", [inSlack, onPull], pullRequestThread, "fix it"],
  ];
  for (const [name, asks, there, expected] of table)
    test(name, () => assert.equal(mayBeRepeated(asks, there).asked, expected));
});
