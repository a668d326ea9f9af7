/**
 * What the daemon tells about a turn, agent-neutral. Bot and daemon import this one object: strict on both sides.
 * Each event is appended to the journal first and gets a cursor there; nothing is sent that is not on disk.
 */
import * as z from "zod";

const turn = z.string().min(1);
/** A turn whose machine was replaced under it is begun once more, under the same id. Absent: the first. */
const attempt = z.int().min(2).optional();

export const Usage = z.strictObject({
  inputTokens: z.number().nonnegative(),
  outputTokens: z.number().nonnegative(),
  costUsd: z.number().nonnegative(),
  /** Of `inputTokens`: read from the provider's cache, and written into it. Absent: the agent does not say. */
  cacheReadTokens: z.number().nonnegative().optional(),
  cacheWriteTokens: z.number().nonnegative().optional(),
  /** As the provider calls it; the last one where several answered. */
  model: z.string().optional(),
  /** Who says what it cost. `nobody`: nobody does, and `costUsd` is 0 for want of better. Absent: the agent. */
  pricedBy: z.enum(["agent", "table", "nobody"]).optional(),
});
export type Usage = z.infer<typeof Usage>;
export const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0, costUsd: 0 };

export const Changes = z.strictObject({
  files: z.int().nonnegative(),
  insertions: z.int().nonnegative(),
  deletions: z.int().nonnegative(),
});
export type Changes = z.infer<typeof Changes>;

/** More than a person reads at once; what is beyond them can be said in words. */
export const MAX_OPTIONS = 10;

