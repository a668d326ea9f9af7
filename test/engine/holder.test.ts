/** A holder that is late: what it saw, or what it was given, is not so any more. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate as breathe } from "node:timers/promises";
import { newSession } from "../../src/core/decide.ts";
import type { NumberedEffect } from "../../src/core/decision.ts";
import { NO_LIMITS } from "../../src/core/limits.ts";
import { claimSession } from "../../src/engine/claim.ts";
import { hold } from "../../src/engine/holder.ts";
import { startJobs } from "../../src/engine/jobs.ts";
import type { EngineDeps } from "../../src/engine/ports.ts";
import { plainForge } from "../../src/surfaces/plain-forge.ts";
import { PI_ALONE } from "../../src/team-agents.ts";
import { storeSession, testStore } from "../database.ts";
import { quiet } from "../quiet.ts";
import { inThread, type World } from "../surfaces/slack-world.ts";
import { rentedMachines } from "./rented-machines.ts";

const notAsked = async (): Promise<never> => {
  throw new Error("nobody asks for this here");
};

const settings: EngineDeps["settings"] = {
  ...{ name: "threadbox", owner: "b1", agent: "pi", agents: PI_ALONE, model: undefined, models: {} },
  ...{ idleAfterMs: 1_000, turnLimitMs: 1_000, limits: NO_LIMITS, maxSessions: 1, page: () => null },
};

/** Everything but a sandbox. */
function depsOf({ surface, clock }: World, given: Pick<EngineDeps, "store" | "jobs">): EngineDeps {
  return {
    ...{ ...given, inboxStore: given.store, surfaces: { slack: surface }, forge: plainForge, clock, log: quiet },
    ...{ provider: rentedMachines(), stock: { take: notAsked, lost: notAsked }, boot: notAsked },
    connect: () => assert.fail("there is no sandbox"),
    inbox: { receive: notAsked },
    ...{ repositories: [], settings, onWake: () => () => {} },
  };
}

async function emptyStore(t: TestContext) {
  const { store, connection, close } = await testStore();
  const jobs = await startJobs({ connection, log: quiet });
  t.after(async () => {
    await jobs.stop();
    await close();
  });
  return { store, jobs };
}

test("words that may have been posted are looked for, also where an old look says that nobody tried", async (t) => {
  const { store, jobs } = await emptyStore(t);
  await inThread(async (world) => {
    const { slack, clock, thread, root } = world;
    const session = newSession("s1", thread, "Untitled", 0);
    await storeSession(store, session);
    const effects: NumberedEffect[] = [
      { id: "s1/0", effect: { do: "say", thread, text: "hello" } },
      { id: "s1/1", effect: { do: "say", thread, text: "goodbye" } },
    ];
    const reason = { bot: null, event: "mentioned", about: {} };
    await store.transaction(async (tx) => {
      await store.save(tx, [{ before: session, decision: { session, effects }, reason }]);
      await jobs.wake(tx, ["s1"]);
    });
    slack.faults.next("chat.postMessage", { status: 500, after: "commit" });
    const job = await jobs.fetch();
    assert.ok(job);

    const seen = Promise.withResolvers<void>();
    const late = Promise.withResolvers<void>();
    const tried: string[] = [];
    let looks = 0;
    const slowly: EngineDeps["store"] = {
      ...store,
      async look(id, epoch) {
        const look = await store.look(id, epoch);
        if (++looks !== 2) return look;
        seen.resolve();
        await late.promise;
        return look;
      },
      async countAttempt(fence, id) {
        if (looks === 1) holder.wake();
        tried.push(id);
        await seen.promise;
        return store.countAttempt(fence, id);
      },
    };
    const failed = Promise.withResolvers<void>();
    const tell: EngineDeps["tell"] = ({ type }) => type === "effect.failed" && failed.resolve();
    const holder = hold({ ...depsOf(world, { store: slowly, jobs }), tell }, job);
    await failed.promise;
    // Its pause is over before the second look comes back.
    await breathe();
    clock.advance(1_000);
    await breathe();
    late.resolve();
    assert.equal(await holder.done, "released");
    assert.deepEqual(tried, ["s1/0", "s1/0", "s1/1"]);
    assert.deepEqual(
      slack
        .thread("#web", root)
        .replies()
        .map(({ text }) => text),
      ["hello", "goodbye"],
    );
  });
});

test("a session that somebody else has fetched since is left to whoever has it", async (t) => {
  const { store, jobs } = await emptyStore(t);
  await inThread(async (world) => {
    await storeSession(store, newSession("s1", world.thread, "Untitled", 0));
    await store.transaction((tx) => jobs.wake(tx, ["s1"]));
    const late = await jobs.fetch();
    assert.ok(late);
    await jobs.giveBack(late); // its lease has run out, say
    const job = await jobs.fetch();
    assert.ok(job);
    const claim = await claimSession(store, { id: "s1", owner: "b2", isOurs: (tx) => jobs.isOurs(tx, job) });
    assert.equal(await hold(depsOf(world, { store, jobs }), late).done, "abandoned");
    assert.equal(await claim.write(async (_tx, { id }) => id), "s1");
  });
});
