import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { systemClock } from "../../src/clock.ts";
import { githubGate } from "../../src/surfaces/github-pace.ts";
import { createPace, type Gate, type Limit, type Pace } from "../../src/surfaces/pace.ts";
import { slackGate } from "../../src/surfaces/slack-pace.ts";

/** The library counts by the wall clock, so that is what is wound by hand here. */
beforeEach(() => mock.timers.enable({ apis: ["Date", "setTimeout"], now: 1_700_000_000_000 }));
afterEach(() => mock.timers.reset());

/** Runs what is waiting for a promise, without time going by. */
const breathe = () => new Promise((resolve) => setImmediate(resolve));
const wind = async (ms: number): Promise<void> => {
  for (let gone = 0; gone < ms; gone += 100) {
    mock.timers.tick(100);
    await breathe();
  }
};
const limit = (places: number, inSeconds: number, reserve = 0): Limit => ({ places, inSeconds, reserve });
const gateOf = (name: string, ...limits: Limit[]): Gate => ({ name, limits: limits.map((one) => [one, name]) });
const paced = (): Pace => createPace({ clock: systemClock });

describe("progress", () => {
  test("goes without at once where only the places are left that are kept from it", async () => {
    const gate = gateOf("C1", limit(5, 5, 3));
    const pace = paced();
    await pace.drop(gate);
    await pace.drop(gate);
    await assert.rejects(pace.drop(gate), { code: "surface.rate-limited", retryAfterMs: 5_000 });
    for (let i = 0; i < 3; i++) await pace.wait(gate, 0);
    await assert.rejects(pace.wait(gate, 0), { code: "surface.rate-limited", retryAfterMs: 5_000 });
  });

  test("never goes before somebody who waits", async () => {
    const gate = gateOf("C1", limit(1, 1));
    const pace = paced();
    await pace.wait(gate);
    const waiting = pace.wait(gate);
    await wind(900);
    await assert.rejects(pace.drop(gate), { code: "surface.rate-limited" });
    await wind(100);
    await waiting;
  });

  test("costs no place where another limit refuses it", async () => {
    const wide = limit(2, 10);
    const pace = paced();
    const full: Gate = { name: "C1", limits: [[wide, "all"], [limit(0, 1), "C1"]] }; // biome-ignore format: one gate
    for (let i = 0; i < 5; i++) await assert.rejects(pace.drop(full));
    await pace.drop({ name: "C2", limits: [[wide, "all"]] });
    await pace.drop({ name: "C2", limits: [[wide, "all"]] });
    await assert.rejects(pace.drop({ name: "C2", limits: [[wide, "all"]] }));
  });
});

describe("what must arrive", () => {
  test("waits for its place, in order, and each channel for itself", async () => {
    const one = limit(1, 1);
    const [here, there] = [gateOf("C1", one), gateOf("C2", one)];
    const pace = paced();
    const went: string[] = [];
    const say = (gate: Gate, what: string) => pace.wait(gate).then(() => went.push(what));
    const all = [say(here, "a"), say(here, "b"), say(here, "c"), say(there, "elsewhere")];
    await breathe();
    assert.deepEqual(went.toSorted(), ["a", "elsewhere"]);
    await wind(2_500);
    await Promise.all(all);
    assert.deepEqual(
      went.filter((what) => what !== "elsewhere"),
      ["a", "b", "c"],
    );
  });

  test("is sent away when that would take too long, and everybody with another time to come back", async () => {
    const gate = gateOf("installation-1", limit(1, 3));
    const pace = paced();
    const all = Promise.allSettled(Array.from({ length: 5 }, () => pace.wait(gate)));
    await wind(6_000);
    const outcomes = (await all).map((one) => (one.status === "fulfilled" ? "went" : one.reason.retryAfterMs));
    assert.deepEqual(outcomes, ["went", "went", 3_000, 6_000, 9_000]);
  });

  test("finds the gate shut for as long as the vendor said, and others open", async () => {
    const pace = paced();
    const gate = gateOf("C1", limit(5, 5));
    pace.close(gate, 30_000);
    await assert.rejects(pace.wait(gate), { code: "surface.rate-limited", retryAfterMs: 30_000 });
    await assert.rejects(pace.drop(gate), { code: "surface.rate-limited" });
    await pace.drop(gateOf("C2", limit(5, 5)));
    await wind(30_000);
    await pace.drop(gate);
  });

  test("where a vendor is emulated nothing is counted, and its word is obeyed", async () => {
    const pace = createPace({ clock: systemClock, paced: false });
    const gate = gateOf("C1", limit(1, 60));
    for (let i = 0; i < 10; i++) await pace.drop(gate);
    pace.close(gate, 10_000);
    await assert.rejects(pace.drop(gate), { retryAfterMs: 10_000 });
  });
});

