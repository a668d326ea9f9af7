/**
 * The life of an agent's process, the same for every agent that outlives its prompts. What is said to it, and what it says, is its driver's.
 *
 *   no process --prompt--> running --run.ended--> idle --prompt--> running ...
 *   running --abort--> ended in time: idle | too late: killed, no process
 *   any     --exit---> strays killed, open prompt fails with agent.exited, no process; the next prompt resumes the conversation
 *
 * Agents take no lock on their conversation: two processes on one would fork its history. So a process is only ever started after the
 * one before it, and everything below it, is gone.
 */
import { NO_USAGE } from "../../wire/events.ts";
import { within } from "../within.ts";
import type { Agent, AgentContext, AgentOutcome } from "./agent.ts";
import { AgentProcess, type ProcessExit } from "./agent-process.ts";
import { killTree, listTree, type ProcessId } from "./process-tree.ts";

export type Failure = NonNullable<AgentOutcome["failure"]>;

/** What is peculiar to one kind of agent. */
export interface Driver {
  readonly kind: string;
  /** What every process of this agent has in its environment and no other has, so that strays can be found after it died. */
  readonly marks: Record<string, string>;
  /** What makes it leave. Its end of input, when it is left out. */
  readonly endsBy?: "signal";
  /** Before every prompt: writes keys and settings, and says what has to run. */
  prepare(): Promise<Launch | { failure: Failure }>;
  /** As the agent's own (`Agent.renew`); left out where a running process cannot be told of another key. */
  renew?(): Promise<void>;
  /** Takes over a process that was just started. */
  link(process: AgentProcess): Link;
  /** Why it ended by itself; null where there is nothing better to say than how. `accepted`: it had taken the prompt. */
  reasonOf?(exit: ProcessExit, accepted: boolean): Failure | null;
}

export interface Launch {
  command: string;
  args: string[];
  env: Record<string, string>;
  /** A running process that was started with another one has to be started anew. */
  version: string;
}

/** One process, spoken to. */
export interface Link {
  /** One prompt at a time. */
  run(message: string): Run;
}

/** One prompt on its way through one process. Nothing of it rejects; where the process ends first, promises may stay open. */
export interface Run {
  /** False: the agent does not take it, and `ended` says why. */
  accepted: Promise<boolean>;
  /** When it has settled, and everything that was steered into it. */
  ended: Promise<AgentOutcome>;
  steer(message: string): Promise<boolean>;
  answer(question: string, answer: string | null): void;
  /** Asks the agent to stop, with nothing left open or waiting; `ended` follows. */
  interrupt(): void;
  /** What it has told so far, ended by somebody else. */
  cutShort(end: Pick<AgentOutcome, "outcome" | "failure">): AgentOutcome;
}

export const supervise = (context: AgentContext, driver: Driver): Agent => new SupervisedAgent(context, driver);

/** For an agent to store its conversation and leave at the end of input; pi was measured at 50 ms. */
const END_GRACE_MS = 3_000;

interface Live {
  process: AgentProcess;
  link: Link;
  version: string;
  /** Its end was our wish. */
  asked: boolean;
  /** After its exit has been dealt with. */
  gone: Promise<void>;
}

interface Running {
  run: Run | null;
  /** The process that it was given to; the ends of any other do not concern it. */
  process: AgentProcess | null;
  /** What earlier prompts left running on purpose, a development server for one. Outlives this prompt however it ends. */
  before: ProcessId[];
  /** The agent itself, with whatever it was wrapped in. */
  itself: ProcessId[];
  stopping: boolean;
  /** False: the prompt ended before the agent took it. */
  accepted: PromiseWithResolvers<boolean>;
  ended: PromiseWithResolvers<AgentOutcome>;
  /** Everything after `ended` is done too. */
  done: PromiseWithResolvers<void>;
}

class SupervisedAgent implements Agent {
  readonly kind: string;
  readonly renew?: () => Promise<void>;
  readonly #context: AgentContext;
  readonly #driver: Driver;
  readonly #marks: { environment: Record<string, string> };
  #live: Live | null = null;
  #running: Running | null = null;
  #startedBefore = false;

  constructor(context: AgentContext, driver: Driver) {
    this.kind = driver.kind;
    this.#context = context;
    this.#driver = driver;
    this.#marks = { environment: driver.marks };
    if (driver.renew) this.renew = () => driver.renew?.() ?? Promise.resolve();
  }

