/**
 * Folds pi's lines during one prompt into reports and, at the end, into its outcome. Knows nothing of processes.
 * Reports are whole: the daemon blanks secrets before it cuts, or half a secret would stay behind.
 */
import type { AgentContext, AgentOutcome } from "./agent.ts";
import { describeError, piFailure } from "./pi-failure.ts";
import { type PiLine, type PiMessage, textOf } from "./pi-protocol.ts";
import { toolTitle } from "./pi-tools.ts";

export interface PiTurn {
  take(line: PiLine): void;
  /** How it ended by pi's own account, once it has settled. */
  outcome(): AgentOutcome;
  /** The same work, ended by somebody else: stopped by us, or cut off by a crash. */
  cutShort(
    end: { outcome: "stopped" } | { outcome: "failed"; failure: { code: string; detail: string } },
  ): AgentOutcome;
}

export function createPiTurn(context: Pick<AgentContext, "cwd" | "report">): PiTurn {
  const { cwd, report } = context;
  const toolsSince = new Map<string, number>();
  const usage = { inputTokens: 0, outputTokens: 0, costUsd: 0 };
  let messages = 0;
  let answer = "";
  let last: PiMessage | null = null;
  let retried = false;

  function spend(spent: PiMessage["usage"]): void {
    usage.inputTokens += spent.input + spent.cacheRead + spent.cacheWrite;
    usage.outputTokens += spent.output;
    usage.costUsd += spent.cost.total;
    report({ type: "usage", usage: { ...usage } });
  }

  function said(message: PiMessage): void {
    last = message;
    answer = textOf(message.content) || answer;
    spend(message.usage);
  }

  function toolEnded(line: Extract<PiLine, { type: "tool_execution_end" }>): void {
    const since = toolsSince.get(line.toolCallId) ?? performance.now();
    toolsSince.delete(line.toolCallId);
    const output = textOf(line.result.content);
    const durationMs = Math.round(performance.now() - since);
    report({
      type: "tool.ended",
      call: line.toolCallId,
      tool: line.toolName,
      ok: !line.isError,
      output,
      cut: false,
      durationMs,
    });
  }

  return {
    take(line) {
      switch (line.type) {
        case "message_start":
          // Only the model's: the system prompt and people's own words come along here too.
          if (line.message.role === "assistant") messages += 1;
          return;
        case "message_update": {
          const { type, delta } = line.assistantMessageEvent;
          if (type === "text_delta" && delta) report({ type: "text", message: messages, text: delta });
          if (type === "thinking_delta" && delta) report({ type: "thinking", message: messages, text: delta });
          return;
        }
        case "message_end":
          if (line.message.role === "assistant") said(line.message);
          return;
        case "tool_execution_start": {
          const { toolCallId: call, toolName: tool, args } = line;
          toolsSince.set(call, performance.now());
          report({
            type: "tool.started",
            call,
            tool,
            title: toolTitle(tool, args, cwd),
            input: JSON.stringify(args) ?? "",
          });
          return;
        }
        case "tool_execution_end":
          return toolEnded(line);
        case "compaction_end":
          if (line.result?.usage) spend(line.result.usage);
          return;
        case "auto_retry_start": {
          const reason = describeError(line.errorMessage);
          report({ type: "retrying", attempt: line.attempt, delayMs: line.delayMs, reason });
          return;
        }
        case "auto_retry_end":
          retried = !line.success;
      }
    },
    outcome() {
      const reason = last?.stopReason;
      if (reason === "aborted") return { outcome: "stopped", answer, usage };
      if (last && reason !== "error") return { outcome: "done", answer, usage };
      const failure = last
        ? piFailure(last.errorMessage ?? "", retried)
        : { code: "model.failed", detail: "The agent settled without an answer." };
      return { outcome: "failed", answer, failure, usage };
    },
    cutShort: (end) => ({ ...end, answer, usage }),
  };
}
