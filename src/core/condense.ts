/**
 * Turns the stream of agent events into what a person wants to see; `pace.ts` says when it is shown.
 * People want to know three things: what it does now, what it did last, and that it is alive.
 */
import { type AgentEvent, NO_USAGE } from "../wire/events.ts";
import { earlierAt } from "./attempt-usage.ts";
import { testsBegun, testsEnded } from "./test-outcomes.ts";
import type { Ms, Progress, Repository, Step, TurnResult } from "./types.ts";

/** More steps than this are noise in a thread; the page has them all. */
const MAX_STEPS = 8;
/** Why something was left undone is one or two of them; an agent that goes on trying is in the transcript. */
const MAX_DENIED = 3;
/** One paragraph of what the agent says. */
const MAX_SAID_CHARS = 600;

/** The progress of a turn that has told nothing yet; `now` says what it waits for. */
export function newProgress(
  turn: string,
  work: { repository: Repository; branch: string } | null,
  now: string,
  at: Ms,
): Progress {
  return {
    turn,
    startedAt: at,
    now,
    steps: [],
    earlierSteps: 0,
    said: "",
    repository: work?.repository.name ?? null,
    branch: work?.branch ?? null,
    usage: NO_USAGE,
    tools: 0,
    ended: null,
    changedAt: at,
  };
}

/** Folds one event into the progress. Gives back the same object where nothing that is shown has changed. */
export function condense(progress: Progress, event: AgentEvent, at: Ms): Progress {
  if ("turn" in event && event.turn !== progress.turn) return progress;
  const change = changeOf(progress, event);
  return change ? { ...progress, ...change, changedAt: at } : progress;
}

function changeOf(progress: Progress, event: AgentEvent): Partial<Progress> | null {
  switch (event.type) {
    case "workspace.preparing":
      return { now: PREPARING[event.step] };
    case "workspace.ready":
      return { ...beginning(progress), ...(event.pull ? { said: lookingAt(event.commit, event.pull) } : {}) };
    case "turn.started":
      // Begun once more, on another machine, it has run nothing.
      return { ...beginning(progress), ...before(progress, event), tests: [] };
    case "turn.steered":
      return { now: "Taking in a new message" };
    case "thinking":
      return progress.now === "Thinking" ? null : { now: "Thinking" };
    case "text":
      return { now: "Writing", said: lastParagraph(event.text, progress.said, progress.now === "Writing") };
    case "tool.started":
      return {
        ...addStep(progress, { call: event.call, title: event.title, state: "running" }),
        now: event.title,
        tools: progress.tools + 1,
        tests: testsBegun(progress.tests ?? [], event, progress.repository),
      };
    case "tool.ended":
      return {
        steps: progress.steps.map(
          (step): Step => (step.call === event.call ? { ...step, state: event.ok ? "ok" : "failed" } : step),
        ),
        ...(progress.tests ? { tests: testsEnded(progress.tests, event) } : {}),
      };
    case "retrying":
      return { now: `The model did not answer (${event.reason}); trying again` };
    case "usage":
      return { usage: event.usage };
    case "question.asked":
      return { now: event.permission ? "Waiting for leave" : "Waiting for an answer", waits: true };
    case "question.answered":
      return { now: "Going on", waits: false };
    case "push.asked":
      return { now: `Pushing ${event.branch}` };
    case "branch.pushed":
      return { now: `Pushed ${event.branch}`, branch: event.branch };
    case "turn.ended":
      return {
        now: OUTCOME_WORDS[event.outcome],
        ended: event.outcome,
        usage: event.usage ?? progress.usage,
        steps: progress.steps.map(settle),
      };
    case "turn.silent":
      return { now: `Nothing heard for ${Math.round(event.silentMs / 60_000)} min` };
    case "permission.denied":
      return denied(progress, event);
    case "agent.raw":
    case "agent.exited":
    case "daemon.started":
    case "journal.cut":
    case "diff":
      return null;
    default:
      return event satisfies never;
  }
}

/** Its step says so. It has begun by then, or begins never: some agents tell of a tool only when they may use it. */
function denied(
  progress: Progress,
  { tool, subject }: Extract<AgentEvent, { type: "permission.denied" }>,
): Partial<Progress> {
  const what = subject.replace(/\s+/g, " ").trim();
  const at = progress.steps.findLastIndex(({ state, title }) => state === "running" && title.includes(what));
  const title = progress.steps[at]?.title ?? `${tool} ${what}`;
  const now = `Not allowed: ${title}`;
  const told = { now, denied: [...(progress.denied ?? []), title].slice(-MAX_DENIED) };
  if (at >= 0) return { ...told, steps: progress.steps.map((step, i) => (i === at ? { ...step, title: now } : step)) };
  const call = `denied/${progress.earlierSteps + progress.steps.length}`;
  return { ...told, ...addStep(progress, { call, title: now, state: "failed" }) };
}

function before(progress: Progress, event: Extract<AgentEvent, { type: "turn.started" }>): Partial<Progress> {
  const earlier = earlierAt(progress, event);
  return earlier ? { earlier } : {};
}

const beginning = ({ waits }: Progress): Partial<Progress> => ({
  now: "Reading what was asked",
  ...(waits ? { waits: false } : {}),
});

const lookingAt = (commit: string, pull: number): string =>
  `I look at ${commit.slice(0, 10)} of #${pull}, which comes from a fork.`;

const PREPARING = {
  clone: "Cloning the repository",
  fetch: "Fetching the repository",
  setup: "Running the setup command",
} as const;

/** How a turn ended, in a word or two; the same on every surface. */
export const OUTCOME_WORDS: Record<TurnResult["outcome"], string> = {
  done: "Done",
  failed: "Failed",
  stopped: "Stopped",
  "timed-out": "Timed out",
};

/** The progress of a turn that is over. The session knows better than the daemon how it ended, and how long people waited: the answer says the same. */
export const endedProgress = (
  progress: Progress,
  { outcome, durationMs }: Pick<TurnResult, "outcome" | "durationMs">,
): Progress => ({
  ...progress,
  now: OUTCOME_WORDS[outcome],
  ended: outcome,
  changedAt: progress.startedAt + durationMs,
});

const settle = (step: Step): Step => (step.state === "running" ? { ...step, state: "failed" } : step);

function addStep(progress: Progress, step: Step): Pick<Progress, "steps" | "earlierSteps"> {
  const steps = [...progress.steps, step];
  const over = Math.max(0, steps.length - MAX_STEPS);
  return { steps: steps.slice(over), earlierSteps: progress.earlierSteps + over };
}

/** Pieces of one message are joined; a new message begins anew. */
function lastParagraph(piece: string, before: string, goesOn: boolean): string {
  const whole = goesOn ? before + piece : piece;
  const paragraph =
    whole
      .trimEnd()
      .split(/\n\s*\n/)
      .at(-1) ?? "";
  return paragraph.length > MAX_SAID_CHARS ? `...${paragraph.slice(-MAX_SAID_CHARS)}` : paragraph;
}
