/**
 * Folds OpenCode's events during one prompt into reports and, at the end, into its outcome. Knows nothing of processes. The same event
 * twice changes nothing, so that what a broken stream has missed can be told again as a whole.
 */
import { NO_USAGE } from "../../wire/events.ts";
import type { AgentContext, AgentOutcome } from "./agent.ts";
import { describeError, modelFailure } from "./model-failure.ts";
import type { OpencodeAnswer, OpencodeError, OpencodeEvent, OpencodePart } from "./opencode-protocol.ts";
import { toolTitle } from "./tool-title.ts";

type Event<T extends OpencodeEvent["type"]> = Extract<OpencodeEvent, { type: T }>["properties"];
type ToolPart = Extract<OpencodePart, { type: "tool" }>;

interface Told {
  type: "text" | "thinking" | "tool";
  chars: number;
  text: string;
  startedAt: number;
  ended: boolean;
}

/** What it does not try again by itself comes as an error at once. */
const ABORTED = "MessageAbortedError";

export class OpencodeTurn {
  readonly #context: Pick<AgentContext, "cwd" | "report">;
  /** Its answers to our words, in their order. */
  readonly #answers = new Map<string, OpencodeAnswer>();
  /** What sub-agents were answered in conversations of their own, which cost the same. */
  readonly #asides = new Map<string, OpencodeAnswer>();
  readonly #told = new Map<string, Told>();
  readonly #texts = new Map<string, Map<string, string>>();
  #error: OpencodeError | null = null;
  #stopping = false;

  constructor(context: Pick<AgentContext, "cwd" | "report">) {
    this.#context = context;
  }

  /** From now on what a tool ends with is no success. */
  stop(): void {
    this.#stopping = true;
  }

  /** One of its answers to what was said in this prompt. */
  answered(answer: OpencodeAnswer): void {
    this.#answers.set(answer.id, answer);
    if (answer.error) this.#error = answer.error;
    this.#tell(answer);
  }

  /** An answer to a sub-agent: what it says, and whether it fails, is for the agent to judge. */
  aside(answer: OpencodeAnswer): void {
    this.#asides.set(answer.id, answer);
    this.#tell(answer);
  }

  part(part: OpencodePart): void {
    if (!this.#answers.has(part.messageID)) return;
    if (part.type === "tool") this.#tool(part);
    else this.#words(part.messageID, part.id, part.type === "text" ? "text" : "thinking", part.text);
  }

  delta({ messageID, partID, field, delta }: Event<"message.part.delta">): void {
    const told = this.#told.get(partID);
    if (!told || told.type === "tool" || field !== "text") return;
    this.#words(messageID, partID, told.type, told.text + delta);
  }

  retrying({ attempt = 1, message = "", next = 0 }: Event<"session.status">["status"], now: number): void {
    const delayMs = Math.max(0, Math.round(next - now));
    this.#context.report({ type: "retrying", attempt, delayMs, reason: describeError(message) });
  }

  failed(error: OpencodeError): void {
    this.#error = error;
  }

  /** Whether there is nothing to come any more for that word of ours, once the server says that it is idle. */
  isOver(asked: string): boolean {
    const last = [...this.#answers.values()].filter(({ parentID }) => parentID === asked).at(-1);
    if (!last) return this.#error !== null;
    return last.error !== undefined || (last.time.completed !== undefined && last.finish !== "tool-calls");
  }

  isAnswered(asked: string): boolean {
    return [...this.#answers.values()].some(({ parentID }) => parentID === asked);
  }

  outcome(): AgentOutcome {
    const error = this.#error;
    if (!error) return this.cutShort({ outcome: "done" });
    if (error.name === ABORTED) return this.cutShort({ outcome: "stopped" });
    const { message, statusCode } = error.data;
    return this.cutShort({ outcome: "failed", failure: modelFailure(message || error.name, false, statusCode) });
  }

  cutShort(end: Pick<AgentOutcome, "outcome" | "failure">): AgentOutcome {
    return { ...end, answer: this.#answer(), usage: this.#usage() };
  }

  #tell({ tokens }: OpencodeAnswer): void {
    if (tokens.input + tokens.output > 0) this.#context.report({ type: "usage", usage: this.#usage() });
  }

  #answer(): string {
    const texts = [...this.#answers.keys()].map((id) => [...(this.#texts.get(id)?.values() ?? [])].join(""));
    return texts.findLast((text) => text.trim() !== "") ?? "";
  }

  #usage(): AgentOutcome["usage"] {
    const usage = { ...NO_USAGE, cacheReadTokens: 0, cacheWriteTokens: 0 };
    let model: string | undefined;
    for (const { tokens, cost, modelID } of [...this.#asides.values(), ...this.#answers.values()]) {
      usage.inputTokens += tokens.input + tokens.cache.read + tokens.cache.write;
      usage.outputTokens += tokens.output + tokens.reasoning;
      usage.cacheReadTokens += tokens.cache.read;
      usage.cacheWriteTokens += tokens.cache.write;
      usage.costUsd += cost;
      model = modelID ?? model;
    }
    // A model that its catalogue does not have costs nothing there.
    const isUnpriced = usage.costUsd === 0 && usage.inputTokens + usage.outputTokens > 0;
    return { ...usage, ...(model ? { model } : {}), ...(isUnpriced ? { pricedBy: "nobody" as const } : {}) };
  }

  #words(message: string, part: string, type: "text" | "thinking", text: string): void {
    const told = this.#told.get(part) ?? this.#begin(part, type);
    const more = text.slice(told.chars);
    told.chars = Math.max(told.chars, text.length);
    told.text = text;
    if (type === "text") this.#texts.set(message, (this.#texts.get(message) ?? new Map()).set(part, text));
    if (more) this.#context.report({ type, message: this.#number(message), text: more });
  }

  #tool({ id, callID: call, tool, state }: ToolPart): void {
    if (state.status === "pending") return;
    let told = this.#told.get(id);
    if (!told) {
      told = this.#begin(id, "tool");
      const title = toolTitle(tool, state.input, this.#context.cwd);
      this.#context.report({ type: "tool.started", call, tool, title, input: JSON.stringify(state.input) ?? "" });
    }
    if (state.status === "running" || told.ended) return;
    told.ended = true;
    const durationMs = Math.round(performance.now() - told.startedAt);
    // It calls a command that was cut off completed.
    const ok = state.status === "completed" && !this.#stopping;
    const output = state.output ?? state.error ?? "";
    this.#context.report({ type: "tool.ended", call, tool, ok, output, cut: false, durationMs });
  }

  #begin(part: string, type: Told["type"]): Told {
    const told = { type, chars: 0, text: "", startedAt: performance.now(), ended: false };
    this.#told.set(part, told);
    return told;
  }

  #number = (message: string): number => [...this.#answers.keys()].indexOf(message) + 1;
}
