/** The stream of one turn, read from a real daemon whose machine was not always this one. */
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { newProgress } from "../../src/core/condense.ts";
import type { SessionEvent } from "../../src/core/decision.ts";
import { follow } from "../../src/engine/follow.ts";
import { daemonClient } from "../../src/sandboxes/daemon-client.ts";
import type { StreamPosition } from "../../src/wire/events.ts";
import { handWoundClock } from "../clock.ts";
import { accepted, says, tell } from "../core/story.ts";
import { newFolder, type RunningDaemon, sign, startDaemon, turnEnded } from "../daemon/running-daemon.ts";
import { done, scriptedAgent } from "../daemon/scripted-agent.ts";
import { quiet } from "../quiet.ts";
import { rentedMachines } from "./rented-machines.ts";

const agents = { scripted: scriptedAgent(({ message }) => done(`Did: ${message}`)).factory };

/** What following the turn m1, at its second attempt, from there on comes to. */
async function followed(daemon: RunningDaemon, from: StreamPosition): Promise<SessionEvent[]> {
  const lost: SessionEvent = { type: "sandbox.lost", detail: "gone", attempt: 1 };
  const running = { name: "box-1", url: daemon.url, endsAt: null };
  const ready: SessionEvent = { type: "sandbox.ready", running, from: "cold" };
  const { session } = tell(says("m1", "fix it"), ready, accepted("m1"), lost, ready, accepted("m1"));
  assert.equal(session.turn?.attempt, 2);
  const events: SessionEvent[] = [];
  const deps = {
    connect: ({ url }: { url: string }) => daemonClient({ url, token: () => sign({ scope: "control" }) }),
    provider: rentedMachines(),
    forge: { credential: async () => null, identity: async () => ({ name: "Bot", email: "bot@example.com" }) },
    settings: { agent: "pi", model: undefined, models: {} },
    clock: handWoundClock(),
    log: quiet,
  };
  await follow(deps, {
    session: { ...session, work: null },
    turn: "m1",
    from,
    progress: newProgress("m1", null, "Starting", 0),
    signal: new AbortController().signal,
    store: async ({ event }) => void (event && events.push(event)),
    show: () => {},
  });
  return events;
}

/** A daemon on the files that another one had before it went on for a while, and how far that one was read. */
async function wokenFromOlderFiles(t: TestContext): Promise<{ daemon: RunningDaemon; read: StreamPosition }> {
  const folder = newFolder(t);
  const kept = await startDaemon(t, { agents });
  await kept.prompt("hello", { id: "m0" });
  await kept.until(turnEnded("m0"));
  await kept.close();
  cpSync(join(kept.folder, "state"), join(folder, "state"), { recursive: true });
  const ranOn = await startDaemon(t, { agents, folder: kept.folder });
  for (const id of ["a", "b", "c", "d"]) {
    await ranOn.prompt("more", { id });
    await ranOn.until(turnEnded(id));
  }
  const { epoch, cursor } = await ranOn.status();
  await ranOn.close();
  return { daemon: await startDaemon(t, { agents, folder }), read: { epoch, cursor } };
}

test("a turn that was sent to a sandbox with older files is read there, although its journal is shorter", async (t) => {
  const { daemon, read } = await wokenFromOlderFiles(t);
  await daemon.prompt("fix it", { id: "m1", attempt: 2 });
  const events = await followed(daemon, read);
  assert.deepEqual(
    events.map((event) =>
      event.type === "turn.ended" ? [event.attempt, event.result.answer.endsWith("fix it")] : event,
    ),
    [[2, true]],
  );
});

test("a turn that such a sandbox knows nothing of is lost", async (t) => {
  const { daemon, read } = await wokenFromOlderFiles(t);
  assert.deepEqual(
    (await followed(daemon, read)).map(({ type }) => type),
    ["sandbox.lost"],
  );
});

test("a machine that is gone is known at the first connection that cannot be had", async (t) => {
  const daemon = await startDaemon(t, { agents });
  await daemon.close();
  assert.deepEqual(
    (await followed(daemon, { epoch: null, cursor: 0 })).map(({ type }) => type),
    ["sandbox.lost"],
  );
});
