/**
 * Which prompt runs, which wait, and what becomes of one that comes meanwhile. One turn at a time.
 *
 *   POST /prompt --> idle: started --> runTurn --> turn.ended --> the next of the queue
 *                    busy: steered into the running turn, or queued (also when the agent was too late to take it; not taken at
 *                          all when it was meant for that turn only)
 *   POST /publish --> the leave that the running turn waits for, when one of its prompts says so
 *   POST /abort  --> the queue ends as stopped, then the running turn; answered when nothing of it is left
 *
 * Every turn.started has exactly one turn.ended: it is written in the same transaction in which its prompt is done.
 */
import { randomUUID } from "node:crypto";
import { type AgentEvent, NO_USAGE, Usage } from "../wire/events.ts";
import type {
  AbortRequest,
  AbortResponse,
  AnswerRequest,
  AnswerResponse,
  PromptRequest,
  PromptResponse,
  PublishRequest,
  PublishResponse,
  StatusResponse,
} from "../wire/routes.ts";
import type { DaemonClock } from "./clock.ts";
import { learnLogins } from "./credentials.ts";
import type { Journal } from "./journal.ts";
import { cutMiddle, MAX_PROMPT_CHARS } from "./limits.ts";
import { DaemonProblem } from "./problem.ts";
import { digestOf, type Known, openPrompts, type Prompt, type Prompts } from "./prompts.ts";
import type { Questions } from "./questions.ts";
import type { Redactor } from "./redactor.ts";
import type { Storage } from "./storage.ts";
import { attemptOf, type Ending, type RunningTurn, runTurn, type TurnParts } from "./turn.ts";

export interface TurnsParts extends TurnParts {
  storage: Storage;
  journal: Journal;
  questions: Questions;
  redactor: Pick<Redactor, "learn">;
  clock: DaemonClock;
}

/** The bot keeps a queue of its own; this one is for people with curl, and for what came too late to be steered. */
const MAX_QUEUED = 10;
const USAGE_FACT = "usage";
const CUT_SHORT = { code: "agent.exited", detail: "The daemon was restarted during the turn." };

type Accepted = Omit<PromptResponse, "success" | "command">;

export class Turns {
  readonly #parts: TurnsParts;
  readonly #prompts: Prompts;
  /** Being accepted right now, by id: a retry that overtakes its first attempt must not run twice. */
  readonly #arriving = new Map<string, Promise<Accepted>>();
  #queue: Prompt[] = [];
  #running: { turn: RunningTurn; ended: Promise<void> } | null = null;
  #usage: Usage;
  /** What was last said about leave to push. Not what came with it: a token must not outlive its push. */
  #heard: Pick<PublishRequest, "turn" | "allowed"> | null = null;
  #held = false;
  #draining = false;

  constructor(parts: TurnsParts) {
    this.#parts = parts;
    this.#prompts = openPrompts(parts.storage);
    this.#usage = Usage.catch(NO_USAGE).parse(JSON.parse(parts.storage.fact(USAGE_FACT) ?? "null"));
  }

  get running(): StatusResponse["turn"] {
    return this.#running && { id: this.#running.turn.id, startedAt: this.#running.turn.startedAt };
  }

  get queued(): number {
    return this.#queue.length;
  }

  /** Of all turns so far. */
  get usage(): Usage {
    return this.#usage;
  }

