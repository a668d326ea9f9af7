/** One prompt on its way through one `codex app-server`. */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { AgentContext, AgentOutcome } from "./agent.ts";
import { answerWords, askOf } from "./ask-tool.ts";
import { COMMAND_TOOL, commandIn, FILE_TOOL } from "./codex-items.ts";
import type { Opened } from "./codex-link.ts";
import {
  type CodexError,
  type CodexNotification,
  CommandWish,
  FileWish,
  ToolWish,
  TurnAnswer,
} from "./codex-protocol.ts";
import { CodexTurn } from "./codex-turn.ts";
import { type RpcId, type RpcPeer, resultOf } from "./json-rpc.ts";
import { OpenQuestions } from "./open-questions.ts";
import type { Run } from "./supervised.ts";

/** codex tells of a command some 150 ms after it began, and never of one that it is interrupted before. */
const TELLS_WITHIN_MS = 500;
const LOOK_AGAIN_MS = 50;

export interface CodexWays {
  /** Its own choice, when it is left out. */
  model: string | undefined;
  /** In a row. codex counts those with a status itself, but where nobody is there at all it tries for ever. */
  maxRetries: number;
}

export class CodexRun implements Run {
  readonly accepted: Promise<boolean>;
  readonly ended: Promise<AgentOutcome>;
  readonly turn: CodexTurn;
  readonly #peer: RpcPeer;
  readonly #context: AgentContext;
  readonly #questions: OpenQuestions;
  readonly #accepted = Promise.withResolvers<boolean>();
  readonly #ended = Promise.withResolvers<AgentOutcome>();
  readonly #steers = new Set<Promise<unknown>>();
  /** What people added and the model has not been given yet, by the id that we gave it. */
  readonly #queue = new Map<string, string>();
  #opened: Exclude<Opened, null | { problem: string }> | null = null;
  #turnId: string | null = null;
  #stopping = false;
  readonly #maxRetries: number;
  #gaveUp: CodexError | null = null;

  constructor(peer: RpcPeer, context: AgentContext, { model, maxRetries }: CodexWays) {
    this.#maxRetries = maxRetries;
    this.#peer = peer;
    this.#context = context;
    this.#questions = new OpenQuestions(context.report);
    this.turn = new CodexTurn(context, model);
    this.accepted = this.#accepted.promise;
    this.ended = this.#ended.promise;
  }

  async begin(opening: Promise<Opened>, message: string): Promise<void> {
    const opened = await opening;
    if (!opened) return;
    if ("problem" in opened) return this.#refused(opened.problem);
    this.#opened = { ...opened };
    // Said once: the next prompt knows of this one.
    opened.forgot = false;
    await this.#submit(message);
  }

