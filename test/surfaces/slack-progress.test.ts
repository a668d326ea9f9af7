import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Progress } from "../../src/core/types.ts";
import { progress } from "../contracts/surface.ts";
import { inThread, type World } from "./slack-world.ts";

const once = { marker: "t1/progress", again: false };
const working = (now: string): Progress => ({ ...progress(now), steps: [{ call: "1", title: now, state: "running" }] });

describe("progress in a workspace", () => {
  const shown = ({ slack, root }: World) => slack.thread("#web", root).replies();
  const kinds = (world: World) => shown(world).map(({ blocks }) => blocks.map(({ type }) => type).join(" "));

  test("#29 is a plan of Slack's own, edited in its place until one line is left", () =>
    inThread(async (world) => {
      const { surface, thread } = world;
      const ref = await surface.show(thread, working("Reading login.ts"), null, null, once);
      await surface.show(thread, working("npm test"), null, ref, once);
      assert.deepEqual(kinds(world), ["plan context actions"]);
      assert.match(shown(world)[0]?.seen ?? "", /^Working: npm test\n\[~\] npm test\n[\s\S]*\[Stop\]$/);
      await surface.show(thread, { ...working("npm test"), ended: "done" }, null, ref, once);
      assert.deepEqual(kinds(world), ["section context"]);
      assert.deepEqual(
        shown(world).map(({ ts, edits }) => [ts, edits]),
        [[ref, 2]],
      );
    }));

  test("#29 that takes no plans is lines of text, and is not asked again", () =>
    inThread(async (world) => {
      const { slack, surface, thread, lines } = world;
      slack.faults.next("chat.postMessage", { error: "invalid_blocks" });
      const ref = await surface.show(thread, working("Reading"), null, null, once);
      assert.deepEqual(kinds(world), ["section section context actions"]);
      await surface.show(thread, working("Testing"), null, ref, once);
      assert.deepEqual(kinds(world), ["section section context actions"]);
      assert.deepEqual([slack.requests.count("chat.postMessage"), slack.requests.count("chat.update")], [2, 1]);
      const told = lines.filter(({ msg }) => msg === "slack.feature-refused");
      assert.deepEqual(
        told.map(({ feature, slackSays }) => [feature, slackSays]),
        [["plan-blocks", "invalid_blocks"]],
      );
    }));

  test("#29 that takes them no longer goes on in lines, in the same message", () =>
    inThread(async (world) => {
      const { slack, surface, thread } = world;
      const ref = await surface.show(thread, working("Reading"), null, null, once);
      slack.faults.next("chat.update", { error: "invalid_blocks" });
      assert.equal(await surface.show(thread, working("Testing"), null, ref, once), ref);
      assert.deepEqual(kinds(world), ["section section context actions"]);
    }));

  test("says so when Slack does not like a message that has no plan in it", () =>
    inThread(async ({ slack, surface, thread }) => {
      slack.faults.next("chat.postMessage", { error: "invalid_blocks" });
      const shown = surface.show(thread, progress("Starting"), null, null, once);
      await assert.rejects(shown, { code: "surface.refused" });
      assert.equal(slack.requests.count("chat.postMessage"), 1);
    }));
});