  async prompt(message: string): Promise<AgentOutcome> {
    if (this.#running) throw new Error("A prompt is running; steer it or wait for its end.");
    const current = begin();
    this.#running = current;
    try {
      await this.#submit(current, message);
      const outcome = await current.ended.promise;
      // One that no process was given has left nothing.
      if (current.stopping && current.process) await this.#endLeftovers(current);
      return outcome;
    } finally {
      this.#running = null;
      current.accepted.resolve(false);
      current.done.resolve();
    }
  }

  async steer(message: string): Promise<boolean> {
    const current = this.#running;
    if (!current || !(await current.accepted.promise)) return false;
    if (current.stopping || this.#running !== current || !this.#live || !current.run) return false;
    // The process may end without an answer.
    const taken = await Promise.race([current.run.steer(message), this.#live.gone.then(() => false)]);
    return taken && !current.stopping;
  }

  answer(question: string, answer: string | null): void {
    this.#running?.run?.answer(question, answer);
  }

  async abort(deadlineMs: number): Promise<void> {
    const current = this.#running;
    if (!current) return;
    current.stopping = true;
    current.run?.interrupt();
    const isInTime = await within(deadlineMs, current.ended.promise);
    if (!isInTime && current.process) await this.#kill(current.before);
    await current.done.promise;
  }

  async close(): Promise<void> {
    const current = this.#running;
    if (current) current.stopping = true;
    await this.#shutDown();
    await killTree(this.#marks);
    await current?.done.promise;
  }

  async #submit(current: Running, message: string): Promise<void> {
    const ready = await this.#makeReady(current);
    if (!ready || current.stopping) return stopped(current);
    if ("failure" in ready) return fail(current, ready.failure);
    current.process = ready.process;
    current.before = this.#listStrays(ready.process);
    const run = ready.link.run(message);
    current.run = run;
    run.ended.then((outcome) => (current.stopping ? stopped(current) : current.ended.resolve(outcome)));
    // Its end is told by `#onExit`, unless it was over before this prompt was its.
    const gone = ready.gone.then(() => fail(current, { code: "agent.exited", detail: `${this.kind} ended.` }));
    // One that ended was taken or was not; nobody has to say so any more.
    const over = current.ended.promise.then(() => false);
    current.accepted.resolve(await Promise.race([run.accepted, gone.then(() => false), over]));
    current.itself = listTree({ pid: ready.process.pid });
  }

  /** The process for the settings of now: the running one when they have not changed, else a new one. Null: nobody wants it any more. */
  async #makeReady(current: Running): Promise<Live | { failure: Failure } | null> {
    const launch = await this.#driver.prepare();
    if ("failure" in launch) return launch;
    if (this.#live && !this.#live.process.isAlive()) await this.#live.gone;
    if (this.#live?.version === launch.version) return this.#live;
    await this.#shutDown();
    // What a daemon that died left behind: it may still hold the conversation.
    if (!this.#startedBefore) await killTree(this.#marks);
    this.#startedBefore = true;
    return current.stopping ? null : this.#start(launch);
  }

  #start({ command, args, env, version }: Launch): Live {
    const { cwd } = this.#context;
    const process = new AgentProcess({ ...this.#context.wrap(command, args), cwd, env }, this.#context.note);
    const link = this.#driver.link(process);
    const started: Live = { process, link, version, asked: false, gone: Promise.resolve() };
    started.gone = process.ended.then((exit) => this.#onExit(started, exit));
    this.#live = started;
    return started;
  }

  async #onExit(ended: Live, exit: ProcessExit): Promise<void> {
    const current = this.#running?.process === ended.process ? this.#running : null;
    // Between prompts there is nothing to end: what runs then, somebody wanted to keep.
    if (current) await killTree(this.#marks, current.before);
    if (this.#live === ended) this.#live = null;
    if (!ended.asked && exit.startFailure === undefined) {
      this.#context.exited({ code: exit.code, signal: exit.signal, stderrTail: exit.stderrTail });
    }
    if (!current) return;
    if (current.stopping) return stopped(current);
    const reason = this.#driver.reasonOf?.(exit, await isAccepted(current));
    fail(current, reason ?? exitFailure(this.kind, exit));
  }

  async #kill(keep: ProcessId[]): Promise<void> {
    const ending = this.#live;
    if (!ending) return;
    ending.asked = true;
    await killTree({ ...this.#marks, pid: ending.process.pid }, keep);
    await ending.gone;
  }

  async #shutDown(): Promise<void> {
    const ending = this.#live;
    if (!ending) return;
    ending.asked = true;
    await ending.process.end(END_GRACE_MS, this.#driver.endsBy);
    if (ending.process.isAlive()) await this.#kill(this.#listStrays(ending.process));
    await ending.gone;
  }

  /** Tools that left their process group survive the agent's own abort. */
  async #endLeftovers(current: Running): Promise<void> {
    await killTree({ ...this.#marks, pid: this.#live?.process.pid }, [...current.before, ...current.itself]);
  }

  /** Marked processes that are not below the agent any more. */
  #listStrays({ pid }: AgentProcess): ProcessId[] {
    const below = new Set(listTree({ pid }).map((row) => row.pid));
    return listTree(this.#marks).filter((row) => !below.has(row.pid));
  }
}

function begin(): Running {
  return {
    run: null,
    process: null,
    before: [],
    itself: [],
    stopping: false,
    accepted: Promise.withResolvers(),
    ended: Promise.withResolvers(),
    done: Promise.withResolvers(),
  };
}

const stopped = (current: Running): void => cutShort(current, { outcome: "stopped" });
const fail = (current: Running, failure: Failure): void => cutShort(current, { outcome: "failed", failure });

function cutShort({ run, ended }: Running, end: Parameters<Run["cutShort"]>[0]): void {
  ended.resolve(run ? run.cutShort(end) : { ...end, answer: "", usage: NO_USAGE });
}

/** At once, without waiting for the agent: has it taken the prompt? */
const isAccepted = (current: Running): Promise<boolean> =>
  Promise.race([current.accepted.promise, Promise.resolve(false)]);

function exitFailure(kind: string, { code, signal, stderrTail, startFailure }: ProcessExit): Failure {
  if (startFailure !== undefined) return { code: "agent.not-found", detail: startFailure };
  const how = signal ? `was killed by ${signal}` : `ended with code ${code}`;
  const words = lastWords(stderrTail);
  return { code: "agent.exited", detail: `${kind} ${how}${words ? `: ${words}` : ""}` };
}

/** The last line that is no warning. */
export function lastWords(stderrTail: string): string {
  const lines = stderrTail.split("\n").filter((line) => line.trim() && !line.startsWith("Warning:"));
  return (lines.at(-1) ?? "").replace(/\s+/g, " ").trim();
}
