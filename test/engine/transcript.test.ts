/** A session's transcript is the daemons' journals, whole and once: across turns, restarts of both sides, and sandboxes that are gone. */
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { newProgress } from "../../src/core/condense.ts";
import type { SessionEvent } from "../../src/core/decision.ts";
import { NO_LIMITS } from "../../src/core/limits.ts";
import type { Session } from "../../src/core/types.ts";
import { catchUp } from "../../src/engine/catch-up.ts";
import type { Write } from "../../src/engine/claim.ts";
import { follow } from "../../src/engine/follow.ts";
import { daemonClient } from "../../src/sandboxes/daemon-client.ts";
import { sessionPages } from "../../src/store/pages.ts";
import { PI_ALONE } from "../../src/team-agents.ts";
import type { JournalEntry } from "../../src/wire/events.ts";
import { handWoundClock } from "../clock.ts";
import { accepted, says, tell } from "../core/story.ts";
import { newFolder, type RunningDaemon, sign, startDaemon, turnEnded } from "../daemon/running-daemon.ts";
import { done, scriptedAgent } from "../daemon/scripted-agent.ts";
import { storeSession, testStore } from "../database.ts";
import { quiet } from "../quiet.ts";
import { rentedMachines } from "./rented-machines.ts";

const { db, store, empty, close } = await testStore();
beforeEach(empty);
after(close);

const NATIVE = { type: "raw", native: "step", line: '{"type":"step"}' } as const;
const agents = {
  scripted: scriptedAgent(({ message, context }) => {
    context.report(NATIVE);
    if (message.includes("die")) context.exited({ code: 1, signal: null, stderrTail: "out of memory" });
    return done(`Did: ${message}`);
  }).factory,
};

async function living(daemon: Pick<RunningDaemon, "url">): Promise<Session> {
  const running = { name: "box-1", url: daemon.url, endsAt: null };
  const { session } = tell(says("m1", "fix it"), { type: "sandbox.ready", running, from: "cold" }, accepted("m1"));
  return { ...session, work: null };
}

const connect = ({ url }: { url: string }) => daemonClient({ url, token: () => sign({ scope: "control" }) });
const provider = rentedMachines();
const write =
  (session: Session): Write =>
  (work) =>
    store.transaction((tx) => work(tx, session));

/** Reads the turn m1 from where the reading has come to, and stores what it reads as a bot does. */
async function followed(session: Session): Promise<SessionEvent[]> {
  const events: SessionEvent[] = [];
  await follow(
    {
      ...{ connect, provider, clock: handWoundClock(), log: quiet },
      forge: { credential: async () => null, identity: async () => ({ name: "Bot", email: "bot@example.com" }) },
      settings: { agent: "pi", agents: PI_ALONE, model: undefined, models: {}, limits: NO_LIMITS },
    },
    {
      ...{ session, turn: "m1", from: await store.readSoFar(session.id), progress: newProgress("m1", null, "", 0) },
      signal: new AbortController().signal,
      async store({ entries, position, event }) {
        await store.transaction((tx) => store.addTranscript(tx, session.id, entries, position));
        if (event) events.push(event);
      },
      show() {},
    },
  );
  return events;
}

const caughtUp = (session: Session): Promise<void> =>
  catchUp({ connect, store, clock: handWoundClock(), log: quiet, settings: {} }, session, write(session));

const stored = async ({ id }: Session, raw = true): Promise<JournalEntry[]> =>
  (await sessionPages(db).transcript(id, 0, 10_000, { raw })).map(({ entry }) => entry);
const told = (entries: JournalEntry[]): unknown[] => entries.map(({ cursor, event }) => [cursor, event]);