export const AgentEvent = z.discriminatedUnion("type", [
  /** The daemon came up (again). Not part of a turn. */
  z.strictObject({ type: z.literal("daemon.started"), version: z.int() }),
  /** History before `to` was cut to keep the journal small; what is missing cannot be read again. */
  z.strictObject({ type: z.literal("journal.cut"), from: z.int(), to: z.int() }),

  z.strictObject({
    type: z.literal("workspace.preparing"),
    repository: z.string(),
    step: z.enum(["clone", "fetch", "setup"]),
  }),
  z.strictObject({
    type: z.literal("workspace.ready"),
    repository: z.string(),
    branch: z.string(),
    commit: z.string(),
    /** `commit` is on top of that pull request's, which is from a fork. */
    pull: z.int().positive().optional(),
  }),

  /** `again`: this attempt is the one before, of which only the end is told once more. */
  z.strictObject({
    type: z.literal("turn.started"),
    turn,
    attempt,
    prompt: z.string(),
    again: z.literal(true).optional(),
  }),
  /** Another prompt joined the running turn. `prompt` is its id, `text` what was said. */
  z.strictObject({ type: z.literal("turn.steered"), turn, prompt: z.string(), text: z.string() }),
  /** Assistant text, coalesced (about 50 ms). `message` counts the assistant messages of the turn; pieces of one message are joined without a separator. */
  z.strictObject({ type: z.literal("text"), turn, message: z.int(), text: z.string() }),
  z.strictObject({ type: z.literal("thinking"), turn, message: z.int(), text: z.string() }),
  /** `title` is what a person reads ("npm test", "edit src/add.js"), `input` the arguments as JSON text, cut at 4,000 characters. */
  z.strictObject({
    type: z.literal("tool.started"),
    turn,
    call: z.string(),
    tool: z.string(),
    title: z.string(),
    input: z.string(),
  }),
  /** `output` is cut at 16,000 characters, keeping head and tail; `cut` says so. */
  z.strictObject({
    type: z.literal("tool.ended"),
    turn,
    call: z.string(),
    tool: z.string(),
    ok: z.boolean(),
    output: z.string(),
    cut: z.boolean(),
    durationMs: z.number().nonnegative(),
  }),
  z.strictObject({ type: z.literal("retrying"), turn, attempt: z.int(), delayMs: z.number(), reason: z.string() }),
  /** Totals of the turn so far. */
  z.strictObject({ type: z.literal("usage"), turn, usage: Usage }),
  /**
   * What the agent itself told, word for word but for credentials: `native` is its own name for it, `line` its JSON text (or a line that
   * was none), cut at 16,000 characters. Not for pieces of words, which `text` and `thinking` have whole.
   */
  z.strictObject({
    type: z.literal("agent.raw"),
    turn,
    native: z.string(),
    line: z.string(),
    cut: z.boolean(),
  }),
  /** Nothing has come from the agent for `silentMs`; when nothing comes for another `stopsInMs`, the turn fails as `agent.stalled`. */
  z.strictObject({
    type: z.literal("turn.silent"),
    turn,
    silentMs: z.int().nonnegative(),
    stopsInMs: z.int().nonnegative(),
    /** The tool that runs meanwhile, as people read it; null while the model is waited for. */
    during: z.string().nullable(),
  }),
  /** The agent wanted leave for something that a rule denies; nobody was asked. */
  z.strictObject({
    type: z.literal("permission.denied"),
    turn,
    tool: z.string(),
    subject: z.string(),
    rule: z.string(),
  }),
  /** The agent's process is gone although nobody asked for it. A `turn.ended` follows when a turn was open. */
  z.strictObject({
    type: z.literal("agent.exited"),
    code: z.int().nullable(),
    signal: z.string().nullable(),
    stderrTail: z.string(),
  }),

  /** The agent asks a person something, and waits. `options` may be empty; `otherwise` is what counts when nobody answers in time. */
  z.strictObject({
    type: z.literal("question.asked"),
    turn,
    question: z.string().min(1),
    text: z.string().min(1),
    options: z.array(z.string().min(1)).max(MAX_OPTIONS),
    otherwise: z.string().nullable(),
    deadlineMs: z.int().positive(),
    /** It asks for leave to do that. */
    permission: z.strictObject({ tool: z.string(), subject: z.string() }).optional(),
  }),
  /** Exactly one per `question.asked`. Without an answer: the time was up and there was no `otherwise`, or the turn was stopped. */
  z.strictObject({
    type: z.literal("question.answered"),
    turn,
    question: z.string().min(1),
    answer: z.string().nullable(),
    by: z.enum(["person", "deadline", "stop"]),
  }),

  /** The turn's work is committed, and waits for leave to be pushed (`publish: "ask"`). */
  z.strictObject({ type: z.literal("push.asked"), turn, repository: z.string(), branch: z.string() }),
  z.strictObject({
    type: z.literal("branch.pushed"),
    turn,
    repository: z.string(),
    branch: z.string(),
    commit: z.string(),
    /** The remote had it before: it may be somebody else's. */
    already: z.literal(true).optional(),
  }),
  /** The session's changes against its base as a unified diff, cut at 200,000 characters. */
  z.strictObject({ type: z.literal("diff"), turn, patch: z.string(), cut: z.boolean() }),

  /** Exactly one per `turn.started`, also after a crash of agent or daemon. */
  z.strictObject({
    type: z.literal("turn.ended"),
    turn,
    attempt,
    outcome: z.enum(["done", "failed", "stopped"]),
    answer: z.string(),
    failure: z.strictObject({ code: z.string(), detail: z.string() }).optional(),
    changes: Changes.optional(),
    /** What was done on top of a fork's commit alone, for its author to take over; without a patch where that is long, or not text. */
    own: z.strictObject({ from: z.string(), patch: z.string().nullable() }).optional(),
    branch: z.string().optional(),
    commit: z.string().optional(),
    usage: Usage.optional(),
    durationMs: z.number().nonnegative(),
  }),
]);
export type AgentEvent = z.infer<typeof AgentEvent>;

/**
 * One line of the journal and one frame of the stream. `cursor` counts from 1 without holes inside an `epoch`;
 * a new epoch (random text) means that the old journal is gone.
 */
export const JournalEntry = z.strictObject({
  epoch: z.string(),
  cursor: z.int().positive(),
  at: z.int(),
  event: AgentEvent,
});
export type JournalEntry = z.infer<typeof JournalEntry>;

/** The last entry that a reader has seen; cursor 0 and no epoch for the beginning. */
export interface StreamPosition {
  cursor: number;
  epoch: string | null;
}
