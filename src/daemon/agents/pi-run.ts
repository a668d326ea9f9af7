/** Prompts on their way through one `pi --mode rpc`. Answers to commands are matched by id, because pi gives them in any order. */
import type { AgentContext, AgentOutcome } from "./agent.ts";
import type { AgentProcess } from "./agent-process.ts";
import { dialogOf, type PiDialog } from "./pi-dialog.ts";
import {
  type PiCommand,
  type PiDialogLine,
  type PiLine,
  type PiReply,
  type PiResponse,
  parsePiLine,
  piRaw,
} from "./pi-protocol.ts";
import { PiTurn } from "./pi-turn.ts";
import type { Link, Run } from "./supervised.ts";

export class PiLink implements Link {
  readonly #process: AgentProcess;
  readonly #context: AgentContext;
  readonly #waiting = new Map<string, (response: PiResponse | null) => void>();
  #lastId = 0;
  #current: PiRun | null = null;

  constructor(process: AgentProcess, context: AgentContext) {
    this.#process = process;
    this.#context = context;
    process.onLine((value, text) => {
      const raw = piRaw(value, text);
      if (raw) context.report(raw);
      const line = parsePiLine(value);
      if (line?.type === "response") this.#waiting.get(line.id ?? "")?.(line);
      else if (line) this.#take(line);
    });
    void process.ended.then(() => {
      for (const answer of this.#waiting.values()) answer(null);
    });
  }

  run(message: string): Run {
    const run = new PiRun(this, this.#context);
    this.#current = run;
    void run.ended.then(() => {
      if (this.#current === run) this.#current = null;
    });
    void run.begin(message);
    return run;
  }

  /** Resolves with pi's answer, or with null when the process ended without one. */
  async ask(command: PiCommand): Promise<PiResponse | null> {
    if (!this.#process.isAlive()) return null;
    const id = String(++this.#lastId);
    const answer = new Promise<PiResponse | null>((resolve) => this.#waiting.set(id, resolve));
    this.#process.send({ ...command, id });
    return answer.finally(() => this.#waiting.delete(id));
  }

  /** Dialogs of extensions wait for ever in RPC mode; pi says nothing to this. */
  reply(dialog: string, reply: PiReply): void {
    this.#process.send({ type: "extension_ui_response", id: dialog, ...reply });
  }

  /** pi cannot be aborted while a dialog is open, so none is left open that nobody could answer. */
  #take(line: PiLine): void {
    if (line.type !== "extension_ui_request") {
      this.#current?.take(line);
      return;
    }
    const dialog = dialogOf(line);
    if (dialog && !this.#current?.open(line, dialog)) this.reply(line.id, dialog.reply(null));
  }
}

class PiRun implements Run {
  readonly accepted: Promise<boolean>;
  readonly ended: Promise<AgentOutcome>;
  readonly #link: PiLink;
  readonly #context: AgentContext;
  readonly #turn: PiTurn;
  readonly #accepted = Promise.withResolvers<boolean>();
  readonly #ended = Promise.withResolvers<AgentOutcome>();
  readonly #steers = new Set<Promise<unknown>>();
  /** Open ones, by pi's id of them. */
  readonly #dialogs = new Map<string, PiDialog>();
  /** What people added and pi has not given to the model yet. */
  #queue: string[] = [];
  #taken = false;
  #stopping = false;

  constructor(link: PiLink, context: AgentContext) {
    this.#link = link;
    this.#context = context;
    this.#turn = new PiTurn(context);
    this.accepted = this.#accepted.promise;
    this.ended = this.#ended.promise;
  }

  async begin(message: string): Promise<void> {
    // Answered before anything is spent: pi answers these two in order.
    void this.#link.ask({ type: "get_state" }).then((state) => this.#turn.modelled(state?.data?.model));
    await this.#submit(message);
  }

  async #submit(message: string): Promise<void> {
    const response = await this.#link.ask({ type: "prompt", message: asPlainText(message) });
    if (!response) return;
    this.#taken = response.success;
    this.#accepted.resolve(response.success);
    // It checks the model and its key before it takes a prompt, and nothing else that could be wrong here.
    const detail = (response.error ?? "").replace(/\s+/g, " ").trim();
    if (!response.success) this.#end(this.cutShort({ outcome: "failed", failure: { code: "agent.no-model", detail } }));
  }

  take(line: PiLine): void {
    if (line.type === "queue_update") this.#queue = [...line.steering, ...line.followUp];
    else if (line.type === "agent_settled") void this.#onSettled();
    else this.#turn.take(line);
  }

  /** False: nobody is to be asked any more. */
  open({ id }: PiDialogLine, dialog: PiDialog): boolean {
    if (this.#stopping) return false;
    this.#dialogs.set(id, dialog);
    this.#context.report({ type: "asked", question: id, ...dialog.asks });
    return true;
  }

  async steer(message: string): Promise<boolean> {
    const answer = this.#link.ask({ type: "steer", message: asPlainText(message) });
    this.#steers.add(answer);
    const response = await answer;
    this.#steers.delete(answer);
    return response?.success === true;
  }

  answer(question: string, answer: string | null): void {
    const dialog = this.#dialogs.get(question);
    if (!dialog) return;
    this.#dialogs.delete(question);
    const reply = dialog.reply(answer);
    this.#link.reply(question, reply);
    // Where only one of the options will do, other words are no answer to pi; but the model shall hear them.
    if (answer !== null && "cancelled" in reply) void this.steer(`${dialog.asks.text}\n\nThe answer was: ${answer}`);
  }

  interrupt(): void {
    this.#stopping = true;
    void this.#stop();
  }

  cutShort(end: Pick<AgentOutcome, "outcome" | "failure">): AgentOutcome {
    return this.#turn.cutShort(end);
  }

  /** The queue first: pi would hand over what is left in it together with the next prompt. */
  async #stop(): Promise<void> {
    // One of an extension that wants to know something before pi takes the prompt at all.
    if (!this.#taken) this.#dismissAll();
    if (!(await this.accepted)) return;
    await this.#link.ask({ type: "clear_queue" });
    const aborted = this.#link.ask({ type: "abort" });
    // Not before: hearing that nobody answers, the model would go on for a moment.
    this.#dismissAll();
    await aborted;
  }

  /** A message can reach pi's queue after its last look at it. We have promised to take it, so it is a prompt now. */
  async #onSettled(): Promise<void> {
    await Promise.allSettled(this.#steers);
    const late = this.#queue;
    if (late.length === 0 || this.#stopping) {
      if (late.length > 0) await this.#link.ask({ type: "clear_queue" });
      return this.#end(this.#turn.outcome());
    }
    await this.#link.ask({ type: "clear_queue" });
    if (this.#stopping) return this.#end(this.#turn.outcome());
    await this.#submit(late.join("\n\n"));
  }

  /** Nobody will answer what is still open. */
  #dismissAll(): void {
    for (const [id, dialog] of this.#dialogs) this.#link.reply(id, dialog.reply(null));
    this.#dialogs.clear();
  }

  #end(outcome: AgentOutcome): void {
    this.#ended.resolve(outcome);
  }
}

/** A leading slash would run a command of pi or unfold a template; people's words are only words. */
const asPlainText = (message: string): string => (message.startsWith("/") ? ` ${message}` : message);
