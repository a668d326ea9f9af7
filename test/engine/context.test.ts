/** What was said before an ask, from a vendor that has had enough for the moment. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as breathe } from "node:timers/promises";
import type { Ask } from "../../src/core/types.ts";
import { contextOf } from "../../src/engine/send.ts";
import { quiet } from "../quiet.ts";
import { inThread, type World } from "../surfaces/slack-world.ts";

const READS = "conversations.replies";

const asked = ({ mention }: World): Ask => mention("fix it");
const heardBy = ({ surface, clock }: World, ask: Ask) =>
  contextOf({ surfaces: { slack: surface }, clock, log: quiet }, ask);

test("a rate limit delays a turn by a moment, and takes none of its words away", () =>
  inThread(async (world) => {
    const { slack, clock } = world;
    slack.faults.next(READS, { status: 429, retryAfter: 7 });
    const heard = heardBy(world, asked(world));
    let waiting = true;
    void heard.finally(() => {
      waiting = false;
    });
    await slack.until(() => slack.requests.of(READS).length === 1, "the first question");
    while (waiting) {
      await breathe();
      clock.advance(1_000);
    }
    assert.deepEqual(
      (await heard).map(({ text }) => text),
      ["the login test fails"],
    );
  }));

test("a longer limit costs the words and not the turn", () =>
  inThread(async (world) => {
    world.slack.faults.next(READS, { status: 429, retryAfter: 600 });
    assert.deepEqual(await heardBy(world, asked(world)), []);
  }));
