/**
 * The worst moments on the way of one mention, in every `npm test`: a bot dies in each of them, and from outside it looks as if nothing
 * had happened. All the other moments, and the other ways, are those of `npm run test:chaos`.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Step } from "../../src/engine/steps.ts";
import { chaosGround, type Ground } from "./ground.ts";
import { STORIES, scripts } from "./stories.ts";

/** In order: heard but not answered, a machine that nobody knows of, words handed over, a pull request and an answer that stand there. */
const WORST: Step[] = [
  "inbound.stored",
  "sandbox.started",
  "send-turn.sent",
  "stream.ended",
  "open-pull-request.sent",
  "answer.sent",
];

let ground: Ground;
before(async () => {
  ground = await chaosGround(scripts);
});
after(() => ground.close());

test("a bot is killed at the worst moments of a mention: nothing is lost, nothing is doubled, and no machine is left", async () => {
  const story = STORIES.find(({ steps }) => WORST.every((step) => steps.includes(step)));
  assert.ok(story);
  const bot = await ground.bot(WORST);
  assert.deepEqual(await story.tell(ground), { lost: [], doubled: [], outOfOrder: [] });
  await bot.stop();
  assert.deepEqual(bot.deaths().sort(), [...WORST].sort());
});
