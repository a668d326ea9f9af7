import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { newProgress } from "../../src/core/condense.ts";
import type { ProgressPace } from "../../src/core/pace.ts";
import { openDisplay } from "../../src/engine/display.ts";
import { ThreadboxError } from "../../src/errors.ts";
import type { Surface } from "../../src/surfaces/surface.ts";
import { handWoundClock } from "../clock.ts";
import { NOW, slackThread, work } from "../core/story.ts";
import { quiet } from "../quiet.ts";

/** Runs what is waiting for a promise, without time going by. */
const breathe = () => new Promise((resolve) => setImmediate(resolve));

function opened(posted: string | null = null, pace: ProgressPace = "live") {
  const clock = handWoundClock(NOW);
  const shown: { now: string; ref: string | null; again: boolean }[] = [];
  const refs: string[] = [];
  const failures: ThreadboxError[] = [];
  /** What the surface waits for before it answers. */
  const held: Promise<void>[] = [];
  const surface = {
    pace,
    async show(_thread, progress, _page, ref, { again }) {
      await held[0];
      const failure = failures.shift();
      if (failure) throw failure;
      shown.push({ now: progress.now, ref, again });
      return ref ?? "1.2";
    },
  } satisfies Pick<Surface, "pace" | "show">;
  const saveRef = async (ref: string) => void refs.push(ref);
  const first = newProgress("m1", work, "Starting", NOW);
  const display = openDisplay({ saveRef, surface, clock, log: quiet, page: null }, slackThread, first, posted);
  const wind = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await breathe();
  };
  const change = (now: string) => display.update({ ...display.progress(), now, changedAt: clock.now() });
  return { display, shown, refs, failures, held, wind, change };
}

describe("the progress message", () => {
  test("is posted at once, and edited at the pace of its surface", async () => {
    const { shown, wind, change } = opened();
    await wind(0);
    await wind(1_000);
    change("one");
    change("two");
    await wind(1_999);
    assert.deepEqual(
      shown.map(({ now }) => now),
      ["Starting"],
    );
    await wind(1);
    assert.deepEqual(shown, [
      { now: "Starting", ref: null, again: false },
      { now: "two", ref: "1.2", again: false },
    ]);
  });

  test("is named in the store before and after it is posted, so that a crash between the two is seen", async () => {
    const { refs, wind } = opened();
    await wind(0);
    assert.deepEqual(refs, ["posting", "1.2"]);
  });

  test("of an earlier bot whose name was not recorded is looked for before it is posted again", async () => {
    const { shown, wind } = opened("posting");
    await wind(0);
    assert.deepEqual(shown, [{ now: "Starting", ref: null, again: true }]);
  });

  test("is let go of only when what is on its way has a name, so that the next bot does not post another one", async () => {
    const { display, refs, held, wind } = opened();
    const answered = Promise.withResolvers<void>();
    held.push(answered.promise);
    await wind(0);
    let dropped = false;
    const dropping = display.drop().then(() => {
      dropped = true;
    });
    await breathe();
    assert.deepEqual([dropped, refs], [false, ["posting"]]);
    answered.resolve();
    await dropping;
    assert.deepEqual(refs, ["posting", "1.2"]);
  });

  test("goes without an edit when the surface limits us, and waits as long as it says", async () => {
    const { shown, failures, wind, change } = opened();
    await wind(0);
    failures.push(new ThreadboxError("surface.rate-limited", "slow down", { retryAfterMs: 20_000 }));
    await wind(3_000);
    change("one");
    await wind(0);
    change("two");
    await wind(19_000);
    assert.equal(shown.length, 1);
    await wind(4_000);
    assert.equal(shown.at(-1)?.now, "two");
  });

  for (const pace of ["live", "sparing"] as const)
    test(`that could not be posted is tried again soon, also where edits are few (${pace})`, async () => {
      const { shown, failures, wind } = opened(null, pace);
      failures.push(
        new ThreadboxError("surface.unavailable", "away"),
        new ThreadboxError("surface.unavailable", "away"),
      );
      await wind(0);
      await wind(3_000);
      await wind(2_999);
      assert.deepEqual(shown, []);
      await wind(1);
      assert.deepEqual(shown, [{ now: "Starting", ref: null, again: true }]);
    });

  test("is edited as rarely as a sparing surface wants, also when edits fail", async () => {
    const { shown, failures, wind, change } = opened(null, "sparing");
    await wind(0);
    failures.push(new ThreadboxError("surface.unavailable", "away"));
    await wind(3_000);
    change("one");
    await wind(11_999);
    assert.deepEqual([shown.length, failures.length], [1, 0]);
    await wind(1);
    assert.equal(shown.at(-1)?.now, "one");
    change("two");
    await wind(59_999);
    assert.equal(shown.length, 2);
    await wind(1);
    assert.equal(shown.at(-1)?.now, "two");
  });

  test("says how it ended at once, however long the pause still is", async () => {
    const { display, shown, wind } = opened(null, "sparing");
    for (const ms of [0, 3_000, 12_000, 60_000, 1_000]) await wind(ms);
    assert.equal(shown.length, 4);
    await display.close({ ...display.progress(), now: "Done", ended: "done" });
    assert.equal(shown.at(-1)?.now, "Done");
  });

  test("on a surface that is not set up any more waits for nothing", () => {
    const clock = handWoundClock(NOW);
    let waits = 0;
    const after = (ms: number, fn: () => void) => {
      waits += 1;
      return clock.after(ms, fn);
    };
    const deps = { saveRef: async () => {}, surface: undefined, clock: { ...clock, after }, log: quiet, page: null };
    const first = newProgress("m1", work, "Starting", NOW);
    openDisplay(deps, slackThread, first, null).update({ ...first, now: "one", changedAt: NOW });
    assert.equal(waits, 0);
  });

  test("is not tried again in a thread that is gone", async () => {
    const { failures, wind, change } = opened();
    failures.push(
      new ThreadboxError("surface.thread-gone", "deleted"),
      new ThreadboxError("surface.thread-gone", "deleted"),
    );
    await wind(0);
    for (let i = 0; i < 10; i++) {
      change(`step ${i}`);
      await wind(60_000);
    }
    assert.equal(failures.length, 1);
  });

  test("loses its Stop button in the end, also when that takes a second try", async () => {
    const { display, shown, failures, wind } = opened();
    await wind(0);
    failures.push(new ThreadboxError("surface.rate-limited", "slow down", { retryAfterMs: 2_000 }));
    await display.close({ ...display.progress(), now: "Done", ended: "done" });
    assert.equal(shown.length, 1);
    await wind(2_000);
    assert.equal(shown.at(-1)?.now, "Done");
  });

  test("of a calm surface is edited for the last time five seconds after the edit before it", async () => {
    const { display, shown, wind, change } = opened(null, "calm");
    await wind(0);
    change("one");
    await wind(5_000);
    assert.equal(shown.length, 2);
    await wind(1_000);
    const closed = display.close({ ...display.progress(), now: "Done", ended: "done" });
    await wind(3_999);
    assert.equal(shown.length, 2);
    await wind(1);
    await closed;
    assert.equal(shown.at(-1)?.now, "Done");
  });

  test("of a calm surface that another bot has edited is left alone for five seconds", async () => {
    const { shown, wind } = opened("1.2", "calm");
    await wind(4_999);
    assert.equal(shown.length, 0);
    await wind(1);
    assert.equal(shown.length, 1);
  });
});
