/**
 * Keeps the one agent of the sandbox: made at the first prompt, with an environment built from nothing, and made anew, with its
 * own conversation, when its kind, its model or its credentials have changed; for a new key alone only where it has to be. Nothing else
 * in the daemon touches an `Agent`.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type AgentEvent, NO_USAGE } from "../wire/events.ts";
import type { AgentRequest } from "../wire/routes.ts";
import { leaveFor, leaveGiven } from "./agent-leave.ts";
import type { Agent, AgentContext, AgentFactory, AgentOutcome, AgentQuestion } from "./agents/agent.ts";
import type { DaemonClock } from "./clock.ts";
import type { Credentials } from "./credentials.ts";
import { cutEnd, cutMiddle, MAX_QUESTION_CHARS, MAX_STDERR_CHARS, MAX_TITLE_CHARS } from "./limits.ts";
import type { DaemonLog } from "./log.ts";
import type { AgentAccount } from "./ownership.ts";
import type { Questions } from "./questions.ts";
import { createRecorder, type Recorder } from "./recorder.ts";
import type { Redactor } from "./redactor.ts";
import { type SilenceWatch, watchSilence } from "./silence.ts";

export interface AgentHostParts {
  agents: Record<string, AgentFactory>;
  /** Which agent the next prompt goes to. */
  choice(): AgentRequest;
  /** The conversation that every agent of this sandbox goes on with. */
  sessionId: string;
  stateDir: string;
  keysDir: string;
  cwd(): string;
  account: AgentAccount;
  credentials: Credentials;
  append(event: AgentEvent): void;
  questions: Questions;
  redactor: Redactor;
  clock: DaemonClock;
  log: DaemonLog;
}

/** How long an agent gets to stop by itself before its processes are killed. */
const ABORT_DEADLINE_MS = 10_000;
/** And how long it gets to tell us so: longer, and it is given up for lost. */
const SETTLE_DEADLINE_MS = ABORT_DEADLINE_MS + 5_000;

const STOPPED: AgentOutcome = { outcome: "stopped", answer: "", usage: NO_USAGE };

/**
 * A folder in the work tree that looks like a bare repository brings a config of its own, which can name programs; git asks nobody before
 * it runs them. Only the environment can tell the agent's git so: a repository's own config has no say in it.
 */
const GIT_CAUTION = {
  GIT_CONFIG_COUNT: "1",
  GIT_CONFIG_KEY_0: "safe.bareRepository",
  GIT_CONFIG_VALUE_0: "explicit",
};

export class AgentHost {
  readonly #parts: AgentHostParts;
  #seated: { agent: Agent; kind: string; madeFor: string; keys: string; rest: string } | null = null;
  #recorder: Recorder | null = null;
  #silence: SilenceWatch | null = null;
  /** Of the prompt that runs now. */
  #settled: Promise<void> | null = null;
  #alive = false;
  #closed = false;

  constructor(parts: AgentHostParts) {
    this.#parts = parts;
  }

