/**
 * What we read of Claude Code's stream-json lines (2.1.329), and what we write. Lenient: unknown lines and fields are Claude's own business.
 * Every prompt has an id of ours, and `command_lifecycle` tells what becomes of it: queued, started, completed or cancelled. A `result`
 * ends one round of the model only; words that came too late for it get a round of their own.
 */
import * as z from "zod";
import { NO_USAGE, type Usage } from "../../wire/events.ts";

const count = z.number().nonnegative().catch(0);

const tokens = z
  .object({
    input_tokens: count,
    output_tokens: count,
    cache_read_input_tokens: count,
    cache_creation_input_tokens: count,
  })
  .catch({ input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 });
export type Tokens = z.infer<typeof tokens>;

const block = z.object({
  type: z.string(),
  text: z.string().optional().catch(undefined),
  id: z.string().optional().catch(undefined),
  name: z.string().optional().catch(undefined),
  input: z.unknown().optional(),
  tool_use_id: z.string().optional().catch(undefined),
  is_error: z.boolean().optional().catch(undefined),
  /** Of a tool's result: words, or blocks of them. */
  content: z.union([z.string(), z.array(z.object({ type: z.string(), text: z.string().optional() }))]).catch(""),
});
export type Block = z.infer<typeof block>;

/** People's own words come as a string. */
const content = z.array(block).catch([]);
/** Set on what a sub-agent does. */
const parent = z.string().nullable().catch(null);
const words = z.string().catch("");

const streamEvent = z.object({
  type: z.string(),
  message: z.object({ model: words, usage: tokens }).optional().catch(undefined),
  delta: z.object({ type: words, text: words, thinking: words }).optional().catch(undefined),
  usage: tokens.optional(),
});

/** Totals by model, sub-agents and summaries included. */
export const modelUsage = z
  .record(
    z.string(),
    z.object({
      inputTokens: count,
      outputTokens: count,
      cacheReadInputTokens: count,
      cacheCreationInputTokens: count,
      costUSD: count,
    }),
  )
  .catch({});

const ClaudeLine = z.discriminatedUnion("type", [
  z.object({ type: z.literal("command_lifecycle"), command_uuid: z.string(), state: z.string() }),
  z.object({ type: z.literal("stream_event"), event: streamEvent, parent_tool_use_id: parent }),
  z.object({
    type: z.literal("assistant"),
    message: z.object({ id: z.string(), model: words, content }),
    parent_tool_use_id: parent,
  }),
  z.object({ type: z.literal("user"), message: z.object({ content }) }),
  z.object({
    type: z.literal("result"),
    is_error: z.boolean(),
    result: words,
    errors: z.array(z.string()).catch([]),
    terminal_reason: words,
    api_error_status: z.int().nullable().catch(null),
    modelUsage,
  }),
  z.object({
    type: z.literal("system"),
    subtype: z.string(),
    attempt: z.int().catch(1),
    retry_delay_ms: count,
    error_status: z.int().nullable().catch(null),
    error: words,
  }),
  z.object({
    type: z.literal("control_request"),
    request_id: z.string(),
    request: z.object({
      subtype: z.string(),
      tool_name: words,
      input: z.record(z.string(), z.unknown()).catch({}),
      decision_reason: z.string().optional().catch(undefined),
    }),
  }),
  z.object({ type: z.literal("control_cancel_request"), request_id: z.string() }),
]);
export type ClaudeLine = z.infer<typeof ClaudeLine>;
export type ClaudeRequest = Extract<ClaudeLine, { type: "control_request" }>;
export type ClaudeResult = Extract<ClaudeLine, { type: "result" }>;

/** One line of Claude's stdout; null for the many that nobody here needs. */
export function parseClaudeLine(value: unknown): ClaudeLine | null {
  const parsed = ClaudeLine.safeParse(value);
  return parsed.success ? parsed.data : null;
}

const Named = z.object({ type: z.string(), subtype: z.string().optional().catch(undefined) });

/** Its own name for a line; null for pieces of words, which are told as such. */
export function nativeName(value: unknown): string | null {
  const named = Named.safeParse(value);
  if (!named.success) return "unknown";
  const { type, subtype } = named.data;
  if (type === "stream_event" || subtype === "thinking_tokens") return null;
  return subtype ? `${type}.${subtype}` : type;
}

/** What Claude takes for an answer to `can_use_tool`. */
export type ClaudeReply =
  | { behavior: "allow"; updatedInput: Record<string, unknown> }
  | { behavior: "deny"; message: string };

export const userLine = (uuid: string, text: string): unknown => ({
  type: "user",
  uuid,
  message: { role: "user", content: [{ type: "text", text: asPlainText(text) }] },
});

/** What is still queued goes, too: it would be run as a prompt of its own afterwards. */
export const interruptLine = (request_id: string): unknown => ({
  type: "control_request",
  request_id,
  request: { subtype: "interrupt", cancel_queued: true },
});

export const replyLine = (request_id: string, response: ClaudeReply): unknown => ({
  type: "control_response",
  response: { subtype: "success", request_id, response },
});

export const refusalLine = (request_id: string, error: string): unknown => ({
  type: "control_response",
  response: { subtype: "error", request_id, error },
});

/** A leading slash would run a command of Claude's or a skill; people's words are only words. */
const asPlainText = (text: string): string => (text.startsWith("/") ? ` ${text}` : text);

/** The words of a tool's result. */
export const textOf = (said: Block["content"]): string =>
  typeof said === "string" ? said : said.flatMap(({ text }) => text ?? []).join("\n");

export function totalOf(totals: z.infer<typeof modelUsage>): Usage {
  return Object.values(totals)
    .map((of) => ({
      inputTokens: of.inputTokens + of.cacheReadInputTokens + of.cacheCreationInputTokens,
      outputTokens: of.outputTokens,
      costUsd: of.costUSD,
      cacheReadTokens: of.cacheReadInputTokens,
      cacheWriteTokens: of.cacheCreationInputTokens,
    }))
    .reduce(sum, NO_USAGE);
}

export function sum(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    costUsd: a.costUsd + b.costUsd,
    cacheReadTokens: (a.cacheReadTokens ?? 0) + (b.cacheReadTokens ?? 0),
    cacheWriteTokens: (a.cacheWriteTokens ?? 0) + (b.cacheWriteTokens ?? 0),
  };
}
