/** What runs compared with what is written down: on true local sandboxes, and on more of them than a machine could run. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as moment } from "node:timers/promises";
import type { KyselyPlugin } from "kysely";
import { newSession } from "../../src/core/decide.ts";
import type { SandboxState } from "../../src/core/types.ts";
import { createReconciler, type Missing, reconcile } from "../../src/engine/reconcile.ts";
import { ThreadboxError } from "../../src/errors.ts";
import { localProvider } from "../../src/sandboxes/local.ts";
import type { Listed } from "../../src/sandboxes/provider.ts";
import { createStore } from "../../src/store/store.ts";
import { type HandWoundClock, handWoundClock } from "../clock.ts";
import { slackThread } from "../core/story.ts";
import { storeSession, testStore } from "../database.ts";
import { quiet } from "../quiet.ts";
import { type RentedMachines, rentedMachines } from "./rented-machines.ts";

const MINUTE_MS = 60_000;

const { db, store, empty, close } = await testStore();
beforeEach(empty);
after(close);

async function session(id: string, sandbox: SandboxState): Promise<void> {
  await storeSession(store, { ...newSession(id, slackThread, "Untitled", 0), sandbox });
}
const using = (name: string): SandboxState => ({
  is: "ready",
  since: 0,
  from: null,
  name,
  url: "http://x",
  endsAt: null,
});

describe("on this machine", () => {
  let home: string;
  let provider: ReturnType<typeof localProvider>;
  let clock: HandWoundClock;
  let missing: Missing;
  const look = () => reconcile({ store, provider, clock, log: quiet }, missing);
  const running = async () => (await provider.list()).map(({ name }) => name).sort();
  const row = (name: string, kind: "warm" | "golden" | "person", minutesAgo = 0) =>
    store.addSandbox({
      ...{ name, kind, provider: "local", repository: "acme/api", prepared: "p" },
      createdAt: new Date(clock.now() - minutesAgo * MINUTE_MS),
    });
  before(async () => {
    home = await mkdtemp(join(tmpdir(), "threadbox-reconcile-"));
    provider = localProvider({ home, log: quiet });
  });
  beforeEach(() => {
    clock = handWoundClock(Date.now());
    missing = new Map();
  });
  after(async () => {
    for (const name of await running()) await provider.destroy(name);
    await rm(home, { recursive: true, force: true });
  });

  test("what nobody knows is ended, what a session or a person uses or the stock holds is not", async () => {
    await session("s1", { is: "starting", since: 0, from: null });
    await session("s2", using("threadbox-warm-2"));
    await session("s3", { is: "none" });
    const known = ["threadbox-s1", "threadbox-warm-2", "threadbox-warm-3", "threadbox-golden-4", "threadbox-mine"];
    const strays = ["threadbox-s2", "threadbox-s3", "threadbox-warm-9"];
    for (const name of [...known, ...strays]) await provider.start(name, { from: null });
    await row("threadbox-warm-3", "warm");
    await row("threadbox-golden-4", "golden");
    await row("threadbox-mine", "person");
    clock.advance(11 * MINUTE_MS);
    const done = await look();
    assert.deepEqual(done.ended.sort(), strays);
    assert.deepEqual(done.forgotten, []);
    assert.deepEqual(await running(), known.sort());
    for (const name of known) await provider.destroy(name);
  });

  test("nothing is ended that is younger than ten minutes: its start may be under way", async () => {
    await provider.start("threadbox-young", { from: null });
    clock.advance(9 * MINUTE_MS);
    assert.deepEqual((await look()).ended, []);
    clock.advance(2 * MINUTE_MS);
    assert.deepEqual((await look()).ended, ["threadbox-young"]);
  });

  test("a session that sleeps does not lose its files, even should its sandbox run", async () => {
    await provider.start("threadbox-warm-5", { from: null });
    await session("s5", { is: "asleep", since: 0, token: "threadbox-warm-5" });
    clock.advance(11 * MINUTE_MS);
    assert.deepEqual((await look()).ended, []);
    assert.deepEqual(await running(), ["threadbox-warm-5"]);
    await provider.destroy("threadbox-warm-5");
  });

  test("rows are forgotten when their sandbox has been gone for ten minutes, and not before", async () => {
    for (const kind of ["warm", "golden", "person"] as const) await row(`threadbox-${kind}`, kind, 60);
    await provider.start("threadbox-person", { from: null });
    assert.deepEqual((await look()).forgotten, []);
    clock.advance(9 * MINUTE_MS);
    assert.deepEqual((await look()).forgotten, []);
    clock.advance(MINUTE_MS);
    assert.deepEqual((await look()).forgotten.sort(), ["threadbox-golden", "threadbox-warm"]);
    assert.deepEqual(
      (await store.knownSandboxes()).map(({ name }) => name),
      ["threadbox-person"],
    );
    await provider.destroy("threadbox-person");
  });

  test("a person's own that stopped keeps its row, by which its files are found, until somebody destroys it", async () => {
    await provider.start("threadbox-mine", { from: null });
    await row("threadbox-mine", "person", 60);
    await provider.sleep("threadbox-mine");
    await look();
    clock.advance(11 * MINUTE_MS);
    assert.deepEqual((await look()).forgotten, []);
    await provider.destroy("threadbox-mine");
  });

  test("one that was missing for a moment begins anew, and so does one that a bot speaks for", async () => {
    await row("threadbox-back", "person", 60);
    await row("threadbox-busy", "warm", 60);
    await look();
    clock.advance(9 * MINUTE_MS);
    await provider.start("threadbox-back", { from: null });
    await store.stillBusy("threadbox-busy", new Date(clock.now()));
    await look();
    await provider.destroy("threadbox-back");
    clock.advance(9 * MINUTE_MS);
    assert.deepEqual((await look()).forgotten, []);
    clock.advance(MINUTE_MS);
    assert.deepEqual((await look()).forgotten, ["threadbox-busy"]);
  });

  test("rows of another provider are not looked for here", async () => {
    await row("threadbox-elsewhere", "person", 60);
    await db.updateTable("sandboxes").set({ provider: "modal" }).execute();
    await look();
    clock.advance(20 * MINUTE_MS);
    assert.deepEqual((await look()).forgotten, []);
  });

  test("snapshots that have expired are forgotten", async () => {
    const snapshot = { provider: "local", repository: null, prepared: null };
    await store.addSnapshot({ ...snapshot, label: "old", token: "t1", expiresAt: new Date(clock.now()) });
    await store.addSnapshot({ ...snapshot, label: "young", token: "t2", expiresAt: new Date(clock.now() + 1) });
    await store.addSnapshot({ ...snapshot, label: "for ever", token: "t3", expiresAt: null });
    assert.deepEqual((await look()).expired, ["old"]);
  });
});

describe("with a thousand sandboxes", () => {
  let provider: RentedMachines;
  const clock = handWoundClock();
  const rent = (names: string[]) => {
    for (const name of names) provider.machines.set(name, { name, createdAt: clock.now() - 60 * MINUTE_MS });
  };
  const numbers = Array.from({ length: 1_000 }, (_, number) => number);
  beforeEach(() => {
    provider = rentedMachines();
  });

  test("a look asks the provider once and the database four times, when nothing is to be done", async () => {
    await db
      .insertInto("sessions")
      .values(
        numbers.map((number) => {
          const state = {
            ...newSession(`s${number}`, slackThread, "Untitled", 0),
            sandbox: using(`threadbox-s${number}`),
          };
          return { id: state.id, owner: null, state: JSON.stringify(state), stream_epoch: null };
        }),
      )
      .execute();
    rent(numbers.map((number) => `threadbox-s${number}`));
    let questions = 0;
    const counting: KyselyPlugin = {
      transformQuery: ({ node }) => node,
      async transformResult({ result }) {
        questions += 1;
        return result;
      },
    };
    const counted = createStore(db.withPlugin(counting));
    const done = await reconcile({ store: counted, provider, clock, log: quiet }, new Map());
    assert.deepEqual(done, { ended: [], forgotten: [], expired: [], overslept: [] });
    assert.equal(provider.machines.size, 1_000);
    assert.deepEqual(provider.found, []);
    assert.ok(questions <= 4, `${questions} questions`);
  });

  test("it is done at the start and every five minutes, by one of several bots", async () => {
    const looks: PromiseWithResolvers<Listed[]>[] = [];
    const hand = handWoundClock();
    provider.list = () => {
      const asked = Promise.withResolvers<Listed[]>();
      looks.push(asked);
      return asked.promise;
    };
    const bots = [1, 2].map(() => createReconciler({ store, provider, clock: hand, log: quiet }));
    const until = async (count: number) => {
      while (looks.length < count) await moment(5);
    };
    for (const bot of bots) bot.start();
    await until(1);
    // The other one was refused meanwhile, and is through with its turn.
    await store.unlessElsewhere("reconcile", async () => assert.fail("two at once"));
    looks[0]?.resolve([]);
    await bots[0]?.stop();
    await bots[1]?.stop();
    assert.equal(looks.length, 1);
    const [only] = bots;
    only?.start();
    await until(2);
    looks[1]?.resolve([]);
    while (looks.length < 3) {
      hand.advance(5 * MINUTE_MS);
      await moment(5);
    }
    looks[2]?.resolve([]);
    await only?.stop();
  });

  test("strays are ended five at a time, and one that cannot be ended does not keep the others", async () => {
    rent(numbers.slice(0, 100).map((number) => `threadbox-stray-${number}`));
    provider.beforeEnd = async (name) => {
      await moment(1);
      if (name.endsWith("-7")) throw new ThreadboxError("sandbox.unavailable", "Not now");
    };
    const { ended } = await reconcile({ store, provider, clock, log: quiet }, new Map());
    assert.equal(ended.length, 99);
    assert.deepEqual([...provider.machines.keys()], ["threadbox-stray-7"]);
    assert.equal(provider.mostAtOnce, 5);
  });

  test("a session that is mentioned while others are ended keeps its sandbox", async () => {
    rent(numbers.slice(0, 20).map((number) => `threadbox-s${number}`));
    await session("s19", { is: "none" });
    const session19 = newSession("s19", slackThread, "Untitled", 0);
    const reason = { bot: null, event: "mentioned", about: {} };
    const starting = { ...session19, sandbox: { is: "starting", since: 0, from: null } } as const;
    let mentioned: Promise<void> | null = null;
    provider.beforeEnd = () => {
      mentioned ??= store.transaction((tx) =>
        store.save(tx, [{ before: session19, decision: { session: starting, effects: [] }, reason }]),
      );
      return mentioned;
    };
    await reconcile({ store, provider, clock, log: quiet }, new Map());
    assert.deepEqual([...provider.machines.keys()], ["threadbox-s19"]);
  });
});
