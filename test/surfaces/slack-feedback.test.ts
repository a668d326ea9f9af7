/** The buttons under an answer that ask what people think of it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Thread, TurnResult } from "../../src/core/types.ts";
import { feedbackIn } from "../../src/surfaces/slack-feedback.ts";
import { renderAnswer, renderBeginning } from "../../src/surfaces/slack-render.ts";
import { done } from "./slack-examples.ts";
import { inThread } from "./slack-world.ts";

const typesOf = (blocks: { type?: unknown }[] = []): unknown[] => blocks.map(({ type }) => type);
const ending = (outcome: TurnResult["outcome"], answer = "Fixed.") => ({
  ...done,
  result: { ...done.result, outcome, answer },
});
const id = (marker: string) => ({ marker, again: false });
const refused = { error: "invalid_blocks" };

describe("#48 what people think is asked", () => {
  for (const [outcome, asked] of [
    ["done", true],
    ["failed", true],
    ["timed-out", true],
    ["stopped", false],
  ] as const)
    test(`${asked ? "under" : "not under"} the answer of a turn that is ${outcome}`, () => {
      const [message] = renderAnswer(ending(outcome));
      assert.equal(typesOf(message?.blocks).includes("context_actions"), asked);
    });

  test("once, under the last message of an answer, and where the whole is a file", () => {
    const messages = renderAnswer(ending("done", "word ".repeat(4_000)));
    assert.deepEqual(
      messages.map(({ blocks }) => typesOf(blocks).at(-1)),
      ["markdown", "context_actions"],
    );
    const beginning = renderBeginning(ending("done"), { name: "answer.md", permalink: null });
    assert.equal(typesOf(beginning.blocks).at(-1), "context_actions");
  });

  test("with the turn in what Slack hands back, and nothing else is taken for it", () => {
    assert.deepEqual(feedbackIn("bad:m7k2q9x0c1"), { value: "bad", turn: "m7k2q9x0c1" });
    for (const other of ["", "bad:", "bad:m1 or 1=1", "worse:m1", `good:${"m".repeat(101)}`])
      assert.equal(feedbackIn(other), null);
  });

  test("not again where the workspace has refused it once; the answer arrives all the same, and the log says so once", () =>
    inThread(async ({ slack, surface, thread, root, lines }) => {
      slack.faults.next("chat.postMessage", refused);
      await surface.answer(thread, done, id("a"));
      await surface.answer(thread, done, id("b"));
      const answers = slack.thread("#web", root).replies();
      assert.deepEqual(
        answers.map(({ blocks }) => typesOf(blocks)),
        [
          ["section", "markdown", "context"],
          ["section", "markdown", "context"],
        ],
      );
      assert.equal(slack.requests.count("chat.postMessage"), 3);
      assert.deepEqual(
        lines.filter(({ msg }) => msg === "slack.feature-refused").map(({ feature }) => feature),
        ["feedback-buttons"],
      );
    }));

  test("again where it was another block that Slack refused", () =>
    inThread(async ({ slack, surface, thread, root, lines }) => {
      slack.faults.next("chat.postMessage", refused, 2);
      await assert.rejects(async () => surface.answer(thread, done, id("a")));
      await surface.answer(thread, done, id("b"));
      assert.equal(typesOf(slack.thread("#web", root).replies()[0]?.blocks).at(-1), "context_actions");
      assert.ok(!lines.some(({ msg }) => msg === "slack.feature-refused"));
    }));
});

test("#43 a thread is public where Slack says that its channel is, and nowhere else", () =>
  inThread(async ({ slack, surface }) => {
    const at = (channel: string): Thread => ({ surface: "slack", team: slack.team.id, channel, threadTs: "1.1" });
    const inChannel = (name: string) => at(slack.channel(name).id);
    slack.addChannel({ name: "den", kind: "private" });
    const found = await Promise.all(["#web", "#den", "#shared"].map((name) => surface.isPublic(inChannel(name))));
    assert.deepEqual(found, [true, false, false]);
    const dm = slack.as("ada").says("dm", "x").message.channel;
    assert.equal(await surface.isPublic(at(dm)), false);
  }));
