import assert from "node:assert/strict";
import { test } from "node:test";
import type { Effect, SessionEvent } from "../../src/core/decision.ts";
import { NO_LIMITS } from "../../src/core/limits.ts";
import { timerOf } from "../../src/engine/timers.ts";
import { NOW, says, tell } from "../core/story.ts";

const MINUTE_MS = 60_000;
const settings = { idleAfterMs: 10 * MINUTE_MS, turnLimitMs: 90 * MINUTE_MS, limits: NO_LIMITS };
/** With a turn that began at NOW. */
const { session } = tell(says("m1", "the test fails"));
const overdue: SessionEvent = {
  type: "overdue",
  turn: "m1",
  detail: "It was stopped after 90 min. Whoever keeps threadbox.yml can raise it (`limits.turnMinutes`).",
};

const table: [string, Extract<Effect, { do: "wake-me" }>, { atMs: number; event: SessionEvent }][] = [
  [
    "a turn is warned when three quarters of its time are over",
    { do: "wake-me", when: "warned", turn: "m1" },
    { atMs: 67.5 * MINUTE_MS, event: { type: "warned", turn: "m1", limitMs: 90 * MINUTE_MS } },
  ],
  [
    "a turn ends when all of it is over",
    { do: "wake-me", when: "overdue", turn: "m1" },
    { atMs: 90 * MINUTE_MS, event: overdue },
  ],
  [
    "an idle sandbox sleeps",
    { do: "wake-me", when: "idle", since: NOW },
    { atMs: 12 * MINUTE_MS, event: { type: "idle", since: NOW } },
  ],
  [
    "a session that waits for a place asks again",
    { do: "wake-me", when: "place", since: NOW },
    { atMs: 2 * MINUTE_MS + 5_000, event: { type: "place", since: NOW } },
  ],
  [
    "a pull request that was never looked at is looked at when what came together is there",
    { do: "wake-me", when: "look", since: null },
    { atMs: 2 * MINUTE_MS + 3_000, event: { type: "look" } },
  ],
  [
    "a pull request is looked at again half a minute after the last time at the earliest",
    { do: "wake-me", when: "look", since: NOW + 2 * MINUTE_MS - 10_000 },
    { atMs: 2 * MINUTE_MS + 20_000, event: { type: "look" } },
  ],
  [
    "a pull request that was looked at long ago does not wait longer",
    { do: "wake-me", when: "look", since: NOW },
    { atMs: 2 * MINUTE_MS + 3_000, event: { type: "look" } },
  ],
  [
    "a sandbox is left ten minutes before its end",
    { do: "wake-me", when: "ending", endsAt: NOW + 60 * MINUTE_MS },
    { atMs: 50 * MINUTE_MS, event: { type: "ending", endsAt: NOW + 60 * MINUTE_MS } },
  ],
];
for (const [name, effect, expected] of table)
  test(name, () => {
    const now = NOW + 2 * MINUTE_MS;
    const { event, inMs } = timerOf(settings, session, effect, now);
    assert.deepEqual({ atMs: now + inMs - NOW, event }, expected);
  });

test("a turn that may take a few minutes only is ended without a warning", () => {
  const short = { ...settings, turnLimitMs: 5 * MINUTE_MS };
  const { event, inMs } = timerOf(short, session, { do: "wake-me", when: "warned", turn: "m1" }, NOW);
  assert.deepEqual([event.type, inMs], ["overdue", 5 * MINUTE_MS]);
});