  /** Takes a prompt over; resolves when it is on disk and it is known what becomes of it. The same id again is the same prompt. */
  async accept(request: PromptRequest): Promise<Accepted> {
    if (this.#draining) throw new DaemonProblem("not-ready", "The daemon is shutting down; ask again when it is back.");
    const id = request.id ?? randomUUID();
    for (let first = this.#arriving.get(id); first; first = this.#arriving.get(id)) await first.catch(() => {});
    const known = this.#prompts.find(id);
    // A later attempt may have to be told what was lost since.
    const same = known && (known.digest === digestOf(request) || request.attempt > known.attempt);
    if (known && same && !this.#anew(id, known, request)) return { id, turn: known.turn, disposition: "duplicate" };
    if (known && !same) throw new DaemonProblem("prompt-conflict", `The prompt ${id} was taken with another message.`);
    const acceptance = this.#place({ id, turn: id, request });
    this.#arriving.set(id, acceptance);
    return acceptance.finally(() => this.#arriving.delete(id));
  }

  /** Resolves when nothing of it runs any more. */
  async abort({ turn: wanted, reason }: AbortRequest): Promise<AbortResponse["outcome"]> {
    if (wanted !== undefined && wanted !== this.#running?.turn.id) {
      this.#stopQueued((prompt) => prompt.id === wanted);
      return "idle";
    }
    // Who says stop wants quiet, not the next prompt of the queue.
    this.#stopQueued(() => true);
    if (!this.#running) return "idle";
    const { turn, ended } = this.#running;
    this.#parts.log.info("turn.stopping", { turn: turn.id, reason });
    turn.stop.abort();
    await ended;
    return "stopped";
  }

  /** A person's answer to a question of the running turn. */
  answer(request: AnswerRequest): AnswerResponse["outcome"] {
    return this.#parts.questions.answer(request);
  }

  /** Leave to push the work of a turn, or none. */
  allow(request: PublishRequest): PublishResponse["outcome"] {
    const turn = this.#running?.turn;
    if (turn?.id === request.turn && turn.leave) {
      if (request.allowed) learnLogins(this.#parts.redactor, request.git);
      turn.leave(request);
      turn.leave = null;
      this.#heard = { turn: request.turn, allowed: request.allowed };
      return "heard";
    }
    // Asked again because our answer was lost.
    return this.#heard?.turn === request.turn && this.#heard.allowed === request.allowed ? "heard" : "over";
  }

  /** Ends what was cut short when the last process died, and takes up again what had been acknowledged; that runs after `resume`. */
  recover(): void {
    const { journal, clock, storage, questions } = this.#parts;
    for (const { id, attempt, startedAt } of this.#prompts.begun()) {
      const durationMs = Math.max(0, clock.now() - startedAt);
      storage.transaction(() => {
        questions.recover(id);
        const cut = { outcome: "failed", answer: "", failure: CUT_SHORT, durationMs } as const;
        journal.append({ type: "turn.ended", turn: id, ...attemptOf(attempt), ...cut });
        this.#prompts.mark(id, "cut-short");
      });
    }
    this.#prompts.dropUnacknowledged();
    this.#queue = this.#prompts.queued();
    this.#held = this.#queue.length > 0;
  }

  resume(): void {
    this.#held = false;
    this.#next();
  }

  /** Starts nothing new, and resolves when the running turn has ended. Closing its agent is up to the caller. */
  async drain(): Promise<void> {
    this.#draining = true;
    const turn = this.#running?.turn;
    // Nobody can tell it any more that it may push; a push that has begun is not held up by this.
    const asks = turn?.phase === "publishing" && turn.request.publish === "ask";
    if (turn?.phase === "preparing" || asks) turn.stop.abort();
    await this.#running?.ended;
  }

  /**
   * Whether that turn has to be begun again. A higher attempt of one that was not cut short comes from a bot that had lost sight of it:
   * it goes on, and ends as the attempt that the bot now waits for; one that has ended already says so once more.
   */
  #anew(id: string, known: Known, request: PromptRequest): boolean {
    const { attempt } = request;
    if (attempt <= known.attempt || known.turn !== id) return false;
    const { journal, storage } = this.#parts;
    const end = known.state === "ended" ? journal.endOf(id) : null;
    if (known.state === "cut-short" || (known.state === "ended" && !end)) return true;
    storage.transaction(() => {
      this.#prompts.raise(id, attempt);
      if (!end) return;
      journal.append({ ...started(id, request), again: true });
      journal.append({ ...end, attempt });
    });
    if (this.#running?.turn.id === id) this.#running.turn.request = { ...this.#running.turn.request, attempt };
    for (const prompt of this.#queue) if (prompt.id === id) prompt.request = { ...prompt.request, attempt };
    return false;
  }

  async #place(prompt: Prompt): Promise<Accepted> {
    const { id, request } = prompt;
    const { clock } = this.#parts;
    if (request.into !== undefined) return this.#placeInto(request.into, prompt);
    if (!this.#running && !this.#held) {
      this.#begin(prompt, () => this.#prompts.add(prompt, "queued", clock.now()));
      return { id, turn: id, disposition: "started" };
    }
    if (this.#running && request.whileBusy === "steer") {
      const { turn } = this.#running;
      if (await this.#steer(prompt, turn)) return { id, turn: turn.id, disposition: "steered" };
    }
    if (this.#queue.length >= MAX_QUEUED) {
      throw new DaemonProblem("queue-full", `${MAX_QUEUED} prompts are waiting already.`);
    }
    this.#prompts.add(prompt, "queued", clock.now());
    this.#queue.push(prompt);
    this.#next();
    return { id, turn: id, disposition: this.#running?.turn.id === id ? "started" : "queued" };
  }

  async #placeInto(wanted: string, prompt: Prompt): Promise<Accepted> {
    const { id } = prompt;
    const turn = this.#running?.turn;
    if (turn?.id === wanted && (await this.#steer(prompt, turn))) return { id, turn: wanted, disposition: "steered" };
    return { id, turn: wanted, disposition: "late" };
  }

  /** False when the turn is already past the point where it could take more. */
  async #steer(prompt: Prompt, turn: RunningTurn): Promise<boolean> {
    if (turn.phase === "publishing" || turn.stop.signal.aborted) return false;
    this.#prompts.add({ ...prompt, turn: turn.id }, "steering", this.#parts.clock.now());
    const handing = this.#hand(prompt, turn);
    turn.steering.add(handing);
    const taken = await handing;
    turn.steering.delete(handing);
    return taken;
  }

  async #hand({ id, request }: Prompt, turn: RunningTurn): Promise<boolean> {
    const { host, journal, storage } = this.#parts;
    // The agent is not there yet: it gets the first message and this one together.
    if (turn.phase === "preparing") turn.joined.push(request.message);
    else if (!(await host.steer(request.message).catch(() => false))) {
      this.#prompts.forget(id);
      return false;
    }
    storage.transaction(() => {
      this.#prompts.mark(id, "steered");
      const text = cutMiddle(request.message, MAX_PROMPT_CHARS);
      journal.append({ type: "turn.steered", turn: turn.id, prompt: id, text });
    });
    turn.request = { ...turn.request, publish: stricter(turn.request.publish, request.publish) };
    return true;
  }

  #next(): void {
    if (this.#running || this.#held || this.#draining) return;
    const prompt = this.#queue.shift();
    if (prompt) this.#begin(prompt);
  }

  /** `first` is done in the same transaction: a prompt is never on disk without what became of it. */
  #begin({ id, request }: Prompt, first = () => {}): void {
    const { clock, journal, storage } = this.#parts;
    const startedAt = clock.now();
    storage.transaction(() => {
      first();
      if (request.attempt > 1) this.#prompts.forgetSteered(id);
      this.#prompts.begin(id, startedAt);
      journal.append(started(id, request));
    });
    const stop = new AbortController();
    const turn: RunningTurn = {
      id,
      request,
      startedAt,
      stop,
      phase: "preparing",
      joined: [],
      steering: new Set(),
      leave: null,
    };
    this.#running = { turn, ended: runTurn(turn, this.#parts).then((ending) => this.#end(turn, ending)) };
  }

  #end(turn: RunningTurn, { before, ended }: Ending): void {
    const { clock, journal, storage, log } = this.#parts;
    this.#usage = sum(this.#usage, ended.usage ?? NO_USAGE);
    const cutShort = this.#draining && ended.outcome !== "done";
    const outcome = cutShort ? ({ outcome: "failed", failure: CUT_SHORT } as const) : {};
    const durationMs = Math.max(0, clock.now() - turn.startedAt);
    storage.transaction(() => {
      for (const event of before) journal.append(event);
      journal.append({ ...ended, ...outcome, durationMs });
      this.#prompts.mark(turn.id, cutShort ? "cut-short" : "ended");
      storage.setFact(USAGE_FACT, JSON.stringify(this.#usage));
    });
    log.info("turn.ended", { turn: turn.id, outcome: ended.outcome, failure: ended.failure, durationMs });
    this.#running = null;
    this.#next();
  }

  /** Prompts that never got to run are told in the journal as well: each of them gets its end. */
  #stopQueued(chosen: (prompt: Prompt) => boolean): void {
    const { journal, storage } = this.#parts;
    for (const { id, request } of this.#queue.filter(chosen)) {
      storage.transaction(() => {
        journal.append(started(id, request));
        const end = { outcome: "stopped", answer: "", durationMs: 0 } as const;
        journal.append({ type: "turn.ended", turn: id, ...attemptOf(request.attempt), ...end });
        this.#prompts.mark(id, "ended");
      });
    }
    this.#queue = this.#queue.filter((prompt) => !chosen(prompt));
  }
}

function started(turn: string, request: PromptRequest): Extract<AgentEvent, { type: "turn.started" }> {
  return {
    type: "turn.started",
    turn,
    ...attemptOf(request.attempt),
    prompt: cutMiddle(request.message, MAX_PROMPT_CHARS),
  };
}

/** Whoever has to be asked has a say in all of a turn that holds something of theirs. */
const stricter = (turn: PromptRequest["publish"], joined: PromptRequest["publish"]): PromptRequest["publish"] =>
  turn === true && joined === "ask" ? "ask" : turn;

function sum(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    costUsd: a.costUsd + b.costUsd,
  };
}
