/** Folds what codex tells during one prompt into reports and, at the end, into its outcome. Knows nothing of processes. */
import { NO_USAGE, type Usage } from "../../wire/events.ts";
import type { AgentContext, AgentOutcome } from "./agent.ts";
import { codexFailure } from "./codex-failure.ts";
import { toolEnd, toolStart } from "./codex-items.ts";
import type { CodexItem, CodexNotification, CodexTokens } from "./codex-protocol.ts";
import { describeError } from "./model-failure.ts";
import { Telling } from "./telling.ts";

type Told<M extends CodexNotification["method"]> = Extract<CodexNotification, { method: M }>["params"];

export class CodexTurn {
  readonly telling: Telling;
  readonly #context: Pick<AgentContext, "cwd" | "report">;
  readonly #usage: Usage;
  /** Messages whose words came in pieces. */
  readonly #streamed = new Set<string>();
  /** What a change of files is about: asked about by its id alone. */
  readonly #paths = new Map<string, string[]>();
  /** In a row. */
  retries = 0;

  constructor(context: Pick<AgentContext, "cwd" | "report">, model: string | undefined) {
    this.#context = context;
    this.#usage = {
      ...NO_USAGE,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      ...(model ? { model } : {}),
      pricedBy: "nobody",
    };
    this.telling = new Telling(context.report, this.#usage);
  }

  take({ method, params }: CodexNotification): void {
    switch (method) {
      case "item/started":
        this.#started(params.item);
        break;
      case "item/completed":
        this.#completed(params.item);
        break;
      case "item/agentMessage/delta":
        this.#streamed.add(params.itemId);
        this.telling.text(params.itemId, params.delta);
        break;
      case "item/reasoning/summaryTextDelta":
      case "item/reasoning/textDelta":
        this.telling.thinking(params.delta);
        break;
      case "error":
        this.#failed(params);
    }
  }

  /** What the last answers of the model took. */
  spend(tokens: CodexTokens): void {
    const usage = this.#usage;
    usage.inputTokens += tokens.inputTokens;
    usage.outputTokens += tokens.outputTokens;
    usage.cacheReadTokens = (usage.cacheReadTokens ?? 0) + tokens.cachedInputTokens;
    usage.cacheWriteTokens = (usage.cacheWriteTokens ?? 0) + tokens.cacheWriteInputTokens;
    this.telling.spent(usage);
  }

  /** The files of a change, one a line. */
  pathsOf(item: string): string {
    return (this.#paths.get(item) ?? []).join("\n");
  }

  /** How it ended by codex's own account. */
  outcome({ turn: { status, error } }: Pick<Told<"turn/completed">, "turn">): AgentOutcome {
    this.telling.settle("Ended before it was done.");
    if (status === "completed") return this.telling.outcome({ outcome: "done" });
    if (status === "interrupted") return this.telling.outcome({ outcome: "stopped" });
    const failure = error
      ? codexFailure(error)
      : { code: "model.failed", detail: `codex ended the turn as ${status}.` };
    return this.telling.outcome({ outcome: "failed", failure });
  }

  #started(item: CodexItem): void {
    if (item.type !== "userMessage") this.retries = 0;
    if (item.type === "fileChange")
      this.#paths.set(
        item.id,
        item.changes.map((change) => change.path),
      );
    const tool = toolStart(item, this.#context.cwd);
    if (tool) this.telling.toolStarted(tool);
  }

  #completed(item: CodexItem): void {
    if (item.type === "agentMessage" && !this.#streamed.has(item.id)) this.telling.text(item.id, item.text);
    if (!toolStart(item, this.#context.cwd)) return;
    // What is told only when it is done, was begun as well.
    this.#started(item);
    const { ok, output } = toolEnd(item);
    this.telling.toolEnded(item.id, ok, output);
  }

  /** The last one comes again with the turn's end. How long codex waits it does not say. */
  #failed({ error, willRetry }: Told<"error">): void {
    if (!willRetry) return;
    this.retries += 1;
    const reason = describeError(error.additionalDetails ?? error.message);
    this.#context.report({ type: "retrying", attempt: this.retries, delayMs: 0, reason });
  }
}
