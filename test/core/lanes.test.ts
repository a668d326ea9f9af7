/** What stands behind what: a vendor that is away for a day must not keep another one's people waiting. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { newSession } from "../../src/core/decide.ts";
import { laneOf } from "../../src/core/decision.ts";
import type { Person } from "../../src/core/types.ts";
import { alice, done, mention, NOW, pullRequestThread, slackThread } from "./story.ts";

const operator: Person = { surface: "terminal", id: "root", name: "root" };
const onGitHub: Person = { surface: "github", id: "7", name: "alice" };
const session = {
  ...newSession("s1", slackThread, "fix it", NOW),
  checking: [
    mention("1", "fix it"),
    mention("2", "and this", { author: onGitHub, thread: pullRequestThread }),
    mention("3", "stop"),
    mention("4", "stop", { author: operator, thread: pullRequestThread }),
  ],
};

test("an answer does not wait for what cannot be said in another thread", () => {
  const answer = laneOf({ do: "answer", turn: "1", thread: slackThread, asks: [], result: done }, session);
  assert.notEqual(answer, laneOf({ do: "say", thread: pullRequestThread, text: "Done." }, session));
  assert.equal(answer, laneOf({ do: "say", thread: slackThread, text: "Stopped." }, session));
  assert.equal(answer, laneOf({ do: "acknowledge", thread: slackThread, message: "1.1" }, session));
  assert.equal(answer, laneOf({ do: "refuse", mention: mention("9", "hi", { author: alice }), text: "No." }, session));
});

test("a stop is checked although nobody can tell who asked in another thread, and after what was said before it in its own", () => {
  const [fix, elsewhere, stop, fromTerminal] = ["1", "2", "3", "4"].map((id) =>
    laneOf({ do: "check", mention: id }, session),
  );
  assert.equal(fix, stop);
  assert.equal(new Set([elsewhere, stop, fromTerminal]).size, 3);
});

test("what is done in the sandbox stays in one line", () =>
  assert.equal(laneOf({ do: "abort", turn: "1" }, session), laneOf({ do: "send-turn", turn: "1" }, session)));
