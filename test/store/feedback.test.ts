/** What people think of answers, in a true database: written down, told, and forgotten with the turn. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { storyLines } from "../../src/cli/why-story.ts";
import type { Feedback } from "../../src/core/feedback.ts";
import { feedbackBook } from "../../src/engine/feedback.ts";
import type { Happening } from "../../src/engine/happenings.ts";
import { storyOf } from "../../src/store/story.ts";
import { handWoundClock } from "../clock.ts";
import { NOW, says } from "../core/story.ts";
import { type TestStore, testStore } from "../database.ts";
import { lived } from "./lived.ts";

let on: TestStore;
before(async () => {
  on = await testStore();
});
after(() => on.close());

const of = (value: Feedback["value"], change: Partial<Feedback> = {}): Feedback => ({
  on: { turn: "m1" },
  by: { surface: "slack", id: "U1" },
  value,
  at: NOW,
  ...change,
});
const told: Happening[] = [];
const record = (feedback: Feedback) =>
  feedbackBook({
    store: on.store,
    clock: handWoundClock(),
    bot: "b1",
    tell: (happening) => void told.push(happening),
  }).record(feedback);
const stored = () => on.db.selectFrom("feedback").select(["person", "value", "reason"]).orderBy("person").execute();

describe("#48 what people think of an answer", () => {
  beforeEach(async () => {
    await on.empty();
    await lived(on.store, says("m1", "fix the login"));
    told.splice(0);
  });

  test("is kept once a person and turn: the last word counts, and is counted when it is another one", async () => {
    assert.equal(await record(of("bad")), "new");
    assert.equal(await record(of("bad", { reason: "It broke the build.", at: NOW + 1 })), "same");
    assert.equal(await record(of("good", { by: { surface: "slack", id: "U2" } })), "new");
    assert.deepEqual(await stored(), [
      { person: "U1", value: "bad", reason: "It broke the build." },
      { person: "U2", value: "good", reason: null },
    ]);
    assert.equal(await record(of("good", { at: NOW + 2 })), "changed");
    assert.deepEqual((await stored())[0], { person: "U1", value: "good", reason: null });
    assert.deepEqual(
      told.map((one) => one.type === "feedback.given" && [one.value, one.turn, one.session]),
      [
        ["bad", "m1", "s1"],
        ["good", "m1", "s1"],
        ["good", "m1", "s1"],
      ],
    );
  });

  test("said before what is kept and delivered late changes nothing", async () => {
    await record(of("good", { at: NOW + 5 }));
    assert.equal(await record(of("bad", { at: NOW })), "same");
    assert.deepEqual(await stored(), [{ person: "U1", value: "good", reason: null }]);
  });

  test("is found by the message of the answer, in its channel alone", async () => {
    await on.store.transaction((tx) => on.store.saveAnswerRef(tx, "m1", "17.1"));
    const at = (channel: string, message: string) => record(of("good", { on: { team: "T1", channel, message } }));
    assert.deepEqual(
      [await at("C2", "17.1"), await at("C1", "17.2"), await at("C1", "17.1")],
      ["unknown", "unknown", "new"],
    );
  });

  test("of a turn that nobody knows is kept by nobody", async () => {
    assert.equal(await record(of("bad", { on: { turn: "m9" } })), "unknown");
    assert.deepEqual([await stored(), told], [[], []]);
  });

  test("is bounded, and may hold anything that a person can type", async () => {
    await record(of("bad", { reason: `\0${"x".repeat(5_000)}` }));
    assert.equal((await stored())[0]?.reason?.length, 2_000);
  });

  test("is told by `threadbox why`", async () => {
    await record(of("bad", { reason: "It broke\nthe build." }));
    const story = await storyOf(on.db, "s1", 100);
    assert.ok(story);
    const lines = storyLines(story, { colour: false, now: NOW }).join("\n");
    assert.match(lines, /rated {4}m1 bad, by U1 on slack: "It broke\\nthe build\."/);
  });

  test("goes with the words of the turn when those are old, and is not taken any more", async () => {
    await record(of("bad", { reason: "private" }));
    const ended = { outcome: "done" as const, answer: "Fixed.", durationMs: 1 };
    await on.store.transaction((tx) => on.store.endTurn(tx, "m1", ended));
    assert.equal(await on.store.emptyTurns(new Date(Date.now() + 60_000), 10), 1);
    assert.deepEqual(await stored(), []);
    assert.equal(await record(of("bad")), "unknown");
  });
});
