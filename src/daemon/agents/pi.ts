/**
 * The adapter of pi over `pi --mode rpc`, one process that outlives prompts.
 *
 *   no process --prompt--> running --agent_settled--> idle --prompt--> running ...
 *   running --abort--> settled in time: idle | too late: killed, no process
 *   any     --exit---> strays killed, open prompt fails with agent.exited, no process; the next prompt resumes the session by its id
 *
 * pi takes no lock on a session file: two processes on one would fork its history. So a process is only ever started after the
 * one before it, and everything below it, is gone.
 */
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
import { type PiExit, type PiProcess, startPi, within } from "./pi-process.ts";
import type { PiLine } from "./pi-protocol.ts";
import { createPiTurn, type PiTurn } from "./pi-turn.ts";
import { killTree, listTree, type ProcessId } from "./process-tree.ts";

/** For pi to store its session and leave at the end of input; measured at 50 ms. */
const END_GRACE_MS = 3_000;

interface Running {
  turn: PiTurn;
  /** The process that it was given to; lines and ends of any other do not concern it. */
  pi: PiProcess | null;
  /** What earlier prompts left running on purpose, a development server for one. Outlives this prompt however it ends. */
  before: ProcessId[];
  /** pi itself, with whatever it was wrapped in. */
  itself: ProcessId[];
  stopping: boolean;
  /** False: the prompt ended before pi took it. */
  accepted: PromiseWithResolvers<boolean>;
  ended: PromiseWithResolvers<AgentOutcome>;
  /** Everything after `ended` is done too. */
  done: PromiseWithResolvers<void>;
  steers: Set<Promise<unknown>>;
  /** What people added and pi has not given to the model yet. */
  queue: string[];
}

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
  const strays = { environment: processMarks(context) };
  let live: Live | null = null;
  let running: Running | null = null;
  let startedBefore = false;

  async function prompt(message: string): Promise<AgentOutcome> {
    if (running) throw new Error("A prompt is running; steer it or wait for its end.");
    const current = begin(context);
    running = current;
    try {
      await submit(current, message);
      const outcome = await current.ended.promise;
      if (current.stopping) await endLeftovers(current);
      return outcome;
    } finally {
      running = null;
      current.accepted.resolve(false);
      current.done.resolve();
    }
  }

  async function submit(current: Running, message: string): Promise<void> {
    const ready = await makeReady();
    if ("failure" in ready) return fail(current, ready.failure);
    if (current.stopping) return stopped(current);
    current.pi = ready.pi;
    current.before = listStrays(ready.pi);
    current.accepted.resolve(await hand(current, ready, message));
    current.itself = listTree({ pid: ready.pi.pid });
  }

  /** False when pi does not take it. */
  async function hand(current: Running, to: Live, message: string): Promise<boolean> {
    const response = await to.pi.ask({ type: "prompt", message: asPlainText(message) });
    // Its end is told by `onExit`, unless it was over before this prompt was its.
    if (!response) await to.gone.then(() => fail(current, { code: "agent.exited", detail: "pi ended." }));
    // It checks the model and its key before it takes a prompt, and nothing else that could be wrong here.
    if (response?.success === false) fail(current, { code: "agent.no-model", detail: oneLine(response.error ?? "") });
    return response?.success === true;
  }

  /** Marked processes that are not below pi any more. */
  function listStrays(pi: PiProcess): ProcessId[] {
    const below = new Set(listTree({ pid: pi.pid }).map((row) => row.pid));
    return listTree(strays).filter((row) => !below.has(row.pid));
  }

  /** The process for the settings of now: the running one when they have not changed, else a new one. */
  async function makeReady(): Promise<Live | { failure: { code: string; detail: string } }> {
    const model = chooseModel(context.model, context.env);
    if (!model) return { failure: { code: "agent.no-model", detail: `No key for ${context.model ?? "any model"}.` } };
    const found = await findCommand("pi", context.env.PATH);
    if (!found) return { failure: { code: "agent.not-found", detail: "There is no `pi` on the agent's PATH." } };
    const launch = piLaunch(context, model, retry);
    await writePiFiles(context, launch);
    if (live && !live.pi.isAlive()) await live.gone;
    if (live && live.launch === JSON.stringify(launch)) return live;
    await shutDown();
    // What a daemon that died left behind: it may still hold the session.
    if (!startedBefore) await killTree(strays);
    startedBefore = true;
    return start(found, launch, model);
  }

  function start(found: { command: string; args: string[] }, launch: PiLaunch, model: PiModel): Live {
    const wrapped = context.wrap(found.command, [...found.args, ...launch.args]);
    const pi = startPi({ ...wrapped, cwd: context.cwd, env: launch.env }, (line) => onLine(started, line));
    const started: Live = { pi, launch: JSON.stringify(launch), model, asked: false, gone: Promise.resolve() };
    started.gone = pi.ended.then((exit) => onExit(started, exit));
    live = started;
    return started;
  }

  function onLine(from: Live, line: PiLine): void {
    // Nobody is there to answer a dialog, and pi cannot even be aborted while one is open.
    if (line.type === "extension_ui_request") from.pi.dismiss(line.id);
    else if (running?.pi !== from.pi) return;
    else if (line.type === "queue_update") running.queue = [...line.steering, ...line.followUp];
    else if (line.type === "agent_settled") void onSettled(from, running);
    else running.turn.take(line);
  }

  /** A message can reach pi's queue after its last look at it. We have promised to take it, so it is a prompt now. */
  async function onSettled(from: Live, current: Running): Promise<void> {
    await Promise.allSettled(current.steers);
    const late = current.queue;
    if (late.length === 0 && !current.stopping) return current.ended.resolve(current.turn.outcome());
    if (late.length > 0) await from.pi.ask({ type: "clear_queue" });
    if (current.stopping) return stopped(current);
    await hand(current, from, late.join("\n\n"));
  }

  async function onExit(ended: Live, exit: PiExit): Promise<void> {
    const current = running?.pi === ended.pi ? running : null;
    // Between prompts there is nothing to end: what runs then, somebody wanted to keep.
    if (current) await killTree(strays, current.before);
    if (live === ended) live = null;
    if (!ended.asked && exit.startFailure === undefined) {
      context.exited({ code: exit.code, signal: exit.signal, stderrTail: exit.stderrTail });
    }
    if (!current) return;
    if (current.stopping) stopped(current);
    else fail(current, failureOf(exit, ended.model, await isAccepted(current)));
  }

  async function steer(message: string): Promise<boolean> {
    const current = running;
    if (!current || !(await current.accepted.promise) || current.stopping || running !== current || !live) return false;
    const answer = live.pi.ask({ type: "steer", message: asPlainText(message) });
    current.steers.add(answer);
    const response = await answer;
    current.steers.delete(answer);
    return response?.success === true && !current.stopping;
  }

  async function abort(deadlineMs: number): Promise<void> {
    const current = running;
    if (!current) return;
    current.stopping = true;
    void stop(current);
    if (!(await within(deadlineMs, current.ended.promise))) await kill(current.before);
    await current.done.promise;
  }

  /** The queue first: pi would hand over what is left in it together with the next prompt. */
  async function stop(current: Running): Promise<void> {
    if (!(await current.accepted.promise)) return;
    await live?.pi.ask({ type: "clear_queue" });
    await live?.pi.ask({ type: "abort" });
  }

  async function kill(keep: ProcessId[]): Promise<void> {
    const ending = live;
    if (!ending) return;
    ending.asked = true;
    await killTree({ ...strays, pid: ending.pi.pid }, keep);
    await ending.gone;
  }

  /** Tools that left their process group survive pi's own abort. */
  async function endLeftovers(current: Running): Promise<void> {
    await killTree({ ...strays, pid: live?.pi.pid }, [...current.before, ...current.itself]);
  }

  async function shutDown(): Promise<void> {
    const ending = live;
    if (!ending) return;
    ending.asked = true;
    await ending.pi.end(END_GRACE_MS);
    if (live === ending) await kill(listStrays(ending.pi));
    await ending.gone;
  }

  return {
    kind: "pi",
    prompt,
    steer,
    abort,
    async close() {
      const current = running;
      if (current) current.stopping = true;
      await shutDown();
      await killTree(strays);
      await current?.done.promise;
    },
  };
}

function begin(context: AgentContext): Running {
  return {
    turn: createPiTurn(context),
    pi: null,
    before: [],
    itself: [],
    stopping: false,
    accepted: Promise.withResolvers(),
    ended: Promise.withResolvers(),
    done: Promise.withResolvers(),
    steers: new Set(),
    queue: [],
  };
}

const stopped = (current: Running): void => current.ended.resolve(current.turn.cutShort({ outcome: "stopped" }));

function fail(current: Running, failure: { code: string; detail: string }): void {
  current.ended.resolve(current.turn.cutShort({ outcome: "failed", failure }));
}

/** At once, without waiting for pi: has it taken the prompt? */
const isAccepted = (current: Running): Promise<boolean> =>
  Promise.race([current.accepted.promise, Promise.resolve(false)]);

function failureOf(exit: PiExit, model: PiModel, accepted: boolean): { code: string; detail: string } {
  if (exit.startFailure !== undefined) return { code: "agent.not-found", detail: exit.startFailure };
  const lastWords = oneLine(exit.stderrTail.trim().split("\n").at(-1) ?? "");
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
