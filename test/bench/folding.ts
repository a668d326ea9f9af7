/** The pure core by itself: events folded into a progress, and decisions about a session. No I/O, one thread, a second each. */
import { condense, newProgress } from "../../src/core/condense.ts";
import { decide, newSession } from "../../src/core/decide.ts";
import type { SessionEvent } from "../../src/core/decision.ts";
import { type Shown, showInMs } from "../../src/core/pace.ts";
import type { Progress, Session } from "../../src/core/types.ts";
import type { AgentEvent } from "../../src/wire/events.ts";
import { accepted, done, ended, NOW, ready, says, slackThread, work } from "../core/story.ts";
import type { Bench } from "./ground.ts";
import { checkEqual, type Row, valueRow } from "./measure.ts";

export async function folding({ quick, tell }: Bench): Promise<Row[]> {
  const forMs = quick ? 300 : 1_000;
  tell(`events into progress, then decisions, ${forMs} ms each`);
  const events = aTurn();
  const folded = repeat(forMs, events.length, () => foldAll(events));
  checkEqual(folded.last.tools, TOOLS, "tools in the last progress");
  checkEqual(folded.last.steps.length + folded.last.earlierSteps, TOOLS, "steps in the last progress");
  const story = aDay();
  const decided = repeat(forMs, story.length, () => liveThrough(story));
  checkEqual(decided.last.session.sandbox.is, "asleep", "the sandbox at the end of the story");
  checkEqual(decided.last.effects.join(" "), EFFECTS, "the effects of the story");
  const bound = "Bound by one processor alone.";
  return [
    valueRow(
      {
        what: "events folded into progress (condense, showInMs)",
        note: `A turn of ${events.length} events (words, tools, usage), again and again. ${bound}`,
      },
      folded.n,
      folded.perSecond,
      "/s",
    ),
    valueRow(
      {
        what: "decisions (decide)",
        note: `A session's story of ${story.length} events from the first mention to its sandbox asleep. ${bound}`,
      },
      decided.n,
      decided.perSecond,
      "/s",
    ),
  ];
}

interface Repeated<T> {
  n: number;
  perSecond: number;
  last: T;
}

/** Once before for the compiler, then for that long. */
function repeat<T>(forMs: number, perRun: number, run: () => T): Repeated<T> {
  for (const until = performance.now() + forMs / 4; performance.now() < until; ) run();
  const beganAt = performance.now();
  let runs = 0;
  let last: T;
  do {
    last = run();
    runs += 1;
  } while (performance.now() - beganAt < forMs);
  const n = runs * perRun;
  return { n, perSecond: (1_000 * n) / (performance.now() - beganAt), last };
}

const TOOLS = 40;

/** Thinks, speaks, calls a tool, forty times. */
function aTurn(): AgentEvent[] {
  const turn = "m1";
  const steps = Array.from({ length: TOOLS }, (_, n): AgentEvent[] => [
    { type: "thinking", turn, message: n, text: "The test expects five and gets minus one. " },
    { type: "text", turn, message: n, text: "I look at the function that the test calls.\n\nThen at its callers." },
    { type: "tool.started", turn, call: `c${n}`, tool: "bash", title: `node --test test/${n}.test.js`, input: "{}" },
    {
      type: "tool.ended",
      turn,
      call: `c${n}`,
      tool: "bash",
      ok: n % 7 !== 0,
      output: "not ok 1",
      cut: false,
      durationMs: 9,
    },
    { type: "usage", turn, usage: { inputTokens: 900 * n, outputTokens: 40 * n, costUsd: 0.01 * n } },
  ]);
  return [
    { type: "turn.started", turn, prompt: "Fix it." },
    ...steps.flat(),
    { type: "turn.ended", turn, ...done, outcome: "done" },
  ];
}

function foldAll(events: AgentEvent[]): Progress {
  let progress = newProgress("m1", work, "Starting", NOW);
  let shown: Shown | null = null;
  for (const [index, event] of events.entries()) {
    const now = NOW + 100 * index;
    progress = condense(progress, event, now);
    if (showInMs("live", progress, shown, now) === 0) shown = { at: now, changedAt: progress.changedAt };
  }
  return progress;
}

const EFFECTS = "check acknowledge wake-me start-sandbox send-turn claim check acknowledge steer answer wake-me sleep";

function aDay(): SessionEvent[] {
  return [
    ...says("m1", "the test fails, please fix it"),
    ready,
    accepted("m1"),
    { type: "branch.pushed", repository: work.repository.id, branch: work.branch, commit: "c1" },
    ...says("m2", "and say so in the README"),
    ended("m1"),
    { type: "idle", since: NOW },
    { type: "slept", token: "s0001" },
  ];
}

function liveThrough(story: SessionEvent[]): { session: Session; effects: string[] } {
  let session = newSession("s0001", slackThread, "the test fails", NOW);
  const effects: string[] = [];
  for (const event of story) {
    const decision = decide(session, event, NOW);
    session = decision.session;
    for (const { effect } of decision.effects) effects.push(effect.do);
  }
  return { session, effects };
}
