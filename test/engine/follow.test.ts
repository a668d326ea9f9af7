/** The stream of one turn, read from a real daemon whose machine was not always this one. */
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Clock } from "../../src/clock.ts";
import type { Raised } from "../../src/core/budget.ts";
import { newProgress } from "../../src/core/condense.ts";
import type { SessionEvent } from "../../src/core/decision.ts";
import { type Limits, NO_LIMITS } from "../../src/core/limits.ts";
import type { Prices } from "../../src/core/prices.ts";
import type { Progress } from "../../src/core/types.ts";
import { follow } from "../../src/engine/follow.ts";
import type { Spent } from "../../src/engine/spending.ts";
import { daemonClient } from "../../src/sandboxes/daemon-client.ts";
import { PI_ALONE } from "../../src/team-agents.ts";
import type { JournalEntry, StreamPosition, Usage } from "../../src/wire/events.ts";
import { handWoundClock } from "../clock.ts";
import { accepted, says, tell } from "../core/story.ts";
import { newFolder, type RunningDaemon, sign, startDaemon, turnEnded } from "../daemon/running-daemon.ts";
import { done, scriptedAgent } from "../daemon/scripted-agent.ts";
import { quiet } from "../quiet.ts";
import { rentedMachines } from "./rented-machines.ts";
import { toldDaemon } from "./told-daemon.ts";

const agents = { scripted: scriptedAgent(({ message }) => done(`Did: ${message}`)).factory };

interface Wish {
  limits?: Limits;
  clock?: Clock;
  /** Before a batch is stored. */
  storing?: (entries: JournalEntry[]) => Promise<void>;
  show?: (progress: Progress) => void;
  prices?: Prices;
  spent?: () => Promise<Spent | null>;
}