  get state(): { kind: string; is: "stopped" | "idle" | "working" } {
    return { kind: this.#parts.choice().kind, is: this.#settled ? "working" : this.#alive ? "idle" : "stopped" };
  }

  /** Runs one prompt to its end; `stop` ends it early, by force when the agent does not heed it. Never rejects. */
  async prompt(turn: string, message: string, stop: AbortSignal): Promise<AgentOutcome> {
    const settling = Promise.withResolvers<void>();
    this.#settled = settling.promise;
    const stalled = new AbortController();
    const ending = AbortSignal.any([stop, stalled.signal]);
    this.#recorder = createRecorder({ turn, ask: (...asked) => this.#ask(ending, ...asked), ...this.#parts });
    try {
      const agent = await this.#seat();
      if (stop.aborted || this.#closed) return STOPPED;
      this.#alive = true;
      const silence = this.#watch(turn, stalled);
      this.#silence = silence;
      ending.addEventListener("abort", () => silence.close(), { once: true });
      ending.addEventListener("abort", () => this.#parts.questions.stop(turn), { once: true });
      const outcome = await this.#promptUnlessStopped(agent, message, ending);
      if (stop.aborted || !stalled.signal.aborted) return outcome;
      return { ...outcome, outcome: "failed", failure: stalled.signal.reason };
    } catch (error) {
      this.#parts.log.error("agent.failed", { turn, error });
      const detail = error instanceof Error ? error.message : String(error);
      return { outcome: "failed", answer: "", failure: { code: "internal", detail }, usage: NO_USAGE };
    } finally {
      this.#silence?.close();
      this.#silence = null;
      this.#recorder.close();
      this.#recorder = null;
      this.#parts.questions.stop(turn);
      this.#settled = null;
      settling.resolve();
    }
  }

  /** Adds to the running prompt; false when it was too late. */
  async steer(message: string): Promise<boolean> {
    if (!this.#seated || !this.#settled) return false;
    // An agent that settles without having answered was too late; waiting for its answer would keep the turn open for ever.
    return Promise.race([this.#seated.agent.steer(message), this.#settled.then(() => false)]);
  }

  /** Answers that come when the agent has been given up are for nobody. */
  #ask(stop: AbortSignal, turn: string, question: AgentQuestion): void {
    const agent = this.#seated?.agent;
    const tell = (answer: string | null) => agent?.answer(question.question, answer);
    const { questions, choice, cwd } = this.#parts;
    const leave = leaveFor(question, choice().permissions, cwd());
    if (stop.aborted) tell(null);
    else if (leave.is === "decided") {
      if (leave.denied) this.#denied(turn, leave.denied);
      tell(leave.answer);
    } else {
      const goOn = this.#silence?.pause();
      questions.ask(turn, leave.question, (answer) => {
        goOn?.();
        tell(leaveGiven(question, answer));
      });
    }
  }

  #denied(turn: string, { tool, subject, rule }: { tool: string; subject: string; rule: string }): void {
    const { append, redactor } = this.#parts;
    const shown = cutMiddle(redactor.blank(subject), MAX_QUESTION_CHARS);
    append({
      type: "permission.denied",
      turn,
      tool: cutEnd(redactor.blank(tool), MAX_TITLE_CHARS),
      subject: shown,
      rule,
    });
  }

  /** `stalled` is aborted, with the reason, when nothing has come from the agent for too long. */
  #watch(turn: string, stalled: AbortController): SilenceWatch {
    const { choice, clock, append, redactor, log } = this.#parts;
    const shown = (during: string | null) => during && cutEnd(redactor.blank(during), MAX_TITLE_CHARS);
    return watchSilence({
      limits: choice().silence ?? null,
      clock,
      silent: ({ during, ...told }) => append({ type: "turn.silent", turn, ...told, during: shown(during) }),
      stalled({ afterMs, during }) {
        log.warn("agent.stalled", { turn, afterMs });
        const what = during === null ? "the model was waited for" : `this ran: ${shown(during)}`;
        stalled.abort({
          code: "agent.stalled",
          detail: `Nothing came from the agent for ${span(afterMs)} while ${what}`,
        });
      },
    });
  }

  /** For good. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#unseat();
  }

  /** The agent for this prompt; a stale one is closed first, so that two processes never write one conversation. */
  async #seat(): Promise<Agent> {
    const { choice, cwd, credentials, agents } = this.#parts;
    const chosen = choice();
    const { kind, name, model, command, env } = chosen;
    const { keys, rest } = credentials.state(kind);
    const madeFor = JSON.stringify([kind, name, model, command, env, asksLeave(chosen), cwd(), rest]);
    if (this.#seated?.madeFor === madeFor) {
      await this.renew();
      if (this.#seated?.keys === keys) return this.#seated.agent;
    }
    await this.#unseat();
    const factory = agents[chosen.kind];
    if (!factory) throw new Error(`There is no agent "${chosen.kind}".`);
    const agent = factory(this.#context(chosen));
    this.#seated = { agent, kind, madeFor, keys, rest };
    return agent;
  }

  /** Tells the agent of other keys, also while a prompt runs, where it can be told. One that cannot goes on with the old ones until it is idle. */
  async renew(): Promise<void> {
    const seated = this.#seated;
    if (!seated?.agent.renew) return;
    const { keys, rest } = this.#parts.credentials.state(seated.kind);
    // A key that came with another base URL is not for the place that it speaks to.
    if (keys === seated.keys || rest !== seated.rest) return;
    try {
      await seated.agent.renew();
      seated.keys = keys;
    } catch (error) {
      this.#parts.log.warn("agent.renew-failed", { kind: seated.kind, error });
    }
  }

  async #unseat(): Promise<void> {
    const leaving = this.#seated?.agent;
    this.#seated = null;
    this.#alive = false;
    await leaving?.close();
  }

  #context(chosen: AgentRequest): AgentContext {
    const { kind, name = kind, model, command, env: own } = chosen;
    const { account, cwd, credentials, sessionId, log } = this.#parts;
    const loginFile = credentials.loginFile(kind);
    const stateDir = join(this.#parts.stateDir, folderName(name));
    const keysDir = join(this.#parts.keysDir, folderName(name));
    for (const dir of [stateDir, keysDir]) {
      mkdirSync(dir, { recursive: true });
      account.own(dir);
    }
    return {
      cwd: cwd(),
      stateDir,
      keysDir,
      sessionId,
      model,
      ...(command ? { command } : {}),
      asksLeave: asksLeave(chosen),
      get env() {
        return { ...GIT_CAUTION, ...account.env, ...own, ...credentials.agentEnv(kind) };
      },
      ...(loginFile ? { loginFile } : {}),
      wrap: account.wrap,
      report: (report) => {
        this.#silence?.heard(report);
        this.#recorder?.report(report);
      },
      note: (what, fields) => log.info(what, { agent: name, ...this.#noted(fields) }),
      exited: (exit) => this.#exited(exit),
    };
  }

  /** Its own words are blanked before they are cut, or half a secret would stay behind. */
  #noted(fields: Record<string, unknown> = {}): Record<string, unknown> {
    const { blank } = this.#parts.redactor;
    const shown = (value: unknown) => (typeof value === "string" ? cutEnd(blank(value), MAX_TITLE_CHARS) : value);
    return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, shown(value)]));
  }

  #exited({ code, signal, stderrTail }: Parameters<AgentContext["exited"]>[0]): void {
    this.#alive = false;
    if (this.#closed) return;
    const { log, redactor, append } = this.#parts;
    log.warn("agent.exited", { code, signal });
    append({ type: "agent.exited", code, signal, stderrTail: redactor.blank(stderrTail).slice(-MAX_STDERR_CHARS) });
  }

  async #promptUnlessStopped(agent: Agent, message: string, stop: AbortSignal): Promise<AgentOutcome> {
    const { clock, log } = this.#parts;
    const givenUp = Promise.withResolvers<AgentOutcome>();
    let cancelDeadline = () => {};
    const onStop = () => {
      cancelDeadline = clock.after(SETTLE_DEADLINE_MS, () => {
        this.#giveUp(agent);
        givenUp.resolve(STOPPED);
      });
      agent.abort(ABORT_DEADLINE_MS).catch((error: unknown) => log.warn("agent.abort-failed", { error }));
    };
    stop.addEventListener("abort", onStop, { once: true });
    try {
      const outcome = await Promise.race([agent.prompt(message), givenUp.promise]);
      return stop.aborted ? { ...outcome, outcome: "stopped" } : outcome;
    } finally {
      stop.removeEventListener("abort", onStop);
      cancelDeadline();
    }
  }

  /** An agent that neither stops nor answers: its turn ends all the same, and the next prompt gets a fresh process. */
  #giveUp(agent: Agent): void {
    const { log } = this.#parts;
    log.error("agent.given-up", { kind: agent.kind });
    this.#seated = null;
    agent.close().catch((error: unknown) => log.warn("agent.close-failed", { error }));
  }
}

const span = (ms: number): string =>
  ms < 60_000 ? `${Math.max(1, Math.round(ms / 1_000))} s` : `${Math.round(ms / 60_000)} min`;

/** Whether there is anything that it may not do just so. */
const asksLeave = ({ permissions }: AgentRequest): boolean =>
  permissions !== undefined &&
  (permissions.otherwise !== "allow" || permissions.rules.some(({ decide }) => decide !== "allow"));

/** Names are the team's; a folder's name leads nowhere else. */
const folderName = (name: string): string => encodeURIComponent(name).replaceAll(".", "%2E");
