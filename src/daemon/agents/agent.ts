/**
 * The port between the daemon and one coding agent: one process that takes prompts and tells what it does.
 * Every agent passes `test/contracts/agent.ts` with the true binary.
 */
import type { AgentEvent, Usage } from "../../wire/events.ts";

/** An agent's own telling of what happens; the daemon adds the turn and writes it to the journal. */
export type AgentReport =
  | { type: "text"; message: number; text: string }
  | { type: "thinking"; message: number; text: string }
  | Omit<Extract<AgentEvent, { type: "tool.started" }>, "turn">
  | Omit<Extract<AgentEvent, { type: "tool.ended" }>, "turn">
  | Omit<Extract<AgentEvent, { type: "retrying" }>, "turn">
  | Omit<Extract<AgentEvent, { type: "usage" }>, "turn">
  /** One event as the agent itself tells it, except pieces of words. Ours that come of it follow. */
  | { type: "raw"; native: string; line: string }
  | AgentQuestion;

/** The agent asks a person, and waits for `Agent.answer`. Only while a prompt runs; whatever ends the prompt ends the question. */
export interface AgentQuestion {
  type: "asked";
  /** No other question in the life of the sandbox has this id. */
  question: string;
  text: string;
  options: string[];
  /** What the agent itself goes on with when nobody answers. */
  otherwise: string | null;
  /** The agent waits no longer than this. */
  withinMs?: number;
  /** It wants leave to do that; `options` are then ALLOW and DENY, and any other answer is a no with a reason. Null is a no. */
  permission?: { tool: string; subject: string };
}

export { ALLOW, DENY } from "../../wire/agents.ts";

/** How one prompt (with everything steered into it) ended. */
export interface AgentOutcome {
  outcome: "done" | "failed" | "stopped";
  /** The last assistant text. */
  answer: string;
  failure?: { code: string; detail: string };
  /** It could not take up its conversation again, and knew nothing of what had been said before this prompt. */
  forgot?: true;
  usage: Usage;
}

export interface AgentContext {
  /** Where the agent works. */
  cwd: string;
  /** Folder for the agent's own files (sessions, settings), kept with the sandbox. */
  stateDir: string;
  /** Folder for keys; not kept with the sandbox where the machine has such a place. */
  keysDir: string;
  /** The agent's own session: created or resumed by this id. */
  sessionId: string;
  model: string | undefined;
  /** The command line of an agent that has no fixed one. */
  command?: string[];
  /** True: it asks for leave before it uses a tool that changes something (`AgentQuestion.permission`). False: it may do everything. */
  asksLeave?: boolean;
  /**
   * The whole environment of the process; nothing else is inherited. Asked anew whenever it is needed: another key makes no new agent
   * where the running one can be told of it (`Agent.renew`).
   */
  readonly env: Record<string, string>;
  /**
   * The agent's own login, without what could renew it; there are no keys in `env` then. Only the daemon can read it here: `placeLogin`
   * puts it where the agent looks, before every prompt, because agents empty the file of a login that they could not renew.
   */
  loginFile?: string;
  /** Puts the command line into the agent's own user or view; returns it unchanged where the sandbox has none. */
  wrap(command: string, args: string[]): { command: string; args: string[] };
  report(report: AgentReport): void;
  /** Into the daemon's log, for whoever looks for the reason later. */
  note?(what: string, fields: Record<string, unknown>): void;
  /** The process ended although nobody asked for it. */
  exited(exit: { code: number | null; signal: string | null; stderrTail: string }): void;
}

export interface Agent {
  readonly kind: string;
  /** Starts the process when it does not run, sends the prompt and resolves when all of it has settled. Never rejects for what a model or tool did. */
  prompt(message: string): Promise<AgentOutcome>;
  /** Adds to the running prompt. False when the agent was too late to take it: the daemon then runs it as a prompt of its own. */
  steer(message: string): Promise<boolean>;
  /**
   * A person's answer: one of the options as it was asked, or other words. Null: nobody answered, and the agent goes on without (with
   * `otherwise`, where it has one). Nothing happens for a question that is not open.
   */
  answer(question: string, answer: string | null): void;
  /** Stops the running prompt, also one that waits for an answer; `prompt()` then resolves with `stopped`. Kills the process tree when that takes longer than `deadlineMs`. */
  abort(deadlineMs: number): Promise<void>;
  /**
   * There are other keys in `context.env`: the running process is to use them from its next request on. Comes during a prompt as well as
   * between two, and nothing is restarted. Left out by agents that know what they were started with: they are closed, and made anew for
   * the next prompt.
   */
  renew?(): Promise<void>;
  /** Ends the process and everything below it. The next prompt starts it again with its memory. */
  close(): Promise<void>;
}

export type AgentFactory = (context: AgentContext) => Agent;
