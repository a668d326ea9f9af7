/** Several bots on one Postgres: they share the work, and what one of them leaves undone another one does. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { chaosGround, type Ground } from "./ground.ts";
import { longTurn, scripts } from "./stories.ts";

let ground: Ground;
before(async () => {
  ground = await chaosGround(scripts);
});
after(() => ground.close());

const owners = async (): Promise<(string | null)[]> =>
  (await ground.db.selectFrom("sessions").select("owner").execute()).map(({ owner }) => owner);

async function stopped(thread: string): Promise<void> {
  ground.slack.as("ada").says("#web", "stop", { thread });
  await ground.until(async () => (await ground.isSettled()) && ground.ours(thread).length > 1);
  const [progress, answer, ...more] = ground.ours(thread);
  assert.deepEqual(more, []);
  assert.match(progress?.seen ?? "", /Stopped/);
  assert.match(answer?.seen ?? "", /[Ss]topped by .*ada/);
}

describe("two bots", () => {
  test("a killed one's turn is taken over, and goes on where it was", async () => {
    const first = await ground.bot();
    const thread = await longTurn(ground);
    const [held] = await owners();
    const second = await ground.bot();
    await first.die();
    await ground.until(async () => (await owners()).some((owner) => owner !== null && owner !== held));
    await stopped(thread);
    await second.stop();
  });

  test("one that slept through its lease finds its session taken, and says nothing more", async () => {
    const first = await ground.bot();
    const thread = await longTurn(ground);
    const held = (await owners()).find((owner) => owner !== null);
    const second = await ground.bot();
    first.freeze();
    await ground.until(async () => (await owners()).some((owner) => owner !== null && owner !== held));
    first.thaw();
    await stopped(thread);
    await Promise.all([first.stop(), second.stop()]);
  });

  test("are restarted one after the other while people write, and each of them is answered once", async () => {
    let bots = [await ground.bot(), await ground.bot()];
    const threads: string[] = [];
    const speak = (): void => void threads.push(ground.mentions("help"));
    for (let round = 0; round < 2; round++) {
      for (const bot of bots) {
        for (let each = 0; each < 5; each++) speak();
        await bot.stop();
        for (let each = 0; each < 5; each++) speak();
        bots = [...bots.filter((one) => one !== bot), await ground.bot()];
      }
    }
    await ground.slack.settled();
    const answered = (): boolean => threads.every((thread) => ground.ours(thread).length > 0);
    await ground.until(async () => answered() && (await ground.isSettled()));
    assert.deepEqual(
      threads.map((thread) => ground.ours(thread).length),
      threads.map(() => 1),
    );
    await Promise.all(bots.map((bot) => bot.stop()));
  });
});

test("a bot that ends in order leaves nothing that another one would have to wait for", async () => {
  const bot = await ground.bot();
  const thread = await longTurn(ground);
  await bot.stop();
  const jobs = await ground.jobs();
  assert.deepEqual(
    jobs.filter(({ state }) => state === "active"),
    [],
  );
  const next = await ground.bot();
  await stopped(thread);
  await next.stop();
});
