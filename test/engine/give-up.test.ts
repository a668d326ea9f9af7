import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Effect } from "../../src/core/decision.ts";
import { givenUp, retryInMs } from "../../src/engine/give-up.ts";
import { type ErrorCode, ThreadboxError, toThreadboxError } from "../../src/errors.ts";
import { tell } from "../core/story.ts";

const failure = (code: ErrorCode, retryAfterMs?: number) =>
  new ThreadboxError(code, "it failed", retryAfterMs === undefined ? {} : { retryAfterMs });

/** Every pause until it is given up. */
function pauses(effect: Effect["do"], error: ThreadboxError): number[] {
  const all: number[] = [];
  for (let attempts = 1; ; attempts++) {
    const inMs = retryInMs(error, attempts, effect);
    if (inMs === null) return all;
    all.push(inMs);
  }
}
const HOUR = 60 * 60_000;
const hours = (all: number[]): number => Math.floor(all.reduce((sum, one) => sum + one, 0) / HOUR);

describe("what could not be posted", () => {
  for (const effect of ["answer", "say", "refuse", "help"] as const) {
    test(`${effect}: an outage of the vendor is outlasted for a day`, () => {
      const all = pauses(effect, failure("surface.unavailable"));
      assert.deepEqual(all.slice(0, 4), [1_000, 2_000, 4_000, 8_000]);
      assert.equal(hours(all), 24);
    });
  }

  test("comes back when the vendor said, and for half a day however short that is", () => {
    const all = pauses("answer", failure("surface.rate-limited", 2_000));
    assert.deepEqual(all.slice(0, 5), [2_000, 2_000, 2_000, 3_000, 4_000]);
    assert.equal(hours(all), 12);
    assert.equal(retryInMs(failure("surface.rate-limited", 90_000), 1, "answer"), 90_000);
  });

  for (const code of [
    "surface.unauthorized",
    "surface.thread-gone",
    "surface.not-in-channel",
    "surface.refused",
  ] as const) {
    test(`is given up at once for ${code}`, () => assert.deepEqual(pauses("answer", failure(code)), []));
  }
});

test("eyes on a message hold up nothing for long", () => {
  assert.deepEqual(pauses("acknowledge", failure("surface.unavailable")), [1_000, 2_000]);
  assert.deepEqual(pauses("acknowledge", failure("surface.rate-limited", 5_000)), [5_000, 5_000]);
  assert.deepEqual(pauses("acknowledge", failure("surface.rate-limited", 60_000)), []);
});

test("whoever waits for a check is told within a quarter of a minute", () =>
  assert.deepEqual(pauses("check", failure("surface.unavailable")), [1_000, 2_000, 4_000, 8_000]));

test("whoever could not be checked is told to ask again, and not that it comes by itself", () => {
  const check: Effect = { do: "check", mention: "m1" };
  const text = (code: ErrorCode) => {
    const event = givenUp(check, tell().session, failure(code));
    return event?.type === "turned-away" ? event.text : null;
  };
  const again = "it failed. It could not be checked whether you may ask. Try again in a minute.";
  assert.equal(text("surface.unavailable"), again);
  assert.equal(text("surface.rate-limited"), again);
  assert.match(text("surface.unauthorized") ?? "", /The token was refused/);
});

for (const effect of ["check", "answer", "claim"] as const)
  test(`${effect}: a connection to the database that broke in the middle is no reason to give it up`, () =>
    assert.deepEqual(pauses(effect, toThreadboxError(new Error("Connection terminated unexpectedly"))), [
      ...[1_000, 2_000, 4_000, 8_000],
    ]));
