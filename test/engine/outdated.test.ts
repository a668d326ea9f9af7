/** A daemon that was there before the bot was upgraded, and speaks what bots spoke then. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { systemClock } from "../../src/clock.ts";
import type { SessionEvent } from "../../src/core/decision.ts";
import { NO_LIMITS } from "../../src/core/limits.ts";
import { startJobs } from "../../src/engine/jobs.ts";
import type { EngineDeps } from "../../src/engine/ports.ts";
import { sendTurn } from "../../src/engine/send.ts";
import { ThreadboxError } from "../../src/errors.ts";
import { daemonClient } from "../../src/sandboxes/daemon-client.ts";
import { plainForge } from "../../src/surfaces/plain-forge.ts";
import { PI_ALONE } from "../../src/team-agents.ts";
import { WIRE_VERSION } from "../../src/wire/version.ts";
import { ready, says, tell } from "../core/story.ts";
import { testStore } from "../database.ts";
import { quiet } from "../quiet.ts";
import { rentedMachines } from "./rented-machines.ts";

const notAsked = () => assert.fail("nobody asks for this here");

/** It knows its work, and not the prompts of today. */
async function daemonOf(t: TestContext, wire: number): Promise<string> {
  const problem = { type: "about:blank", title: "Bad Request", status: 400, code: "invalid", detail: "publish" };
  const server = createServer(({ url }, response) => {
    const answer = url === "/health" ? { ok: true, wire, sandbox: "threadbox-s0001" } : problem;
    response.writeHead(url === "/prompt" ? 400 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function send(t: TestContext, wire: number, ...before: SessionEvent[]) {
  const { store, connection, close } = await testStore();
  const jobs = await startJobs({ connection, log: quiet });
  t.after(async () => {
    await jobs.stop();
    await close();
  });
  const url = await daemonOf(t, wire);
  const deps: EngineDeps = {
    ...{ store, inboxStore: store, jobs, surfaces: {}, repositories: [], provider: rentedMachines() },
    ...{ forge: plainForge, clock: systemClock, log: quiet },
    ...{ inbox: { receive: notAsked }, stock: { take: notAsked, lost: notAsked }, boot: notAsked },
    connect: () => daemonClient({ url, token: async () => "token" }),
    settings: {
      ...{ name: "threadbox", owner: "b1", agent: "pi", agents: PI_ALONE, model: undefined, models: {} },
      ...{ idleAfterMs: 1_000, turnLimitMs: 1_000, limits: NO_LIMITS, maxSessions: 1, page: () => null },
    },
    onWake: () => () => {},
  };
  const { session } = tell(says("m1", "fix it"), ready, before);
  return sendTurn(deps, session, "m1", (work) => store.transaction((tx) => work(tx, session)));
}

test("the turn that it refuses waits for a fresh daemon", async (t) =>
  assert.deepEqual(await send(t, WIRE_VERSION - 1), { type: "daemon.outdated", turn: "m1" }));

test("and is refused where that daemon could not be put to sleep", async (t) => {
  const again: SessionEvent[] = [{ type: "daemon.outdated", turn: "m1" }, { type: "sleep.failed" }];
  await assert.rejects(send(t, WIRE_VERSION - 1, ...again), isRefused);
});

test("what a daemon of today refuses is refused", async (t) => assert.rejects(send(t, WIRE_VERSION), isRefused));

const isRefused = (thrown: unknown): boolean => thrown instanceof ThreadboxError && thrown.code === "daemon.refused";
