/**
 * pi over `pi --mode rpc`, one process that outlives prompts.
 *
 *   no process --prompt--> running --agent_settled--> idle --prompt--> running ...
 *   running --abort--> settled in time: idle | too late: killed, no process
 *   any     --exit---> strays killed, open prompt fails with agent.exited, no process; the next prompt resumes the session by its id
 *
 * pi takes no lock on a session file: two processes on one would fork its history. So a process is only ever started after the
 * one before it, and everything below it, is gone.
 */
import { within } from "../within.ts";
import type { Agent, AgentContext, AgentOutcome } from "./agent.ts";
import { findCommand } from "./pi-command.ts";
import {
  chooseModel,
  isKnownProvider,
  PI_RETRY,
  type PiLaunch,
  type PiModel,
  type PiRetry,
  piLaunch,
  processMarks,
  writePiFiles,
} from "./pi-config.ts";
import { dialogOf } from "./pi-dialog.ts";
import { type PiExit, type PiProcess, startPi } from "./pi-process.ts";
import type { PiDialogLine, PiLine } from "./pi-protocol.ts";
import { begin, dismissAll, type Failure, fail, isAccepted, type Running, stopped } from "./pi-running.ts";
import { killTree, listTree, type ProcessId } from "./process-tree.ts";

/** For pi to store its session and leave at the end of input; measured at 50 ms. */
const END_GRACE_MS = 3_000;

interface Live {
  pi: PiProcess;
  launch: string;
  model: PiModel;
  /** Its end was our wish. */
  asked: boolean;
  /** After its exit has been dealt with. */
  gone: Promise<void>;
}

export function createPi(context: AgentContext, retry: PiRetry = PI_RETRY): Agent {
  return new PiAgent(context, retry);
}

class PiAgent implements Agent {
  readonly kind = "pi";
  readonly #context: AgentContext;
  readonly #retry: PiRetry;
  /** How processes of this agent are known that are not below pi any more. */
  readonly #marks: { environment: Record<string, string> };
  #live: Live | null = null;
  #running: Running | null = null;
  #startedBefore = false;

  constructor(context: AgentContext, retry: PiRetry) {
    this.#context = context;
    this.#retry = retry;
    this.#marks = { environment: processMarks(context) };
  }

