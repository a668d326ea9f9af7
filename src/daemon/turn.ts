/** One turn from its prompt to its end: bring the clone up to date, let the agent work, push what came out of it. */
import { type AgentEvent, NO_USAGE, Usage } from "../wire/events.ts";
import type { PromptRequest, PublishRequest } from "../wire/routes.ts";
import type { AgentHost } from "./agent-host.ts";
import type { AgentOutcome } from "./agents/agent.ts";
import { type Checkout, CheckoutError, type Published, type Remarks } from "./checkout.ts";
import type { Journal } from "./journal.ts";
import { type Leave, publishWithLeave } from "./leave.ts";
import { cutEnd, cutMiddle, MAX_ANSWER_CHARS } from "./limits.ts";
import type { DaemonLog } from "./log.ts";
import type { Workspace } from "./workspace.ts";

export interface RunningTurn {
  readonly id: string;
  /** Its attempt may count on. */
  request: PromptRequest;
  readonly startedAt: number;
  /** Aborted when somebody wants it to end. */
  readonly stop: AbortController;
  phase: "preparing" | "agent" | "publishing";
  /** What was said before the agent was there to be told; it gets everything at once. */
  joined: string[];
  /** Prompts that are just being handed to the agent: the turn does not end before it is known what became of them. */
  steering: Set<Promise<unknown>>;
  /** Set while the turn waits for leave to push. */
  leave: ((said: PublishRequest) => void) | null;
}

export interface TurnParts {
  host: AgentHost;
  workspace: Workspace;
  journal: Pick<Journal, "append">;
  log: DaemonLog;
}

const SILENT: AgentOutcome = { outcome: "failed", answer: "", usage: NO_USAGE };

/** For an agent that failed and did not say why: the wire promises a reason. */
const UNEXPLAINED = { code: "internal", detail: "The agent failed without a reason." };

type TurnEnded = Extract<AgentEvent, { type: "turn.ended" }>;
/** The last events of a turn, `turn.ended` being the very last. They go into the journal together. */
export interface Ending {
  before: AgentEvent[];
  ended: Omit<TurnEnded, "durationMs">;
}

/** Never rejects: whatever goes wrong is how the turn ended. */
export async function runTurn(turn: RunningTurn, parts: TurnParts): Promise<Ending> {
  let said: AgentOutcome | null = null;
  try {
    const checkout = await unlessStopped(parts.workspace.ready(), turn.stop.signal);
    if (turn.stop.signal.aborted) return ending(turn, "stopped", null);
    await checkout?.begin(turn.request.coAuthors);
    turn.phase = "agent";
    const remarks = checkout?.remarks?.() ?? NO_REMARKS;
    const outcome = await parts.host.prompt(turn.id, wordsOf(turn, remarks.agent), turn.stop.signal);
    said = withRemarks(outcome, [...remarks.people, ...(outcome.forgot ? [FORGOT] : [])]);
    turn.phase = "publishing";
    await Promise.allSettled(turn.steering);
    if (turn.stop.signal.aborted) return ending(turn, "stopped", said);
    if (said.outcome !== "done") return ending(turn, said.outcome, said);
    const leave = await publish(turn, checkout, parts);
    if (leave.is === "stopped") return ending(turn, "stopped", said);
    if (leave.is === "no") return ending(turn, "failed", { ...said, failure: leave.failure });
    return withPublished(ending(turn, "done", said), leave.published, checkout);
  } catch (error) {
    parts.log.warn("turn.broke", { turn: turn.id, phase: turn.phase, error });
    const { before, ended } = ending(turn, "failed", { ...(said ?? SILENT), failure: failureOf(error) });
    const left = error instanceof CheckoutError ? error.left : null;
    return withPublished({ before, ended }, left && { pushed: null, ...left }, null);
  }
}

/** The agent's own conversation, where it survived, ends in the middle of the work then. */
const GO_ON =
  "The machine was replaced while you worked on what follows. See what is done already, and go on from there.";

