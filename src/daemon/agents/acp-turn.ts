/** Folds what an ACP agent tells during one prompt into reports and, at the end, into its outcome. Knows nothing of processes. */
import * as z from "zod";
import { NO_USAGE, type Usage } from "../../wire/events.ts";
import { type AcpTool, type AcpUpdate, PromptAnswer } from "./acp-protocol.ts";
import { merged, outputOf, titleOf, toolName } from "./acp-tool.ts";
import type { AgentContext, AgentOutcome } from "./agent.ts";
import type { RpcAnswer, RpcError } from "./json-rpc.ts";
import { modelFailure } from "./model-failure.ts";
import type { Failure } from "./supervised.ts";
import { Telling } from "./telling.ts";

/** Ends that are none of a prompt that was done, in words; the protocol has no end for an error. */
const REFUSALS: Record<string, string> = {
  refusal: "The model refused to go on.",
  max_tokens: "The model's answer was longer than it may be.",
  max_turn_requests: "The agent asked the model as often as it may in one prompt.",
};

/** The protocol's own number for an agent that wants to be logged in first. */
const LOGIN_WANTED = -32_000;

export class AcpTurn {
  readonly telling: Telling;
  readonly #cwd: string;
  readonly #usage: Usage;
  readonly #tools = new Map<string, AcpTool>();

  constructor({ cwd, report, model }: Pick<AgentContext, "cwd" | "report" | "model">) {
    this.#cwd = cwd;
    this.#usage = { ...NO_USAGE, ...(model ? { model } : {}), pricedBy: "nobody" };
    this.telling = new Telling(report, this.#usage);
  }

  take(update: AcpUpdate): void {
    switch (update.sessionUpdate) {
      case "agent_message_chunk":
        this.telling.text(update.messageId ?? "", update.content.text ?? "");
        break;
      case "agent_thought_chunk":
        this.telling.thinking(update.content.text ?? "");
        break;
      case "tool_call":
      case "tool_call_update":
        this.#tool(update);
    }
  }

  /** With all that was told of it before. */
  known(tool: AcpTool): AcpTool {
    return merged(this.#tools.get(tool.toolCallId), tool);
  }

  /** Of the conversation, since this prompt began. */
  cost(usd: number): void {
    this.#usage.costUsd = usd;
    this.#usage.pricedBy = "agent";
    this.telling.spent(this.#usage);
  }

  /** How one `session/prompt` was answered. */
  end(answer: NonNullable<RpcAnswer>): AgentOutcome {
    this.telling.settle("Ended before it was done.");
    if ("error" in answer) return this.telling.outcome({ outcome: "failed", failure: failureOf(answer.error) });
    const parsed = PromptAnswer.safeParse(answer.result);
    if (!parsed.success) return this.#failed("The agent ended the prompt in a form that is not known.");
    const { stopReason, usage } = parsed.data;
    if (usage) this.#spend(usage);
    if (stopReason === "end_turn") return this.telling.outcome({ outcome: "done" });
    if (stopReason === "cancelled") return this.telling.outcome({ outcome: "stopped" });
    return this.#failed(REFUSALS[stopReason] ?? `The agent stopped: ${stopReason}.`);
  }

  #failed(detail: string): AgentOutcome {
    return this.telling.outcome({ outcome: "failed", failure: { code: "model.failed", detail } });
  }

  /** Told as begun when it runs: before, most agents do not know yet what it will be about. */
  #tool(piece: AcpTool): void {
    const tool = this.known(piece);
    this.#tools.set(tool.toolCallId, tool);
    if (tool.status === "pending" || !tool.status) return;
    const { toolCallId: call, rawInput: input } = tool;
    this.telling.toolStarted({ call, tool: toolName(tool), title: titleOf(tool, this.#cwd), input });
    if (tool.status === "completed" || tool.status === "failed") {
      this.#tools.delete(call);
      this.telling.toolEnded(call, tool.status === "completed", outputOf(tool));
    }
  }

  #spend(tokens: NonNullable<PromptAnswer["usage"]>): void {
    const usage = this.#usage;
    usage.inputTokens += tokens.inputTokens + tokens.cachedReadTokens + tokens.cachedWriteTokens;
    usage.outputTokens += tokens.outputTokens;
    usage.cacheReadTokens = (usage.cacheReadTokens ?? 0) + tokens.cachedReadTokens;
    usage.cacheWriteTokens = (usage.cacheWriteTokens ?? 0) + tokens.cachedWriteTokens;
    this.telling.spent(usage);
  }
}

const Data = z.object({
  statusCode: z.int().min(400).max(599).optional().catch(undefined),
  status: z.int().min(400).max(599).optional().catch(undefined),
  message: z.string().optional().catch(undefined),
});

/** An agent puts all that can go wrong into one error; a status is only known where it tells one beside its words. */
export function failureOf({ code, message, data }: RpcError): Failure {
  const { statusCode, status, message: more } = Data.safeParse(data).data ?? {};
  const said = message.replace(/^Internal error(: )?/, "") || more || message;
  if (code === LOGIN_WANTED) return { code: "model.unauthorized", detail: said };
  return modelFailure(said, false, statusCode ?? status);
}
