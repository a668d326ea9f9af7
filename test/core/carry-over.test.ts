/** A sandbox whose provider ends it in any case: its work is carried over to another one in time. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SessionEvent } from "../../src/core/decision.ts";
import type { TurnResult } from "../../src/core/types.ts";
import { accepted, done, ended, NOW, names, onGitHub, ready, says, tell } from "./story.ts";

const ask = says("m1", "fix the test");

describe("a sandbox at the end of its life", () => {
  const endsAt = NOW + 86_400_000;
  const mortal: SessionEvent = {
    type: "sandbox.ready",
    running: { name: "warm-1", url: "http://127.0.0.1:1", endsAt },
    from: "warm",
  };
  const working = [...ask, mortal, accepted("m1")];
  const due: SessionEvent = { type: "ending", endsAt };

  test("has a clock from the moment it is ready, and says what was waited for", () => {
    const { effects, session } = tell(ask, mortal);
    assert.deepEqual(effects[0], { do: "wake-me", when: "ending", endsAt });
    assert.deepEqual(session.waited, { for: "warm", ms: 0 });
  });
  test("carries its turn over: kept, woken elsewhere, begun once more", () => {
    assert.deepEqual(names(tell(working, due).effects), ["sleep"]);
    assert.deepEqual(tell(working, due, { type: "slept", token: "t1" }).effects, [{ do: "start-sandbox", from: "t1" }]);
    const { effects, session } = tell(working, due, { type: "slept", token: "t1" }, ready);
    assert.deepEqual(effects, [{ do: "send-turn", turn: "m1" }]);
    assert.equal(session.turn?.attempt, 2);
  });
  test("is what a sandbox has whose daemon was there before the bot was upgraded: the turn goes on with a fresh one", () => {
    const outdated: SessionEvent = { type: "daemon.outdated", turn: "m1" };
    assert.deepEqual(names(tell(ask, ready, outdated).effects), ["sleep"]);
    const { effects, session } = tell(ask, ready, outdated, { type: "slept", token: "t1" }, ready);
    assert.deepEqual(effects, [{ do: "send-turn", turn: "m1" }]);
    assert.deepEqual([session.turn?.attempt, session.turn?.phase.is], [2, "sending"]);
    assert.deepEqual(names(tell(working, outdated).effects), []);
  });
  test("is not believed about a turn that was carried over", () => {
    const cutShort: TurnResult = { outcome: "failed", answer: "", durationMs: 1 };
    const lost: SessionEvent = { type: "sandbox.lost", detail: "terminated", attempt: 1 };
    assert.deepEqual(tell(working, due, ended("m1", cutShort)).effects, []);
    assert.deepEqual(tell(working, due, lost).effects, []);
    const moved = [...working, due, { type: "slept", token: "t1" } as const, ready, accepted("m1")];
    assert.deepEqual(names(tell(moved, ended("m1", done, 2)).effects), ["answer", "wake-me idle"]);
  });
  test("does not fail the turn when the hand-over to the old sandbox comes to nothing", () => {
    const rejected: SessionEvent = { type: "turn.rejected", turn: "m1", code: "daemon.unreachable", detail: "silent" };
    const { effects, session } = tell(ask, mortal, due, rejected);
    assert.deepEqual([effects, session.turn?.phase.is], [[], "waiting"]);
  });
  test("passes on once more what was said while the turn ran, and what is said while it is carried over", () => {
    const said = tell(working, says("m2", "with tabs")).effects.at(-1);
    assert.ok(said?.do === "steer");
    const heard: SessionEvent = { type: "steered", turn: "m1", ask: said.ask, disposition: "steered" };
    const moved = [...working, ...says("m2", "with tabs"), heard, due, ...says("m3", "and tests")];
    const again = [...moved, { type: "slept", token: "t1" } as const, ready, accepted("m1")];
    const { effects, session } = tell(again);
    assert.deepEqual(
      effects.map((effect) => (effect.do === "steer" ? effect.ask.id : effect.do)),
      ["m2", "m3"],
    );
    const asked = session.turn?.asks.map(({ id }) => id);
    assert.deepEqual(asked, ["m1", "m2", "m3"]);
    const [, m3] = effects;
    assert.ok(m3?.do === "steer");
    const taken = tell(again, { type: "steered", turn: "m1", ask: m3.ask, disposition: "steered" }).session;
    assert.deepEqual(
      taken.turn?.asks.map(({ id }) => id),
      ["m1", "m2", "m3"],
    );
    const late = tell(again, { type: "steered", turn: "m1", ask: m3.ask, disposition: "later" }).session;
    assert.deepEqual(
      late.turn?.asks.map(({ id }) => id),
      ["m1", "m2"],
    );
    assert.deepEqual(
      late.queue.map(({ id }) => id),
      ["m3"],
    );
  });
  test("that cannot be kept goes on with the turn, and tries again", () =>
    assert.deepEqual(names(tell(working, due, { type: "sleep.failed" }).effects), ["wake-me ending", "send-turn"]));
  test("lets a turn that is just ending come to its end", () =>
    assert.deepEqual(names(tell(working, says("m2", "stop"), due).effects), ["wake-me ending"]));
  test("sleeps while a pull request is still to be opened, which may take as long as the host is away", () => {
    const pushed = { ...done, branch: "threadbox/fix-test-s0001", commit: "abc" };
    const publishing = [...says("m1", "fix it", {}, onGitHub), mortal, accepted("m1"), ended("m1", pushed)];
    const { effects, session } = tell(publishing, due);
    assert.deepEqual([names(effects), session.turn?.phase.is, session.turn?.attempt], [["sleep"], "publishing", 1]);
    const opened: SessionEvent = {
      type: "pull-request.opened",
      turn: "m1",
      pullRequest: { number: 7, url: "https://github.example.com/acme/api/pull/7" },
    };
    const slept = tell(publishing, due, { type: "slept", token: "t1" });
    assert.deepEqual([slept.effects, slept.session.sandbox.is], [[], "asleep"]);
    assert.deepEqual(names(tell(publishing, due, { type: "slept", token: "t1" }, opened).effects), [
      ...["claim", "answer", "look-at-pull-request"],
    ]);
  });
  test("sleeps when nobody works in it", () =>
    assert.deepEqual(names(tell(working, ended("m1"), due).effects), ["sleep"]));
  test("that was another one's is no news", () => assert.deepEqual(tell(working, { ...due, endsAt: 1 }).effects, []));
});
