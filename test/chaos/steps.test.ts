/**
 * A bot is killed where it hurts most on the way of a mention, one after the other in the life of that mention, and started again each
 * time: of an effect when the other side has done it and nobody has written that down. From outside it looks as if nothing had happened.
 * `npm run chaos` kills it before and after that, too; each death costs a start, and all of them two minutes.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { STEPS, type Step } from "../../src/engine/steps.ts";
import { chaosGround, type Ground } from "./ground.ts";
import { STORIES, scripts } from "./stories.ts";

test("every step belongs to a story in which the bot dies there", () => {
  assert.deepEqual(STORIES.flatMap(({ steps }) => steps).sort(), [...STEPS].sort());
});

/** Before it nothing has gone out, and after it everything is known: both are the plain case of a restart. */
const hurts = (step: Step): boolean => !/^(?!progress\.).*\.(?:begun|recorded)$/.test(step);

describe("a bot is killed on the way of", () => {
  let ground: Ground;
  before(async () => {
    ground = await chaosGround(scripts);
  });
  after(() => ground.close());

  for (const { name, steps, tell } of STORIES)
    test(name, async () => {
      const left = new Set(steps.filter(hurts));
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
