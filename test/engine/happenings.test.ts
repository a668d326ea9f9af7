import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decide, newSession } from "../../src/core/decide.ts";
import type { Effect, SessionEvent } from "../../src/core/decision.ts";
import { belongsTo, type Happening, happeningsOf } from "../../src/engine/happenings.ts";
import { aboutOf } from "../../src/engine/reason.ts";
import { lineOf } from "../../src/told-log.ts";
import { done, mention, NOW, plain, says, slackThread, work } from "../core/story.ts";

const running = { name: "threadbox-s1", url: "http://x", endsAt: null };

/** Tells a new session these events, a second apart, and gives what happened at the last one. */
function after(events: SessionEvent[]): Happening[] {
  let session = newSession("s1", slackThread, "fix it", NOW);
  let happened: Happening[] = [];
  events.forEach((event, second) => {
    const at = NOW + second * 1_000;
    const decision = decide(session, event, at);
    happened = happeningsOf(session, event, decision, { at, bot: "b1" });
    session = decision.session;
  });
  return happened;
}

const begun = says("m1", "fix it");
const ready: SessionEvent = { type: "sandbox.ready", running, from: "warm" };
const accepted: SessionEvent = { type: "turn.accepted", turn: "m1" };
const ended: SessionEvent = { type: "turn.ended", turn: "m1", attempt: 1, result: done };

describe("what one decision was", () => {
  for (const [what, events, types] of [
    ["a mention came in, and its author is checked", begun.slice(0, 1), ["session.decided"]],
    ["its author may ask, and a turn starts", begun, ["session.decided", "turn.started"]],
    ["its sandbox is there", [...begun, ready], ["session.decided", "sandbox.started"]],
    ["its turn ends", [...begun, ready, accepted, ended], ["session.decided", "turn.ended"]],
    [
      "a command needs no turn",
      [...begun, ready, accepted, ...says("m2", "status")],
      ["session.decided", "mention.settled"],
    ],
    [
      "another ask is on its way into the turn",
      [...begun, ready, accepted, ...says("m2", "and that")],
      ["session.decided"],
    ],
    [
      "another ask has joined the turn before it was sent",
      [...begun, ...says("m2", "and that")],
      ["session.decided", "mention.settled"],
    ],
    [
      "nobody was meant",
      [...begun, { type: "mentioned", mention: mention("m3", "(aside) lunch?") }],
      ["session.decided", "mention.settled"],
    ],
    [
      "its author may not ask",
      [...begun.slice(0, 1), { type: "turned-away", mention: "m1", text: "no" }],
      ["session.decided", "mention.settled"],
    ],
    [
      "a limit is reached",
      [...begun.slice(0, 1), { type: "limited", mention: "m1", text: "full" }],
      ["session.decided", "mention.settled"],
    ],
  ] as [string, SessionEvent[], Happening["type"][]][]) {
    test(what, () =>
      assert.deepEqual(
        after(events).map(({ type }) => type),
        types,
      ),
    );
  }

  test("carries the same ids everywhere", () => {
    assert.deepEqual(after(begun), [
      {
        ...{ type: "session.decided", at: NOW + 1_000, bot: "b1", session: "s1", turn: "m1", mention: "m1" },
        ...{ event: "admitted", effects: ["acknowledge", "wake-me", "start-sandbox"], ids: ["s1/1", "s1/2", "s1/3"] },
      },
      {
        ...{ type: "turn.started", at: NOW + 1_000, bot: "b1", session: "s1", turn: "m1", mention: "m1" },
        ...{ since: NOW, repository: "acme/api" },
      },
    ]);
  });

  test("says of a turn how it ended and how long it took, the wait for its sandbox included", () => {
    const [, over] = after([...begun, ready, accepted, ended]);
    assert.deepEqual(over, {
      ...{ type: "turn.ended", at: NOW + 4_000, bot: "b1", session: "s1", turn: "m1", mention: null },
      ...{ outcome: "done", code: null, usage: null, agent: null, durationMs: 3_000 },
    });
  });
});

describe("an effect belongs to", () => {
  const session = { ...newSession("s1", slackThread, "fix it", NOW), work, checking: [mention("m1", "fix it")] };
  for (const [what, effect, ids] of [
    ["the mention that it checks", { do: "check", mention: "m1" }, [null, "m1"]],
    ["the mention that it marks", { do: "acknowledge", thread: slackThread, message: "m1" }, [null, "m1"]],
    ["the turn that it is about", { do: "abort", turn: "m1" }, ["m1", null]],
    ["the turn that its clock was set for", { do: "wake-me", when: "overdue", turn: "m1" }, ["m1", null]],
    ["nobody's", { do: "sleep" }, [null, null]],
  ] as [string, Effect, [string | null, string | null]][]) {
    test(what, () => {
      const { turn, mention: of } = belongsTo(effect, session);
      assert.deepEqual([turn, of], ids);
    });
  }
});

describe("a line in the log", () => {
  test("is flat, and leaves out what is not known", () => {
    assert.deepEqual(
      lineOf({
        ...{ type: "inbound.handled", at: 1, bot: "b1", what: "mention", surface: "slack", dedupe: "d" },
        ...{ receipt: { is: "accepted", session: "s1", mention: "m1" }, durationMs: 3 },
      }),
      {
        level: "info",
        fields: {
          ...{ bot: "b1", what: "mention", surface: "slack", dedupe: "d", durationMs: 3 },
          ...{ is: "accepted", session: "s1", mention: "m1" },
        },
      },
    );
  });
  test("is a warning with its cause where something failed", () => {
    const cause = new Error("ECONNRESET");
    const { level, fields } = lineOf({
      ...{
        type: "effect.failed",
        at: 1,
        bot: "b1",
        session: "s1",
        turn: null,
        mention: null,
        effect: "sleep",
        id: "s1/4",
      },
      ...{
        attempt: 1,
        durationMs: 9,
        outcome: "given-up",
        code: "sandbox.lost",
        detail: "gone",
        retryInMs: null,
        cause,
      },
    });
    assert.equal(level, "warn");
    assert.deepEqual(fields, {
      ...{ bot: "b1", session: "s1", effect: "sleep", id: "s1/4", attempt: 1, durationMs: 9 },
      ...{ outcome: "given-up", code: "sandbox.lost", detail: "gone", err: cause },
    });
  });
});

describe("what is remembered of an event", () => {
  for (const [event, about] of [
    [{ type: "slept", token: "wakes-everything" }, {}],
    [{ type: "sandbox.expired", token: "woke-everything" }, {}],
    [begun[0], { mention: "m1", author: "alice" }],
    [
      { type: "turn.ended", turn: "m1", attempt: 1, result: { ...done, answer: "a long answer" } },
      { turn: "m1", attempt: 1, outcome: "done", branch: undefined, durationMs: 5 },
    ],
    [
      {
        type: "admitted",
        mention: "m1",
        author: { ...plain, surface: "slack", id: "U1", name: "a" },
        choice: { is: "chosen", work },
      },
      { mention: "m1", author: "a" },
    ],
  ] as [SessionEvent, object][]) {
    test(`${event.type} is short, and holds no secret`, () => assert.deepEqual(aboutOf(event), about));
  }
});