function wordsOf({ request, joined }: RunningTurn, remarks: string[]): string {
  return [...(request.attempt > 1 ? [GO_ON] : []), ...remarks, request.message, ...joined].join("\n\n");
}

const FORGOT = "This agent could not take up its earlier conversation, so it worked without what it had known.";
const NO_REMARKS: Remarks = { agent: [], people: [] };

/** Under the agent's own words, for it may not repeat them. */
function withRemarks(said: AgentOutcome, remarks: string[]): AgentOutcome {
  if (said.outcome !== "done" || remarks.length === 0) return said;
  return { ...said, answer: [said.answer, ...remarks.map((one) => `> ${one}`)].filter(Boolean).join("\n\n") };
}

/** Waiting for a clone ends at once when the turn is stopped; the clone itself goes on, the next turn needs it as well. */
async function unlessStopped<T>(work: Promise<T>, stop: AbortSignal): Promise<T | null> {
  const stopped = Promise.withResolvers<null>();
  const onStop = () => stopped.resolve(null);
  stop.addEventListener("abort", onStop, { once: true });
  if (stop.aborted) onStop();
  try {
    return await Promise.race([work, stopped.promise]);
  } finally {
    stop.removeEventListener("abort", onStop);
    // Lost the race: what it failed with is told by whoever waits for it next.
    work.catch(() => {});
  }
}

/** Without a branch of its own there is nothing that could be pushed. */
async function publish(turn: RunningTurn, checkout: Checkout | null, { journal }: TurnParts): Promise<Leave> {
  const { request } = turn;
  if (!request.publish || checkout?.spec.branch === undefined) return { is: "given", published: null };
  const subject = request.subject ?? subjectOf(request.message);
  if (request.publish === "ask") return publishWithLeave(turn, { checkout, subject, journal });
  return { is: "given", published: await checkout.publish(subject) };
}

/** git's own tools show about seventy characters of a commit's first line. */
function subjectOf(message: string): string {
  return cutEnd(message.trim().split("\n")[0] ?? "", 70) || "Changes";
}

/** As events tell it: not at all for the first. */
export const attemptOf = (attempt: number): { attempt?: number } => (attempt > 1 ? { attempt } : {});

function ending(turn: RunningTurn, outcome: TurnEnded["outcome"], said: AgentOutcome | null): Ending {
  const usage = Usage.safeParse(said?.usage);
  return {
    before: [],
    ended: {
      type: "turn.ended",
      turn: turn.id,
      ...attemptOf(turn.request.attempt),
      outcome,
      answer: cutMiddle(said?.answer ?? "", MAX_ANSWER_CHARS),
      ...(outcome === "failed" ? { failure: said?.failure ?? UNEXPLAINED } : {}),
      ...(usage.success ? { usage: usage.data } : {}),
    },
  };
}

function withPublished({ ended }: Ending, result: Published | null, checkout: Checkout | null): Ending {
  const { turn } = ended;
  const repository = checkout?.spec.id ?? "";
  const from = checkout?.remarks?.().from;
  const own = result?.own ?? (from ? { from, patch: null } : null);
  const before: AgentEvent[] = [];
  const already = result?.already ? { already: true as const } : {};
  if (result?.pushed) before.push({ type: "branch.pushed", turn, repository, ...result.pushed, ...already });
  if (result?.patch) before.push({ type: "diff", turn, patch: result.patch.text, cut: result.patch.cut });
  const answer = result?.unsigned ? `${ended.answer}\n\n_${unsignedText(result.unsigned)}_`.trimStart() : ended.answer;
  return {
    before,
    ended: {
      ...ended,
      answer,
      ...(result?.pushed ?? {}),
      ...(result?.changes ? { changes: result.changes } : {}),
      ...(own ? { own } : {}),
    },
  };
}

const unsignedText = (why: string): string => `Pushed by git, so the commits are not signed: ${why}.`;

function failureOf(error: unknown): { code: string; detail: string } {
  if (error instanceof CheckoutError) return { code: error.code, detail: error.message };
  return { code: "internal", detail: error instanceof Error ? error.message : String(error) };
}