  take(told: CodexNotification): void {
    if (told.method === "turn/started") {
      // Often before the answer to our request. Those of other threads are codex's own helpers.
      if (told.params.threadId === this.#opened?.thread) this.#turnId = told.params.turn.id;
      return;
    }
    if (told.method === "turn/completed") {
      if (told.params.turn.id === this.#turnId) void this.#onCompleted(told.params);
      return;
    }
    // Of a turn that was interrupted things are told that still went on.
    if (told.params.turnId !== this.#turnId) return;
    if (told.method === "item/started" && told.params.item.type === "userMessage") {
      this.#queue.delete(told.params.item.clientId ?? "");
    }
    this.turn.take(told);
    if (this.turn.retries > this.#maxRetries) this.#giveUp(told);
  }

  /** Whether what was spent there is this prompt's. Other threads are helpers that it sent for. */
  pays(thread: string, turn: string): boolean {
    return this.#opened !== null && (thread !== this.#opened.thread || turn === this.#turnId);
  }

  /** A request of codex. False: it is none that we know. */
  ask(id: RpcId, method: string, params: unknown): boolean {
    switch (method) {
      case "item/tool/call":
        return this.#askPeople(id, params);
      case "item/commandExecution/requestApproval": {
        const { command, reason } = CommandWish.catch({ command: null, reason: null }).parse(params);
        return this.#askLeave(id, COMMAND_TOOL, command ? commandIn(command) : (reason ?? JSON.stringify(params)));
      }
      case "item/fileChange/requestApproval": {
        const wish = FileWish.safeParse(params).data;
        const files = wish && (this.turn.pathsOf(wish.itemId) || wish.grantRoot);
        return this.#askLeave(id, FILE_TOOL, files || JSON.stringify(params));
      }
      default:
        return false;
    }
  }

  async steer(message: string): Promise<boolean> {
    const id = randomUUID();
    const answer = this.#steer(id, message);
    this.#steers.add(answer);
    const taken = await answer;
    this.#steers.delete(answer);
    if (!taken) this.#queue.delete(id);
    return taken;
  }

  answer(question: string, answer: string | null): void {
    this.#questions.answer(question, answer);
  }

  interrupt(): void {
    this.#stopping = true;
    void this.#stop();
  }

  cutShort(end: Pick<AgentOutcome, "outcome" | "failure">): AgentOutcome {
    this.turn.telling.settle("Stopped.");
    return this.#withMemory(this.turn.telling.outcome(end));
  }

  async #submit(message: string): Promise<void> {
    if (this.#stopping) {
      this.#accepted.resolve(false);
      return this.#ended.resolve(this.cutShort({ outcome: "stopped" }));
    }
    const answer = await this.#peer.request("turn/start", { threadId: this.#opened?.thread, input: asInput(message) });
    if (!answer) return;
    const started = resultOf(TurnAnswer, answer);
    if (!started) return this.#refused("error" in answer ? answer.error.message : "It answered in an unknown form.");
    this.#turnId = started.turn.id;
    this.#accepted.resolve(true);
  }

  async #steer(id: string, text: string): Promise<boolean> {
    const { thread } = this.#opened ?? {};
    this.#queue.set(id, text);
    const where = { threadId: thread, expectedTurnId: this.#turnId };
    const answer = await this.#peer.request("turn/steer", { ...where, clientUserMessageId: id, input: asInput(text) });
    return answer !== null && "result" in answer;
  }

  #askPeople(id: RpcId, params: unknown): boolean {
    const wish = ToolWish.safeParse(params).data;
    const asks = wish?.tool === "ask" ? askOf(wish.arguments) : null;
    const reply = (text: string, success: boolean) =>
      this.#peer.reply(id, { contentItems: [{ type: "inputText", text }], success });
    if (!asks) reply("There has to be a question.", false);
    else if (this.#stopping) reply(answerWords(null, asks.otherwise), true);
    else this.#questions.ask(asks, (answer) => reply(answerWords(answer, asks.otherwise), true));
    return true;
  }

  #askLeave(id: RpcId, tool: string, subject: string): boolean {
    const decide = (decision: "accept" | "decline") => this.#peer.reply(id, { decision });
    if (this.#stopping) decide("decline");
    else if (!this.#context.asksLeave) decide("accept");
    else
      this.#questions.askLeave(tool, subject, {
        allowed: () => decide("accept"),
        denied: (reason) => {
          // codex has no place for a reason; said before the no, it reaches the model together with it.
          if (reason !== null) void this.steer(reason);
          decide("decline");
        },
      });
    return true;
  }

  async #stop(): Promise<void> {
    if (!(await this.accepted)) return;
    for (let waited = 0; waited < TELLS_WITHIN_MS && !this.turn.telling.toolRuns; waited += LOOK_AGAIN_MS) {
      await delay(LOOK_AGAIN_MS);
    }
    const interrupted = this.#peer.request("turn/interrupt", { threadId: this.#opened?.thread, turnId: this.#turnId });
    // Not before: hearing that nobody answers, the model would go on for a moment.
    this.#questions.dismissAll();
    await interrupted;
  }

  /** What was added can reach codex after its last look at it. We have promised to take it, so it is a prompt now. */
  async #onCompleted(told: Parameters<CodexTurn["outcome"]>[0]): Promise<void> {
    this.#turnId = null;
    await Promise.allSettled(this.#steers);
    const late = [...this.#queue.values()];
    this.#queue.clear();
    if (late.length > 0 && !this.#stopping && told.turn.status === "completed") return this.#submit(late.join("\n\n"));
    const failed = this.#gaveUp && { turn: { ...told.turn, status: "failed", error: this.#gaveUp } };
    this.#ended.resolve(this.#withMemory(this.turn.outcome(failed ?? told)));
  }

  #giveUp(told: CodexNotification): void {
    if (this.#gaveUp || told.method !== "error") return;
    const { message, additionalDetails, codexErrorInfo } = told.params.error;
    this.#gaveUp = { message: additionalDetails ?? message, codexErrorInfo };
    void this.#peer.request("turn/interrupt", { threadId: this.#opened?.thread, turnId: this.#turnId });
  }

  #refused(detail: string): void {
    this.#accepted.resolve(false);
    this.#ended.resolve(this.cutShort({ outcome: "failed", failure: { code: "agent.failed", detail } }));
  }

  #withMemory(outcome: AgentOutcome): AgentOutcome {
    return this.#opened?.forgot ? { ...outcome, forgot: true } : outcome;
  }
}

const asInput = (text: string) => [{ type: "text", text, text_elements: [] }];
