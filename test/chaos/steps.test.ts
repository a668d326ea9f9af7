/**
 * A bot is killed at every step of the way of a mention, one after the other in the life of that mention, and started again each
 * time. From outside it looks as if nothing had happened.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { STEPS } from "../../src/engine/steps.ts";
import { chaosGround, type Ground } from "./ground.ts";
import { STORIES, scripts } from "./stories.ts";

test("every step belongs to a story in which the bot dies there", () => {
  assert.deepEqual(STORIES.flatMap(({ steps }) => steps).sort(), [...STEPS].sort());
});

describe("a bot is killed at every step of", () => {
  let ground: Ground;
  before(async () => {
    ground = await chaosGround(scripts);
  });
  after(() => ground.close());

  for (const { name, steps, tell } of STORIES)
    test(name, async () => {
      const left = new Set(steps);
      // Two steps may fall into one moment, and the bot dies at one of them: told again until it has died at each.
      while (left.size > 0) {
        const bot = await ground.bot([...left]);
        assert.deepEqual(await tell(ground), { lost: [], doubled: [], outOfOrder: [] });
        await bot.stop();
        assert.notDeepEqual(bot.deaths(), []);
        for (const step of bot.deaths()) left.delete(step);
      }
    });
});
