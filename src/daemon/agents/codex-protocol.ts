/**
 * What we read of the lines of `codex app-server` (0.169.0, whose own types come from `codex app-server generate-ts`). Lenient: unknown
 * methods, items and fields are codex's own business.
 */
import * as z from "zod";

const ofTurn = { threadId: z.string(), turnId: z.string() };
const words = z.string().nullish().catch(null);

const failure = z.object({
  message: z.string(),
  codexErrorInfo: z.unknown().optional(),
  additionalDetails: words.optional(),
});
export type CodexError = z.infer<typeof failure>;

const tokens = z.object({
  inputTokens: z.number(),
  cachedInputTokens: z.number().catch(0),
  cacheWriteInputTokens: z.number().catch(0),
  outputTokens: z.number(),
});
export type CodexTokens = z.infer<typeof tokens>;

const status = z.string();
const item = z.discriminatedUnion("type", [
  z.object({ type: z.literal("agentMessage"), id: z.string(), text: z.string() }),
  z.object({ type: z.literal("userMessage"), id: z.string(), clientId: words }),
  z.object({
    type: z.literal("commandExecution"),
    id: z.string(),
    command: z.string(),
    status,
    aggregatedOutput: words,
    exitCode: z.number().nullish(),
  }),
  z.object({
    type: z.literal("fileChange"),
    id: z.string(),
    changes: z.array(z.object({ path: z.string(), diff: z.string().catch("") })),
    status,
  }),
  z.object({
    type: z.literal("mcpToolCall"),
    id: z.string(),
    server: z.string(),
    tool: z.string(),
    arguments: z.unknown().optional(),
    status,
    result: z
      .object({ content: z.array(z.unknown()) })
      .nullish()
      .catch(null),
    error: z.object({ message: z.string() }).nullish().catch(null),
  }),
  z.object({
    type: z.literal("dynamicToolCall"),
    id: z.string(),
    tool: z.string(),
    arguments: z.unknown().optional(),
    status,
    contentItems: z.array(z.unknown()).nullish().catch(null),
  }),
  z.object({ type: z.literal("webSearch"), id: z.string(), query: z.string().catch("") }),
]);
export type CodexItem = z.infer<typeof item>;

export const CodexNotification = z.discriminatedUnion("method", [
  z.object({ method: z.literal("item/started"), params: z.object({ ...ofTurn, item }) }),
  z.object({ method: z.literal("item/completed"), params: z.object({ ...ofTurn, item }) }),
  z.object({
    method: z.literal("item/agentMessage/delta"),
    params: z.object({ ...ofTurn, itemId: z.string(), delta: z.string() }),
  }),
  z.object({
    method: z.literal("item/reasoning/summaryTextDelta"),
    params: z.object({ ...ofTurn, delta: z.string() }),
  }),
  z.object({ method: z.literal("item/reasoning/textDelta"), params: z.object({ ...ofTurn, delta: z.string() }) }),
  z.object({ method: z.literal("item/reasoning/summaryPartAdded"), params: z.object(ofTurn) }),
  z.object({
    method: z.literal("thread/tokenUsage/updated"),
    params: z.object({ ...ofTurn, tokenUsage: z.object({ total: tokens, last: tokens }) }),
  }),
  z.object({ method: z.literal("error"), params: z.object({ ...ofTurn, error: failure, willRetry: z.boolean() }) }),
  z.object({
    method: z.literal("turn/started"),
    params: z.object({ threadId: z.string(), turn: z.object({ id: z.string() }) }),
  }),
  z.object({
    method: z.literal("turn/completed"),
    params: z.object({
      threadId: z.string(),
      turn: z.object({ id: z.string(), status, error: failure.nullish() }),
    }),
  }),
]);
export type CodexNotification = z.infer<typeof CodexNotification>;

/** Pieces of words; what they are pieces of is told whole at its end. */
export const isPiece = (method: string): boolean => /delta$/i.test(method);

export const ThreadAnswer = z.object({ thread: z.object({ id: z.string().min(1) }) });
export const TurnAnswer = z.object({ turn: z.object({ id: z.string().min(1) }) });

export const CommandWish = z.object({ command: words, reason: words });
export const FileWish = z.object({ itemId: z.string(), grantRoot: words, reason: words });
export const ToolWish = z.object({ tool: z.string(), arguments: z.unknown().optional() });
