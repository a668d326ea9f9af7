import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { newProgress } from "../../src/core/condense.ts";
import { editInMs, type ProgressPace, type Shown, showInMs } from "../../src/core/pace.ts";
import type { Progress } from "../../src/core/types.ts";
import { NOW, work } from "./story.ts";

const MINUTE_MS = 60_000;
const changedAt = (at: number): Progress => ({ ...newProgress("m1", work, "Starting", 0), changedAt: at });

describe("live progress", () => {
  const table: [string, Progress, Shown | null, number, number][] = [
    ["is shown the first time at once", changedAt(0), null, 0, 0],
    ["shows a change three seconds after it was last shown", changedAt(10), { at: 0, changedAt: 0 }, 1_000, 2_000],
    ["shows a change after a long pause at once", changedAt(10), { at: 0, changedAt: 0 }, 9_000, 0],
    ["tells of silence every ten seconds at first", changedAt(0), { at: 0, changedAt: 0 }, 4_000, 6_000],
    ["tells of a minute's silence after 30 s", changedAt(0), { at: 60_000, changedAt: 0 }, 60_000, 30_000],
    ["tells of five minutes' silence after a minute", changedAt(0), { at: 300_000, changedAt: 0 }, 300_000, 60_000],
  ];
  for (const [name, progress, shown, now, expected] of table)
    test(name, () => assert.equal(showInMs("live", progress, shown, now), expected));

  test("is as quick after an hour as in the beginning", () => {
    const anHour = 60 * MINUTE_MS;
    const shown = { at: anHour, changedAt: anHour };
    assert.equal(showInMs("live", changedAt(anHour + 1_000), shown, anHour + 1_000), 2_000);
  });
});

describe("sparing progress", () => {
  for (const [name, tells] of [
    ["of an agent that never stops talking", (now: number) => now],
    ["of an agent that says nothing", () => NOW],
  ] as const)
    test(`${name} is shown at once, soon, and then ever less often`, () =>
      assert.deepEqual(
        timesShown("sparing", 20 * MINUTE_MS, tells).map((ms) => ms / 1_000),
        [0, 3, 15, 75, 375, 675, 975],
      ));

  test("costs an hour fifteen showings", () =>
    assert.equal(timesShown("sparing", 60 * MINUTE_MS, (now) => now).length, 15));

  test("goes on at the pace of a long turn when another bot shows it", () => {
    const progress = changedAt(10 * MINUTE_MS);
    assert.equal(showInMs("sparing", progress, null, 10 * MINUTE_MS), 0);
    const shown = { at: 10 * MINUTE_MS, changedAt: 10 * MINUTE_MS };
    assert.equal(showInMs("sparing", progress, shown, 10 * MINUTE_MS), 5 * MINUTE_MS);
  });

  test("stands still no longer when the clock was set back an hour", () =>
    assert.equal(showInMs("sparing", changedAt(0), { at: 60 * MINUTE_MS, changedAt: 0 }, 0), 5 * MINUTE_MS));

  test("of a turn that began later by another machine's clock is shown after the shortest pause", () =>
    assert.equal(showInMs("sparing", changedAt(0), { at: -MINUTE_MS, changedAt: 0 }, -MINUTE_MS), 3_000));
});

describe("calm progress", () => {
  test("is shown at once, five seconds later, and then ever less often", () =>
    assert.deepEqual(
      timesShown("calm", 20 * MINUTE_MS, (now) => now).map((ms) => ms / 1_000),
      [0, 5, 25, 125, 425, 725, 1025],
    ));

  const table: [string, ProgressPace, number, number, number][] = [
    ["its last state waits for five seconds after an edit", "calm", 1_000, 3_000, 3_000],
    ["its last state waits for nothing after that", "calm", 1_000, 6_000, 0],
    ["its last state waits no longer when the clock was set back", "calm", 60_000, 0, 5_000],
    ["only its last state waits", "sparing", 1_000, 3_000, 0],
  ];
  for (const [name, pace, editedAt, now, expected] of table)
    test(name, () => assert.equal(editInMs(pace, editedAt, now), expected));
});

/** When it is shown, since its turn began; `tells` says when it last changed. */
function timesShown(pace: ProgressPace, forMs: number, tells: (now: number) => number): number[] {
  const times: number[] = [];
  const progress = newProgress("m1", work, "Starting", NOW);
  let shown: Shown | null = null;
  for (let now = NOW; now < NOW + forMs; now += 250) {
    const at = tells(now);
    if (showInMs(pace, { ...progress, changedAt: at }, shown, now) > 0) continue;
    shown = { at: now, changedAt: at };
    times.push(now - NOW);
  }
  return times;
}