test("all that the daemon journalled is there, also what came between turns and while nobody listened", async (t) => {
  const daemon = await startDaemon(t, { agents });
  const session = await living(daemon);
  await storeSession(store, session);
  await daemon.prompt("die once", { id: "m1" });
  await daemon.until(turnEnded("m1"));
  assert.deepEqual(
    (await followed(session)).map(({ type }) => type),
    ["turn.ended"],
  );
  await daemon.close();
  const again = await startDaemon(t, { agents, folder: daemon.folder });
  const woken = { ...session, sandbox: { ...session.sandbox, url: again.url } } as Session;
  await caughtUp(woken);
  const whole = await again.replay();
  assert.deepEqual(told(await stored(session)), told(whole));
  assert.deepEqual(whole.at(-1)?.event.type, "daemon.started");
  assert.ok(
    whole.some(({ event }) => event.type === "agent.exited") && whole.some(({ event }) => event.type === "agent.raw"),
  );
  // Nothing is left to read, and reading it again changes nothing.
  await caughtUp(woken);
  await store.transaction((tx) => store.addTranscript(tx, session.id, whole, { epoch: null, cursor: 0 }));
  await caughtUp(woken);
  assert.deepEqual(told(await stored(session)), told(whole));
});

test("what the agent itself tells is there for who asks for it, and for nobody else", async (t) => {
  const daemon = await startDaemon(t, { agents });
  const session = await living(daemon);
  await storeSession(store, session);
  await daemon.prompt("fix it", { id: "m1" });
  await daemon.until(turnEnded("m1"));
  await caughtUp(session);
  const raw = (entries: JournalEntry[]) =>
    entries.flatMap(({ event }) => (event.type === "agent.raw" ? [event.line] : []));
  assert.deepEqual(raw(await stored(session)), [NATIVE.line]);
  assert.deepEqual(raw(await stored(session, false)), []);
});

test("after a lost sandbox the other journal is there as well, from its beginning", async (t) => {
  const [lost, next] = [await startDaemon(t, { agents }), await startDaemon(t, { agents })];
  const session = await living(lost);
  await storeSession(store, session);
  await lost.prompt("hello", { id: "m0" });
  await lost.until(turnEnded("m0"));
  await caughtUp(session);
  await lost.close();
  await next.prompt("fix it", { id: "m1" });
  await next.until(turnEnded("m1"));
  const before = await stored(session);
  await followed({ ...session, sandbox: { ...session.sandbox, url: next.url } } as Session);
  assert.deepEqual(told(await stored(session)), told([...before, ...(await next.replay())]));
});

test("a sandbox that was woken from older files tells other things in the same places: both are there", async (t) => {
  const kept = await startDaemon(t, { agents });
  await kept.prompt("hello", { id: "m0" });
  await kept.until(turnEnded("m0"));
  await kept.close();
  const folder = newFolder(t);
  cpSync(join(kept.folder, "state"), join(folder, "state"), { recursive: true });
  const ranOn = await startDaemon(t, { agents, folder: kept.folder });
  for (const id of ["a", "b"]) {
    await ranOn.prompt("more", { id });
    await ranOn.until(turnEnded(id));
  }
  const session = await living(ranOn);
  await storeSession(store, session);
  await caughtUp(session);
  const before = await stored(session);
  await ranOn.close();
  const woken = await startDaemon(t, { agents, folder });
  await woken.prompt("fix it", { id: "m1" });
  await woken.until(turnEnded("m1"));
  await followed({ ...session, sandbox: { ...session.sandbox, url: woken.url } } as Session);
  const of = (turn: string, entries: JournalEntry[]) =>
    entries.filter(({ event }) => event.type === "turn.ended" && event.turn === turn).length;
  const all = await stored(session);
  assert.deepEqual(all.slice(0, before.length), before);
  assert.deepEqual(
    ["m0", "a", "b", "m1"].map((turn) => of(turn, all)),
    [1, 1, 1, 1],
  );
});

test("what was cut from a journal before it was read is told as that", async (t) => {
  const daemon = await startDaemon(t, { agents, config: { journalMaxBytes: 1_500 } });
  const session = await living(daemon);
  await storeSession(store, session);
  for (const id of ["a", "b", "c"]) {
    await daemon.prompt("x".repeat(300), { id });
    await daemon.until(turnEnded(id));
  }
  await caughtUp(session);
  const [first] = await stored(session);
  assert.ok(first?.event.type === "journal.cut" && first.event.from === 1, first?.event.type);
});

test("a sandbox that cannot be read sleeps all the same", async (t) => {
  const daemon = await startDaemon(t, { agents });
  await daemon.close();
  const session = await living(daemon);
  await storeSession(store, session);
  await caughtUp(session);
  assert.deepEqual(await stored(session), []);
});
