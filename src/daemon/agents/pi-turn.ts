/**
 * Folds pi's lines during one prompt into reports and, at the end, into its outcome. Knows nothing of processes.
 * Reports are whole: the daemon blanks secrets before it cuts, or half a secret would stay behind.
 */
import { NO_USAGE, type Usage } from "../../wire/events.ts";
import type { AgentContext, AgentOutcome } from "./agent.ts";
import { describeError, modelFailure } from "./model-failure.ts";
import { type PiLine, type PiMessage, textOf } from "./pi-protocol.ts";
import { toolTitle } from "./tool-title.ts";

type Line<T extends PiLine["type"]> = Extract<PiLine, { type: T }>;

export class PiTurn {
  readonly #context: Pick<AgentContext, "cwd" | "report">;
  readonly #usage: Usage = { ...NO_USAGE };
  readonly #toolsSince = new Map<string, number>();
  #messages = 0;
  #answer = "";
  #last: PiMessage | null = null;
  #retriedInVain = false;

  constructor(context: Pick<AgentContext, "cwd" | "report">) {
    this.#context = context;
  }

  take(line: PiLine): void {
    switch (line.type) {
      case "message_start":
        // Only the model's: the system prompt and people's own words come along here too.
        if (line.message.role === "assistant") this.#messages += 1;
        break;
      case "message_update":
        this.#words(line);
        break;
      case "message_end":
        if (line.message.role === "assistant") this.#message(line.message);
        break;
      case "tool_execution_start":
        this.#toolStarted(line);
        break;
      case "tool_execution_end":
        this.#toolEnded(line);
        break;
      case "compaction_end":
        if (line.result?.usage) this.#spend(line.result.usage);
        break;
      case "auto_retry_start":
        this.#retrying(line);
        break;
      case "auto_retry_end":
        this.#retriedInVain = !line.success;
    }
  }

  /**
   * What pi says of its model when it is asked for its state. One that is not in its catalogue it takes for its default one of that provider,
   * at that one's price, and gives it no other name than its id.
   */
  modelled(model: { id: string; name: string } | undefined): void {
    if (model && model.name === model.id) this.#usage.pricedBy = "nobody";
  }

  /** How it ended by pi's own account, once it has settled. */
  outcome(): AgentOutcome {
    const work = { answer: this.#answer, usage: this.#usage };
    const last = this.#last;
    if (last?.stopReason === "aborted") return { outcome: "stopped", ...work };
    if (last && last.stopReason !== "error") return { outcome: "done", ...work };
    const failure = last
      ? modelFailure(last.errorMessage ?? "", this.#retriedInVain)
      : { code: "model.failed", detail: "The agent settled without an answer." };
    return { outcome: "failed", failure, ...work };
  }

  /** The same work, ended by somebody else: stopped by us, or cut off by a crash. */
  cutShort(end: Pick<AgentOutcome, "outcome" | "failure">): AgentOutcome {
    return { ...end, answer: this.#answer, usage: this.#usage };
  }

  #words({ assistantMessageEvent: { type, delta } }: Line<"message_update">): void {
    if (!delta) return;
    const words = { message: this.#messages, text: delta };
    if (type === "text_delta") this.#context.report({ type: "text", ...words });
    if (type === "thinking_delta") this.#context.report({ type: "thinking", ...words });
  }

  #message(message: PiMessage): void {
    this.#last = message;
    this.#answer = textOf(message.content) || this.#answer;
    if (message.model !== undefined) this.#usage.model = message.model;
    this.#spend(message.usage);
  }

  #spend(spent: PiMessage["usage"]): void {
    const usage = this.#usage;
    usage.inputTokens += spent.input + spent.cacheRead + spent.cacheWrite;
    usage.outputTokens += spent.output;
    usage.cacheReadTokens = (usage.cacheReadTokens ?? 0) + spent.cacheRead;
    usage.cacheWriteTokens = (usage.cacheWriteTokens ?? 0) + spent.cacheWrite;
    usage.costUsd += spent.cost.total;
    this.#context.report({ type: "usage", usage: { ...usage } });
  }

  #toolStarted({ toolCallId: call, toolName: tool, args }: Line<"tool_execution_start">): void {
    this.#toolsSince.set(call, performance.now());
    const title = toolTitle(tool, args, this.#context.cwd);
    this.#context.report({ type: "tool.started", call, tool, title, input: JSON.stringify(args) ?? "" });
  }

  #toolEnded({ toolCallId: call, toolName: tool, isError, result }: Line<"tool_execution_end">): void {
    const since = this.#toolsSince.get(call) ?? performance.now();
    this.#toolsSince.delete(call);
    const durationMs = Math.round(performance.now() - since);
    const output = textOf(result.content);
    this.#context.report({ type: "tool.ended", call, tool, ok: !isError, output, cut: false, durationMs });
  }

  #retrying({ attempt, delayMs, errorMessage }: Line<"auto_retry_start">): void {
    this.#context.report({ type: "retrying", attempt, delayMs, reason: describeError(errorMessage) });
  }
}