/** How many get through within that time, when everybody tries all the time; the most in any stretch of `withinMs`. */
async function most(gate: Gate, enter: "drop" | "wait", withinMs: number, forMs: number): Promise<number> {
  const pace = paced();
  const at: number[] = [];
  for (let now = 0; now < forMs; now += 500) {
    for (let free = true; free; ) {
      free = await (enter === "drop" ? pace.drop(gate) : pace.wait(gate, 0)).then(
        () => true,
        () => false,
      );
      if (free) at.push(now);
    }
    mock.timers.tick(500);
  }
  return Math.max(...at.map((from) => at.filter((one) => one >= from && one < from + withinMs).length));
}

describe("the vendors' rates", () => {
  const comment = githubGate("installation-1", "POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments");
  const edit = githubGate("installation-1", "PATCH", "/repos/{owner}/{repo}/issues/comments/{comment_id}");
  const eyes = githubGate("installation-1", "POST", "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions");
  const MINUTE = 60_000;
  const rows: [what: string, gate: Gate | null, enter: "drop" | "wait", withinMs: number, allowed: number][] = [
    ["Slack: answers in one channel", slackGate("chat.postMessage", "C1"), "wait", MINUTE, 65],
    ["Slack: progress in one channel", slackGate("chat.postMessage", "C1"), "drop", MINUTE, 26],
    ["Slack: last edits", slackGate("chat.update", "C1"), "wait", MINUTE, 56],
    ["Slack: edits", slackGate("chat.update", "C1"), "drop", MINUTE, 35],
    ["GitHub: comments, one in three seconds", comment, "wait", MINUTE, 20],
    ["GitHub: edits, one a second", edit, "wait", MINUTE, 60],
    ["GitHub: edits that are progress", edit, "drop", MINUTE, 40],
    ["GitHub: reactions, one a second", eyes, "wait", MINUTE, 60],
    ["GitHub: content in an hour", edit, "wait", 60 * MINUTE, 497],
    ["GitHub: progress in an hour", edit, "drop", 60 * MINUTE, 252],
  ];
  for (const [what, gate, enter, withinMs, allowed] of rows) {
    test(what, async () => {
      assert.ok(gate);
      const counted = await most(gate, enter, withinMs, withinMs * 1.25);
      assert.ok(counted <= allowed, `${counted} of ${allowed}`);
      assert.ok(counted >= allowed * 0.75, `${counted} of ${allowed}: too cautious`);
    });
  }

  test("one workspace gets what every channel of it gets, 300 a minute", async () => {
    const pace = paced();
    const sent = await Promise.allSettled(
      Array.from({ length: 200 }, (_, n) => pace.wait(slackGate("chat.postMessage", `C${n}`), 0)),
    );
    assert.equal(sent.filter((one) => one.status === "fulfilled").length, 50);
  });

  test("tokens and the App itself are not held up", () => {
    assert.equal(githubGate("app", "POST", "/app/installations/{installation_id}/access_tokens"), null);
  });
});
