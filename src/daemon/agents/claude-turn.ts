/**
 * Folds Claude's lines during one prompt into reports and, at the end, into its outcome. Knows nothing of processes.
 * Reports are whole: the daemon blanks secrets before it cuts, or half a secret would stay behind.
 */
import { NO_USAGE, type Usage } from "../../wire/events.ts";
import type { AgentContext, AgentOutcome } from "./agent.ts";
import {
  type Block,
  type ClaudeLine,
  type ClaudeResult,
  sum,
  type Tokens,
  textOf,
  totalOf,
} from "./claude-protocol.ts";
import { describeError, modelFailure } from "./model-failure.ts";
import { toolTitle } from "./tool-title.ts";

type Line<T extends ClaudeLine["type"]> = Extract<ClaudeLine, { type: T }>;

/** Totals of a conversation, which are only told as such; what a prompt cost is the difference of two. */
export class Account {
  #before: Usage = NO_USAGE;

  /** What processes before this one have spent in its conversation. */
  startAt(before: Usage): void {
    this.#before = before;
  }

  /** What has been spent since the last time. */
  since(totals: ClaudeResult["modelUsage"]): Usage {
    const now = totalOf(totals);
    // One that counts from nothing has not heard of those before it.
    const before = now.inputTokens < this.#before.inputTokens ? NO_USAGE : this.#before;
    this.#before = now;
    const more = (field: "inputTokens" | "outputTokens" | "costUsd" | "cacheReadTokens" | "cacheWriteTokens") =>
      Math.max(0, (now[field] ?? 0) - (before[field] ?? 0));
    return {
      inputTokens: more("inputTokens"),
      outputTokens: more("outputTokens"),
      // Differences of small fractions carry noise, which is no money.
      costUsd: Math.round(more("costUsd") * 1e9) / 1e9,
      cacheReadTokens: more("cacheReadTokens"),
      cacheWriteTokens: more("cacheWriteTokens"),
    };
  }
}

export class ClaudeTurn {
  readonly #context: Pick<AgentContext, "cwd" | "report">;
  readonly #account: Account;
  readonly #tools = new Map<string, { tool: string; since: number }>();
  /** What results have told, and what has come from the model since the last of them. */
  #settled: Usage = NO_USAGE;
  #unsettled: Usage = NO_USAGE;
  #model: string | undefined;
  #messages = 0;
  #answer = { id: "", text: "" };
  #retried = false;
  #result: ClaudeResult | null = null;

  constructor(context: Pick<AgentContext, "cwd" | "report">, account: Account) {
    this.#context = context;
    this.#account = account;
  }

  take(line: ClaudeLine): void {
    switch (line.type) {
      case "stream_event":
        // Of a sub-agent only its tools are told; it speaks to Claude, not to people.
        if (line.parent_tool_use_id === null) this.#piece(line.event);
        break;
      case "assistant":
        this.#message(line);
        break;
      case "user":
        for (const block of line.message.content) this.#toolEnded(block);
        break;
      case "system":
        if (line.subtype === "api_retry") this.#retrying(line);
        break;
      case "result":
        this.#result = line;
        this.#settle(line);
    }
  }

  /** How it ended by Claude's own account. */
  outcome(): AgentOutcome {
    const result = this.#result;
    if (result?.terminal_reason.startsWith("aborted")) return this.cutShort({ outcome: "stopped" });
    if (result && !result.is_error) return this.cutShort({ outcome: "done" });
    const said = result?.result || result?.errors.join("; ") || "Claude ended without an answer.";
    const failure = modelFailure(said, this.#retried, result?.api_error_status ?? null);
    return this.cutShort({ outcome: "failed", failure });
  }

  /** The same work, ended by somebody else: stopped by us, or cut off by a crash. */
  cutShort(end: Pick<AgentOutcome, "outcome" | "failure">): AgentOutcome {
    return { ...end, answer: this.#answer.text, usage: this.#usage() };
  }

  #piece({ type, message, delta, usage }: Line<"stream_event">["event"]): void {
    if (type === "message_start") {
      this.#messages += 1;
      this.#model = message?.model || this.#model;
      if (message) this.#spend({ ...message.usage, output_tokens: 0 });
    }
    // The count at the start of a message is the first piece's; the whole is told at its end.
    if (type === "message_delta" && usage) this.#spend({ ...NO_TOKENS, output_tokens: usage.output_tokens });
    if (type !== "content_block_delta" || !delta) return;
    const { text, thinking } = delta;
    if (delta.type === "text_delta" && text) this.#say("text", text);
    if (delta.type === "thinking_delta" && thinking) this.#say("thinking", thinking);
  }

  #say(type: "text" | "thinking", text: string): void {
    this.#context.report({ type, message: this.#messages, text });
  }

  /** One line for each of its blocks, all with the message's id. */
  #message({ message: { id, model, content }, parent_tool_use_id: parent }: Line<"assistant">): void {
    if (model === SYNTHETIC) return;
    for (const block of content) {
      if (block.type === "tool_use") this.#toolStarted(block);
      if (block.type !== "text" || !block.text || parent !== null) continue;
      this.#answer = { id, text: (this.#answer.id === id ? this.#answer.text : "") + block.text };
    }
  }

  #toolStarted({ id: call, name: tool, input }: Block): void {
    if (!call || !tool) return;
    this.#tools.set(call, { tool, since: performance.now() });
    const title = toolTitle(tool, input, this.#context.cwd);
    this.#context.report({ type: "tool.started", call, tool, title, input: JSON.stringify(input) ?? "" });
  }

  #toolEnded({ type, tool_use_id: call, content, is_error }: Block): void {
    const started = call === undefined ? undefined : this.#tools.get(call);
    if (type !== "tool_result" || call === undefined || !started) return;
    this.#tools.delete(call);
    const { tool, since } = started;
    const durationMs = Math.round(performance.now() - since);
    const output = textOf(content);
    this.#context.report({ type: "tool.ended", call, tool, ok: is_error !== true, output, cut: false, durationMs });
  }

  #retrying({ attempt, retry_delay_ms: delayMs, error_status, error }: Line<"system">): void {
    this.#retried = true;
    const reason = describeError([error_status, error].filter(Boolean).join(": "));
    this.#context.report({ type: "retrying", attempt, delayMs: Math.round(delayMs), reason });
  }

  #spend(tokens: Tokens): void {
    const { cache_read_input_tokens: read, cache_creation_input_tokens: written } = tokens;
    this.#unsettled = sum(this.#unsettled, {
      inputTokens: tokens.input_tokens + read + written,
      outputTokens: tokens.output_tokens,
      costUsd: 0,
      cacheReadTokens: read,
      cacheWriteTokens: written,
    });
    this.#tell();
  }

  #settle({ modelUsage }: ClaudeResult): void {
    this.#settled = sum(this.#settled, this.#account.since(modelUsage));
    this.#unsettled = NO_USAGE;
    this.#tell();
  }

  #tell(): void {
    this.#context.report({ type: "usage", usage: this.#usage() });
  }

  /** What it cost is told with the result only. */
  #usage(): Usage {
    const usage = sum(this.#settled, this.#unsettled);
    const spent = usage.inputTokens + usage.outputTokens > 0;
    return {
      ...usage,
      ...(this.#model ? { model: this.#model } : {}),
      ...(spent && usage.costUsd === 0 ? { pricedBy: "nobody" as const } : {}),
    };
  }
}

/** What Claude puts in a message's place when there is none: its own words about an error. */
const SYNTHETIC = "<synthetic>";

const NO_TOKENS: Tokens = {
  input_tokens: 0,
  output_tokens: 0,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
};