/** What following the turn m1, at its second attempt, from there on comes to. */
async function followed(
  daemon: Pick<RunningDaemon, "url">,
  from: StreamPosition,
  { limits = NO_LIMITS, clock = handWoundClock(), storing = async () => {}, show = () => {}, prices, spent }: Wish = {},
): Promise<SessionEvent[]> {
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
    settings: { agent: "pi", agents: PI_ALONE, model: undefined, models: {}, limits, prices },
    clock,
    log: quiet,
  };
  await follow(deps, {
    session: { ...session, work: null },
    turn: "m1",
    from,
    progress: newProgress("m1", null, "Starting", 0),
    signal: new AbortController().signal,
    async store({ event, entries }) {
      await storing(entries);
      if (event) events.push(event);
    },
    show,
    ...(spent && { spent }),
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

const USED = { inputTokens: 900, outputTokens: 101, costUsd: 0.5 };

test("a turn that uses more than it may is heard of as soon as it has", async (t) => {
  const spender = scriptedAgent(({ message, context }) => {
    context.report({ type: "usage", usage: { ...USED, inputTokens: 1 } });
    context.report({ type: "usage", usage: USED });
    return done(`Did: ${message}`);
  });
  const daemon = await startDaemon(t, { agents: { scripted: spender.factory } });
  await daemon.prompt("fix it", { id: "m1", attempt: 2 });
  const limits = { ...NO_LIMITS, perTurn: { tokens: 1_000, dollars: null } };
  const [over, end, ...more] = await followed(daemon, { epoch: null, cursor: 0 }, { limits });
  assert.deepEqual(over?.type === "over-budget" && [over.turn, over.attempt, over.code], ["m1", 2, "limit.tokens"]);
  assert.deepEqual([end?.type, more], ["turn.ended", []]);
});

test("#7 silence is heard of with what it waits for, of this attempt alone", async (t) => {
  const daemon = await toldDaemon();
  t.after(() => daemon.close());
  const silent = { silentMs: 300_000, stopsInMs: 300_000, during: null };
  for (const attempt of [undefined, 2] as const) {
    daemon.tells({ type: "turn.started", turn: "m1", ...(attempt ? { attempt } : {}), prompt: "fix it" });
    daemon.tells({ type: "turn.silent", turn: "m1", ...silent, during: attempt ? "npm test" : null });
  }
  daemon.tells({ type: "turn.silent", turn: "m0", ...silent });
  daemon.tells({ type: "turn.ended", turn: "m1", attempt: 2, outcome: "done", answer: "", durationMs: 1 });
  const [heard, end, ...more] = await followed(daemon, { epoch: null, cursor: 0 });
  assert.deepEqual(heard, { type: "silent", turn: "m1", attempt: 2, ...silent, during: "npm test" });
  assert.deepEqual([end?.type, more], ["turn.ended", []]);
});

/** A daemon whose agent has used that much for the turn m1, after one step. */
async function spends(t: TestContext, ...usages: Usage[]): Promise<RunningDaemon> {
  const spender = scriptedAgent(({ message, context }) => {
    const call = { call: "c1", tool: "bash" };
    context.report({ type: "tool.started", ...call, title: "npm test", input: "{}" });
    for (const usage of usages) context.report({ type: "usage", usage });
    return { ...done(`Did: ${message}`), usage: usages.at(-1) ?? USED };
  });
  const daemon = await startDaemon(t, { agents: { scripted: spender.factory } });
  await daemon.prompt("fix it", { id: "m1", attempt: 2 });
  return daemon;
}

test("an agent without prices is priced by the list as its words are read: shown, counted, and held to its budget", async (t) => {
  const unpriced: Usage = {
    ...USED,
    costUsd: 0,
    inputTokens: 1_000_000,
    outputTokens: 0,
    model: "gpt-5.5",
    pricedBy: "nobody",
  };
  const daemon = await spends(t, unpriced);
  const limits = { ...NO_LIMITS, perTurn: { tokens: null, dollars: 4 } };
  const shown: Progress[] = [];
  const from = { epoch: null, cursor: 0 };
  const [over, end] = await followed(daemon, from, { limits, show: (progress) => shown.push(progress) });
  assert.ok(over?.type === "over-budget");
  assert.deepEqual(over.code, "limit.cost");
  assert.match(over.detail, /^It has cost \$5\.00, .* It got as far as step 1, `npm test`; what is done stays/);
  const { usage } = shown.at(-1) ?? assert.fail();
  assert.deepEqual([usage.costUsd, usage.pricedBy], [5, "table"]);
  assert.deepEqual(end?.type === "turn.ended" && [end.result.usage?.costUsd, end.result.usage?.pricedBy], [5, "table"]);
  // By the team's own price it is cheap enough.
  const prices = { "gpt-5.5": { input: 1, output: 1 } };
  const [only] = await followed(daemon, from, { limits, prices });
  assert.equal(only?.type, "turn.ended");
});

const MILLION: Usage = { inputTokens: 1_000_000, outputTokens: 0, costUsd: 4, cacheReadTokens: 5, model: "m" };

test("what an attempt has spent whose machine died is spent: it counts for the cost of the turn, and for its budget", async (t) => {
  const daemon = await toldDaemon();
  t.after(() => daemon.close());
  const started = { type: "turn.started", turn: "m1", prompt: "fix it" } as const;
  daemon.tells(started);
  daemon.tells({ type: "usage", turn: "m1", usage: MILLION });
  daemon.tells({ ...started, attempt: 2 });
  daemon.tells({ type: "usage", turn: "m1", usage: { ...MILLION, costUsd: 1, pricedBy: "table", cacheReadTokens: 2 } });
  // Ended by force, it knows nothing of what it has used.
  const end = { type: "turn.ended", turn: "m1", attempt: 2, answer: "", durationMs: 1 } as const;
  daemon.tells({ ...end, outcome: "stopped", usage: { inputTokens: 0, outputTokens: 0, costUsd: 0 } });
  const limits = { ...NO_LIMITS, perTurn: { tokens: null, dollars: 4.5 } };
  const shown: Progress[] = [];
  const [over, over2] = await followed(
    daemon,
    { epoch: null, cursor: 0 },
    { limits, show: (progress) => shown.push(progress) },
  );
  const together = { ...MILLION, inputTokens: 2_000_000, costUsd: 5, cacheReadTokens: 7, pricedBy: "table" };
  assert.equal(over?.type === "over-budget" && over.code, "limit.cost");
  assert.deepEqual(over2?.type === "turn.ended" && over2.result.usage, together);
  assert.deepEqual(shown.at(-1)?.usage, together);
});

test("an end that is told once more, and an attempt that is read once more, are counted once", async (t) => {
  const daemon = await toldDaemon();
  t.after(() => daemon.close());
  const started = { type: "turn.started", turn: "m1", prompt: "fix it" } as const;
  const ended = { type: "turn.ended", turn: "m1", outcome: "done", answer: "", usage: MILLION, durationMs: 1 } as const;
  daemon.tells(started);
  daemon.tells({ type: "usage", turn: "m1", usage: MILLION });
  daemon.tells(ended);
  daemon.tells({ ...started, attempt: 2, again: true });
  daemon.tells({ ...ended, attempt: 2 });
  const [end] = await followed(daemon, { epoch: null, cursor: 0 });
  assert.deepEqual(end?.type === "turn.ended" && end.result.usage, MILLION);
  const { earlier, ...once } = [...(await shownOf(daemon))].at(-1) ?? assert.fail();
  assert.deepEqual([earlier, once.usage], [undefined, MILLION]);
});

async function shownOf(daemon: Pick<RunningDaemon, "url">): Promise<Progress[]> {
  const shown: Progress[] = [];
  await followed(daemon, { epoch: null, cursor: 0 }, { show: (progress) => shown.push(progress) });
  return shown;
}

test("a turn is held to what others spend meanwhile, and told so before it is stopped", async (t) => {
  const daemon = await spends(t, { ...USED, costUsd: 1 }, { ...USED, costUsd: 3 });
  const limits = { ...NO_LIMITS, perSession: { tokens: null, dollars: 10 } };
  const session = { tokens: 0, dollars: 7.5 };
  const turns = { person: 0, channel: 0, repository: 0, organisation: 0 };
  const beside = (raised?: Raised) => async () => ({ spent: { turns, tokens: 0, dollars: 0, session }, raised });
  const from = { epoch: null, cursor: 0 };
  const near = new Set<string | undefined>();
  const [over] = await followed(daemon, from, { limits, spent: beside(), show: (progress) => near.add(progress.near) });
  assert.deepEqual(over?.type === "over-budget" && [over.code, over.raised], ["limit.session-cost", 0]);
  assert.ok(near.has("$8.50 of $10.00: the budget of this session is nearly used up, then I am stopped"));
  const raised = { dollars: 5, day: { since: 0, dollars: 5 }, turn: 5 };
  const [end] = await followed(daemon, from, { limits, spent: beside(raised) });
  assert.equal(end?.type, "turn.ended");
});

test("an agent that floods the transcript with events of its own is kept up to a size, and its turn all the same", async (t) => {
  const daemon = await toldDaemon();
  t.after(() => daemon.close());
  daemon.tells({ type: "turn.started", turn: "m1", attempt: 2, prompt: "fix it" });
  for (const native of ["first", "second", "third", "fourth"])
    daemon.tells({ type: "agent.raw", turn: "m1", native, line: "x".repeat(3_000_000), cut: true });
  daemon.tells({ type: "turn.ended", turn: "m1", attempt: 2, outcome: "done", answer: "", durationMs: 1 });
  const kept: string[] = [];
  const storing = async (entries: JournalEntry[]) => {
    kept.push(...entries.map(({ event }) => (event.type === "agent.raw" ? event.native : event.type)));
  };
  const [end] = await followed(daemon, { epoch: null, cursor: 0 }, { storing });
  assert.equal(end?.type, "turn.ended");
  assert.deepEqual(kept, ["turn.started", "first", "second", "third", "turn.ended"]);
});

test("what is told faster than it can be stored waits in the sandbox", async (t) => {
  const talker = scriptedAgent(({ context }) => {
    for (let spoken = 0; spoken < 300; spoken++)
      context.report({ type: "usage", usage: { ...USED, inputTokens: spoken } });
    return done();
  });
  const daemon = await startDaemon(t, { agents: { scripted: talker.factory } });
  await daemon.prompt("fix it", { id: "m1", attempt: 2 });
  await daemon.until(turnEnded("m1"));
  const clock = handWoundClock();
  let heard = 0;
  let heardBefore = 0;
  const events = await followed(
    daemon,
    { epoch: null, cursor: 0 },
    {
      clock,
      async storing() {
        // Whatever would be read meanwhile is read: it has long arrived.
        for (let round = 0; round < 500; round++) await new Promise((resolve) => setImmediate(resolve));
        heardBefore ||= heard;
      },
      show() {
        heard += 1;
        clock.advance(1_000);
      },
    },
  );
  assert.ok(heardBefore <= 51, `${heardBefore} were heard while nothing was stored`);
  assert.equal(events.at(-1)?.type, "turn.ended");
});

test("#27 a question of an attempt that is over is not asked, and of this one no more than a thread holds", async (t) => {
  const daemon = await toldDaemon();
  t.after(() => daemon.close());
  const asks = (question: string, text: string) =>
    daemon.tells({
      ...{ type: "question.asked", turn: "m1", question, text, options: ["x".repeat(1_000)], otherwise: null },
      deadlineMs: Number.MAX_SAFE_INTEGER,
    });
  daemon.tells({ type: "turn.started", turn: "m1", prompt: "fix it" });
  asks("old", "Still there?");
  daemon.tells({ type: "question.answered", turn: "m1", question: "old", answer: null, by: "stop" });
  daemon.tells({ type: "turn.started", turn: "m1", attempt: 2, prompt: "fix it" });
  asks("q".repeat(201), "What is this?");
  asks("q1", "?".repeat(10_000));
  daemon.tells({ type: "question.answered", turn: "m1", question: "q1", answer: "yes", by: "person" });
  daemon.tells({ type: "turn.ended", turn: "m1", attempt: 2, outcome: "done", answer: "", durationMs: 1 });
  const [asked, answered, end, ...more] = await followed(daemon, { epoch: null, cursor: 0 });
  assert.ok(asked?.type === "question.asked");
  const { id, text, options, expiresAt } = asked.question;
  assert.deepEqual([id, text.length, options[0]?.length, asked.attempt], ["q1", 5_000, 300, 2]);
  assert.ok(new Date(expiresAt).toISOString());
  assert.deepEqual([answered?.type, end?.type, more], ["question.answered", "turn.ended", []]);
});
