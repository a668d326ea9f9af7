/** An agent from which nothing comes: what its thread is told, and how often. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SessionEvent } from "../../src/core/decision.ts";
import { accepted, ready, says, tell } from "./story.ts";

const MINUTES = 60_000;
const running = [...says("m1", "add a database"), ready, accepted("m1")];
const silent = (change: Partial<Extract<SessionEvent, { type: "silent" }>> = {}): SessionEvent => ({
  ...{ type: "silent", turn: "m1", attempt: 1, silentMs: 5 * MINUTES, stopsInMs: 5 * MINUTES, during: null },
  ...change,
});
const said = (...events: (SessionEvent | SessionEvent[])[]): string[] =>
  tell(...events).effects.flatMap((effect) => (effect.do === "say" ? [effect.text] : []));

test("#7 its thread is told once what it waits for, and when it gives up", () => {
  const { session } = tell(running);
  assert.deepEqual(tell(running, silent()).effects, [
    {
      ...{ do: "say", thread: session.thread },
      text: "I have heard nothing from the model for 5 min. If nothing comes for another 5 min, I give up; what is done stays in the sandbox. `stop` ends it now.",
    },
  ]);
  assert.match(
    said(running, silent({ during: "npm run `watch`", silentMs: 15 * MINUTES }))[0] ?? "",
    /^I have heard nothing from "npm run watch", which runs for 15 min\./,
  );
  assert.deepEqual(said(running, silent(), silent({ silentMs: 7 * MINUTES })), []);
});

test("of another turn, another attempt, or one that is being stopped, nothing is told", () => {
  assert.deepEqual(said(running, silent({ turn: "m0" })), []);
  assert.deepEqual(said(running, silent({ attempt: 2 })), []);
  assert.deepEqual(said(running, says("m2", "stop"), silent()), []);
});