  async prompt(message: string): Promise<AgentOutcome> {
    if (this.#running) throw new Error("A prompt is running; steer it or wait for its end.");
    const current = begin(this.#context);
    this.#running = current;
    try {
      await this.#submit(current, message);
      const outcome = await current.ended.promise;
      if (current.stopping) await this.#endLeftovers(current);
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
    if (current.stopping || this.#running !== current || !this.#live) return false;
    const answer = this.#live.pi.ask({ type: "steer", message: asPlainText(message) });
    current.steers.add(answer);
    const response = await answer;
    current.steers.delete(answer);
    return response?.success === true && !current.stopping;
  }

  answer(question: string, answer: string | null): void {
    const dialog = this.#running?.dialogs.get(question);
    if (!dialog) return;
    this.#running?.dialogs.delete(question);
    const reply = dialog.reply(answer);
    this.#running?.pi?.reply(question, reply);
    // Where only one of the options will do, other words are no answer to pi; but the model shall hear them.
    if (answer !== null && "cancelled" in reply) void this.steer(`${dialog.asks.text}\n\nThe answer was: ${answer}`);
  }

  async abort(deadlineMs: number): Promise<void> {
    const current = this.#running;
    if (!current) return;
    current.stopping = true;
    void this.#stop(current);
    if (!(await within(deadlineMs, current.ended.promise))) await this.#kill(current.before);
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
    const ready = await this.#makeReady();
    if ("failure" in ready) return fail(current, ready.failure);
    if (current.stopping) return stopped(current);
    current.pi = ready.pi;
    current.before = this.#listStrays(ready.pi);
    current.accepted.resolve(await this.#hand(current, ready, message));
    current.itself = listTree({ pid: ready.pi.pid });
  }

  /** The process for the settings of now: the running one when they have not changed, else a new one. */
  async #makeReady(): Promise<Live | { failure: Failure }> {
    const { model: wanted, env } = this.#context;
    const model = chooseModel(wanted, env);
    if (!model) return { failure: { code: "agent.no-model", detail: `No key for ${wanted ?? "any model"}.` } };
    const found = await findCommand("pi", env.PATH);
    if (!found) return { failure: { code: "agent.not-found", detail: "There is no `pi` on the agent's PATH." } };
    const launch = piLaunch(this.#context, model, this.#retry);
    await writePiFiles(this.#context, launch);
    if (this.#live && !this.#live.pi.isAlive()) await this.#live.gone;
    if (this.#live && this.#live.launch === JSON.stringify(launch)) return this.#live;
    await this.#shutDown();
    // What a daemon that died left behind: it may still hold the session.
    if (!this.#startedBefore) await killTree(this.#marks);
    this.#startedBefore = true;
    return this.#start(found, launch, model);
  }

  #start(found: { command: string; args: string[] }, launch: PiLaunch, model: PiModel): Live {
    const { cwd } = this.#context;
    const wrapped = this.#context.wrap(found.command, [...found.args, ...launch.args]);
    const pi = startPi({ ...wrapped, cwd, env: launch.env }, (line) => this.#onLine(started, line));
    const started: Live = { pi, launch: JSON.stringify(launch), model, asked: false, gone: Promise.resolve() };
    started.gone = pi.ended.then((exit) => this.#onExit(started, exit));
    this.#live = started;
    return started;
  }

  /** False when pi does not take it. */
  async #hand(current: Running, to: Live, message: string): Promise<boolean> {
    const response = await to.pi.ask({ type: "prompt", message: asPlainText(message) });
    // Its end is told by `#onExit`, unless it was over before this prompt was its.
    if (!response) await to.gone.then(() => fail(current, { code: "agent.exited", detail: "pi ended." }));
    // It checks the model and its key before it takes a prompt, and nothing else that could be wrong here.
    if (response?.success === false) fail(current, { code: "agent.no-model", detail: oneLine(response.error ?? "") });
    return response?.success === true;
  }

  #onLine(from: Live, line: PiLine): void {
    const current = this.#running;
    if (line.type === "extension_ui_request") this.#onDialog(from, line);
    else if (current?.pi !== from.pi) return;
    else if (line.type === "queue_update") current.queue = [...line.steering, ...line.followUp];
    else if (line.type === "agent_settled") void this.#onSettled(from, current);
    else current.turn.take(line);
  }

  /** pi cannot be aborted while one is open, so none is left open that nobody could answer. */
  #onDialog({ pi }: Live, line: PiDialogLine): void {
    const current = this.#running;
    const dialog = dialogOf(line);
    if (!dialog) return;
    if (current?.pi !== pi || current.stopping) pi.reply(line.id, dialog.reply(null));
    else {
      current.dialogs.set(line.id, dialog);
      this.#context.report({ type: "asked", question: line.id, ...dialog.asks });
    }
  }

  /** A message can reach pi's queue after its last look at it. We have promised to take it, so it is a prompt now. */
  async #onSettled(from: Live, current: Running): Promise<void> {
    await Promise.allSettled(current.steers);
    const late = current.queue;
    if (late.length === 0 && !current.stopping) return current.ended.resolve(current.turn.outcome());
    if (late.length > 0) await from.pi.ask({ type: "clear_queue" });
    if (current.stopping) return stopped(current);
    await this.#hand(current, from, late.join("\n\n"));
  }

  async #onExit(ended: Live, exit: PiExit): Promise<void> {
    const current = this.#running?.pi === ended.pi ? this.#running : null;
    // Between prompts there is nothing to end: what runs then, somebody wanted to keep.
    if (current) await killTree(this.#marks, current.before);
    if (this.#live === ended) this.#live = null;
    if (!ended.asked && exit.startFailure === undefined) {
      this.#context.exited({ code: exit.code, signal: exit.signal, stderrTail: exit.stderrTail });
    }
    if (!current) return;
    if (current.stopping) stopped(current);
    else fail(current, failureOf(exit, ended.model, await isAccepted(current)));
  }

  /** The queue first: pi would hand over what is left in it together with the next prompt. */
  async #stop(current: Running): Promise<void> {
    // One of an extension that wants to know something before pi takes the prompt at all.
    if (!(await isAccepted(current))) dismissAll(current);
    if (!(await current.accepted.promise)) return;
    await this.#live?.pi.ask({ type: "clear_queue" });
    const aborted = this.#live?.pi.ask({ type: "abort" });
    // Not before: hearing that nobody answers, the model would go on for a moment.
    dismissAll(current);
    await aborted;
  }

  async #kill(keep: ProcessId[]): Promise<void> {
    const ending = this.#live;
    if (!ending) return;
    ending.asked = true;
    await killTree({ ...this.#marks, pid: ending.pi.pid }, keep);
    await ending.gone;
  }

  async #shutDown(): Promise<void> {
    const ending = this.#live;
    if (!ending) return;
    ending.asked = true;
    await ending.pi.end(END_GRACE_MS);
    if (ending.pi.isAlive()) await this.#kill(this.#listStrays(ending.pi));
    await ending.gone;
  }

  /** Tools that left their process group survive pi's own abort. */
  async #endLeftovers(current: Running): Promise<void> {
    await killTree({ ...this.#marks, pid: this.#live?.pi.pid }, [...current.before, ...current.itself]);
  }

  /** Marked processes that are not below pi any more. */
  #listStrays(pi: PiProcess): ProcessId[] {
    const below = new Set(listTree({ pid: pi.pid }).map((row) => row.pid));
    return listTree(this.#marks).filter((row) => !below.has(row.pid));
  }
}

function failureOf(exit: PiExit, model: PiModel, accepted: boolean): Failure {
  if (exit.startFailure !== undefined) return { code: "agent.not-found", detail: exit.startFailure };
  const lines = exit.stderrTail.split("\n").filter((line) => line.trim() && !line.startsWith("Warning:"));
  const lastWords = oneLine(lines.at(-1) ?? "");
  // Before the first prompt pi leaves when it does not know the provider; for the two that we set up it does.
  if (!accepted && exit.code === 1 && !isKnownProvider(model.provider)) {
    return { code: "agent.no-model", detail: lastWords };
  }
  const how = exit.signal ? `was killed by ${exit.signal}` : `ended with code ${exit.code}`;
  return { code: "agent.exited", detail: `pi ${how}${lastWords ? `: ${lastWords}` : ""}` };
}

/** A leading slash would run a command of pi or unfold a template; people's words are only words. */
const asPlainText = (message: string): string => (message.startsWith("/") ? ` ${message}` : message);

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim().slice(0, 500);
