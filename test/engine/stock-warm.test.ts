/** Warm sandboxes, as sessions get them and as they come and go. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { Origin } from "../../src/engine/stock.ts";
import { daemonClient } from "../../src/sandboxes/daemon-client.ts";
import { GIT_PASSWORD, HOUR_MS, MODEL_KEY, SETTLED_MS, stockGround } from "./stock-ground.ts";

const ground = await stockGround();
const { goldenToken, rows, running, inClone, filesWith } = ground;
after(() => ground.close());

const warmOnes = async () => (await rows()).filter(({ url, takenBy }) => url !== null && takenBy === null);
const nothingUnderWay = async () => (await rows()).every(({ url }) => url !== null);

describe("a repository that wants warm sandboxes", () => {
  let mine: Origin;
  after(() => ground.clear());

  test("has them, as many as it wants, however many bots there are", async () => {
    const bots = [ground.stock({ warm: 2 }), ground.stock({ warm: 2 })];
    for (const bot of bots) bot.start();
    await ground.until(async () => (await warmOnes()).length === 2 && (await nothingUnderWay()));
    assert.equal((await running()).length, 2);
  });

  test("gives one to a session: its daemon answers, the clone is there, and nobody's secrets are", async () => {
    const bot = ground.stock({ warm: 2 });
    mine = await bot.take(await ground.session("s1"), "demo/calculator");
    assert.ok(mine.is === "warm");
    assert.match(mine.name, /^threadbox-warm-[0-9a-z]{10}$/);
    const status = await ground.deps.connect(mine).status();
    assert.deepEqual(status.repositories, [{ id: "calculator", path: "calculator", branch: null, is: "ready" }]);
    assert.equal(await inClone(mine.name, "prepared.txt"), "once\n");
    for (const secret of [GIT_PASSWORD, MODEL_KEY]) assert.deepEqual(await filesWith(secret), []);
    assert.deepEqual(await bot.take("s1", "demo/calculator"), mine);
  });

  test("gives another one to another session, and fills up behind them", async () => {
    const other = await ground.stock({ warm: 2 }).take(await ground.session("s2"), "demo/calculator");
    assert.ok(other.is === "warm" && mine.is === "warm");
    assert.notEqual(other.name, mine.name);
    await ground.until(async () => (await warmOnes()).length === 2 && (await nothingUnderWay()));
    assert.equal((await running()).length, 4);
  });

  test("does not give a dead one, and forgets it", async () => {
    const [dead, alive] = await warmOnes();
    await ground.provider.sleep(dead?.name ?? "");
    const taken = await ground.stock({ warm: 2 }).take(await ground.session("s3"), "demo/calculator");
    assert.equal(taken.is === "warm" && taken.name, alive?.name);
    await ground.until(async () => !(await rows()).some(({ name }) => name === dead?.name));
  });

  test("replaces one that its provider has ended", async () => {
    await ground.until(async () => (await warmOnes()).length === 2);
    const [gone] = await warmOnes();
    await ground.provider.destroy(gone?.name ?? "");
    await ground.until(async () => !(await rows()).some(({ name }) => name === gone?.name));
    await ground.until(async () => (await warmOnes()).length === 2);
  });

  test("replaces one that comes near its end, when the next one is ready", async () => {
    const [old] = await warmOnes();
    assert.ok(old?.url);
    await ground.store.sandboxIsUp(old.name, old.url, ground.clock.now() + 20_000);
    await ground.until(async () => !(await rows()).some(({ name }) => name === old.name));
    const left = await warmOnes();
    assert.equal(left.length, 2);
    assert.ok(!left.some(({ name }) => name === old.name));
  });

  test("leaves those alone that sessions have taken", async () => {
    assert.ok(mine.is === "warm");
    assert.ok((await ground.deps.connect(mine).status()).sandbox === mine.name);
  });
});

test("one that a session has worked in stays its own while it runs, although its daemon is silent", async () => {
  const bot = ground.stock({ warm: 1 });
  bot.start();
  await ground.until(async () => (await warmOnes()).length === 1);
  const session = await ground.session("s1");
  const first = await bot.take(session, "demo/calculator");
  await bot.stop();
  assert.ok(first.is === "warm");
  const connect = () => daemonClient({ url: "http://127.0.0.1:1", token: async () => "" });
  const later = ground.stock({ warm: 1 }, { connect });
  assert.deepEqual(await later.take(session, "demo/calculator", true), first);
  await ground.provider.destroy(first.name);
  assert.deepEqual(await later.take(session, "demo/calculator", true), { is: "cold" });
  await ground.clear();
});

describe("warm sandboxes that are out of date", () => {
  after(() => ground.clear());

  test("are given to nobody, and replaced by those that are made from what the repository is now", async () => {
    const before = ground.stock({ warm: 1 });
    before.start();
    await ground.until(async () => (await warmOnes()).length === 1);
    await before.stop();
    const [old] = await warmOnes();
    const bot = ground.stock({ warm: 1, setup: "echo anew >> prepared.txt" });
    assert.deepEqual(await bot.take(await ground.session("s1"), "demo/calculator"), { is: "cold" });
    ground.clock.advance(SETTLED_MS);
    bot.start();
    await ground.until(async () => !(await rows()).some(({ name }) => name === old?.name));
    await ground.until(async () => (await warmOnes()).length === 1);
    const [fresh] = await warmOnes();
    assert.equal(await inClone(fresh?.name ?? "", "prepared.txt"), "anew\n");
  });

  test("and those that nobody wants any more are ended", async () => {
    await ground.clear();
    const before = ground.stock({ warm: 1 });
    before.start();
    await ground.until(async () => (await warmOnes()).length === 1);
    await before.stop();
    ground.clock.advance(SETTLED_MS);
    ground.stock({}).start();
    await ground.until(async () => (await rows()).length === 0);
    assert.deepEqual(await running(), []);
  });
});

test("warm sandboxes start from the golden snapshot, and cold when its files are gone", async () => {
  ground.stock({ goldenEveryMs: 24 * HOUR_MS, setup: "date +%N > prepared.txt" }).start();
  await ground.until(async () => (await goldenToken()) !== null && (await rows()).length === 0);
  const golden = (await goldenToken()) ?? "";
  const bot = ground.stock({ goldenEveryMs: 24 * HOUR_MS, warm: 2, setup: "date +%N > prepared.txt" });
  bot.start();
  await ground.until(async () => (await warmOnes()).length === 2);
  const [one, two] = await Promise.all((await warmOnes()).map(({ name }) => inClone(name, "prepared.txt")));
  assert.equal(one, two);
  await ground.provider.forget(golden);
  assert.equal((await bot.take(await ground.session("s1"), "demo/calculator")).is, "warm");
  await ground.until(async () => (await warmOnes()).length === 2);
  const [, fresh] = await Promise.all((await warmOnes()).map(({ name }) => inClone(name, "prepared.txt")));
  assert.notEqual(fresh, one);
  assert.notEqual(await goldenToken(), golden);
  await ground.clear();
});

test("a bot that is stopped ends what it has begun", async () => {
  const bot = ground.stock({ warm: 1, setup: "sleep 600" });
  bot.start();
  await ground.until(async () => (await running()).length === 1);
  await bot.stop();
  assert.deepEqual(await running(), []);
  assert.deepEqual(await rows(), []);
});
