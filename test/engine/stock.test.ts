/** Golden snapshots, with everything true but the schedule. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { createKeeping } from "../../src/engine/stock-keeping.ts";
import { ThreadboxError } from "../../src/errors.ts";
import { GIT_PASSWORD, HOUR_MS, LABEL, MODEL_KEY, SETTLED_MS, stockGround } from "./stock-ground.ts";

const ground = await stockGround();
const { goldenToken, rows, running, inClone, filesWith } = ground;
after(() => ground.close());

/** A sandbox of a session, as the engine starts it: its daemon's history, and the clone on the session's branch. */
async function sessionIn(name: string, from: string | null) {
  const { deps, provider, repository } = ground;
  const sandbox = await deps.boot(await provider.start(name, { from }));
  const daemon = deps.connect(sandbox);
  const before = await daemon.status();
  const credential = await deps.forge.credential(repository, "read");
  await daemon.credentials({ version: "1", ...(credential ? { git: [credential] } : {}) });
  const { id, url, base, setup } = repository;
  const repo = { id, source: url, path: "calculator", base, branch: `threadbox/${name}`, ...(setup ? { setup } : {}) };
  await daemon.init({ workspace: { repos: [repo] } });
  await ground.until(async () => (await daemon.status()).repositories[0]?.is !== "preparing");
  const [clone] = (await daemon.status()).repositories;
  return { epoch: before.epoch, clone, prepared: await inClone(name, "prepared.txt") };
}

const isLost = (thrown: unknown) => thrown instanceof ThreadboxError && thrown.code === "sandbox.lost";

describe("a repository that wants a golden snapshot", () => {
  let first: string | null;
  after(() => ground.clear());

  test("is prepared in a sandbox of its own, which leaves nothing but the snapshot, however many bots there are", async () => {
    const bots = [ground.stock({ goldenEveryMs: 24 * HOUR_MS }), ground.stock({ goldenEveryMs: 24 * HOUR_MS })];
    for (const bot of bots) bot.start();
    await ground.until(async () => (await goldenToken()) !== null && (await rows()).length === 0);
    first = await goldenToken();
    assert.deepEqual(await running(), []);
    assert.equal(ground.logged("stock.done").filter(({ what }) => what === LABEL).length, 1);
    assert.deepEqual(await bots[0]?.take(await ground.session("s1"), "demo/calculator"), {
      is: "golden",
      token: first,
    });
  });

  test("with the host's password and without the model's key, and neither is in any of its files", async () => {
    assert.ok(ground.git.logins.includes(`x:${GIT_PASSWORD}`));
    for (const secret of [GIT_PASSWORD, MODEL_KEY, btoa(`x:${GIT_PASSWORD}`)])
      assert.deepEqual(await filesWith(secret), []);
    assert.equal((await filesWith("The sum of two numbers")).length > 0, true);
  });

  test("gives each session the clone, set up once, and a history of its own", async () => {
    const one = await sessionIn("one", first);
    const two = await sessionIn("two", first);
    assert.deepEqual(one.clone, { id: "calculator", path: "calculator", branch: "threadbox/one", is: "ready" });
    assert.equal(one.prepared, "once\n");
    assert.equal(two.prepared, "once\n");
    assert.notEqual(one.epoch, two.epoch);
  });

  test("is prepared anew when its time has come, and the old files go", async () => {
    ground.clock.advance(24 * HOUR_MS);
    await ground.until(async () => (await goldenToken()) !== first);
    await assert.rejects(ground.provider.start("late", { from: first }), isLost);
  });

  test("and when its setup has changed: until then sessions start cold", async () => {
    const old = await goldenToken();
    const bot = ground.stock({ goldenEveryMs: 24 * HOUR_MS, setup: "echo twice >> prepared.txt" });
    assert.deepEqual(await bot.take("s1", "demo/calculator"), { is: "cold" });
    bot.start();
    ground.clock.advance(SETTLED_MS);
    await ground.until(async () => (await goldenToken()) !== old);
    assert.equal((await bot.take("s1", "Demo/Calculator")).is, "golden");
  });

  test("a snapshot whose files are gone is not given twice", async () => {
    const bot = ground.stock({ goldenEveryMs: 24 * HOUR_MS, setup: "echo twice >> prepared.txt" });
    const golden = await bot.take("s1", "demo/calculator");
    assert.equal(golden.is, "golden");
    await bot.lost(golden);
    assert.deepEqual(await bot.take("s1", "demo/calculator"), { is: "cold" });
  });

  test("a repository that wants none, or that nobody knows, starts cold", async () => {
    assert.deepEqual(await ground.stock({}).take("s1", "demo/calculator"), { is: "cold" });
    assert.deepEqual(await ground.stock({ warm: 1 }).take("s1", "somebody/else"), { is: "cold" });
    assert.deepEqual(await ground.stock({ warm: 1 }).take("s1", null), { is: "cold" });
  });
});

describe("a golden snapshot that cannot be made", () => {
  after(() => ground.clear());

  test("leaves nothing behind, and the log says why", async () => {
    ground.stock({ goldenEveryMs: HOUR_MS, setup: "echo the registry is down; exit 7" }).start();
    await ground.until(async () => ground.logged("stock.failed").length > 0 && (await rows()).length === 0);
    assert.deepEqual(await running(), []);
    assert.equal(await goldenToken(), null);
    const [failed] = ground.logged("stock.failed");
    assert.equal(failed?.code, "git.setup-failed");
    assert.match(String(failed?.detail), /the registry is down/);
  });

  test("is tried again after a minute, two, four, and at last four hours", async () => {
    const { clock, deps } = ground;
    const keeping = createKeeping(deps, new AbortController().signal, () => {});
    const pauses: number[] = [];
    for (let count = 0; count < 10; count++) {
      keeping.begin("golden", LABEL, () => Promise.reject(new Error("no")));
      await keeping.settled();
      const failedAt = clock.now();
      while (!keeping.mayTry(LABEL)) clock.advance(60_000);
      pauses.push((clock.now() - failedAt) / 60_000);
    }
    assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 240, 240]);
    keeping.begin("golden", LABEL, async () => {});
    await keeping.settled();
    keeping.begin("golden", LABEL, () => Promise.reject(new Error("no")));
    await keeping.settled();
    clock.advance(60_000);
    assert.equal(keeping.mayTry(LABEL), true);
  });
});

describe("a bot that died while it prepared something", () => {
  after(() => ground.clear());

  test("left rows and sandboxes, which the next one ends before it begins anew", async () => {
    const { clock, provider, store, repository } = ground;
    const left = { provider: "local", repository: repository.name, prepared: "p", createdAt: new Date(clock.now()) };
    await store.addSandbox({ ...left, name: "threadbox-golden-cc1ab9d5d1", kind: "golden" });
    await store.addSandbox({ ...left, name: "threadbox-warm-left", kind: "warm" });
    await provider.start("threadbox-warm-left", { from: null });
    clock.advance(6 * 60_000);
    ground.stock({ goldenEveryMs: HOUR_MS }).start();
    await ground.until(async () => (await goldenToken()) !== null && (await rows()).length === 0);
    assert.deepEqual(await running(), []);
  });
});
