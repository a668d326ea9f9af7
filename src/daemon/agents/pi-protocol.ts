/**
 * What we read of pi's RPC lines (0.87.1). Lenient: unknown lines and fields are pi's own business, and its minor versions add them.
 * `agent_settled` is the only end of a run: after `agent_end` come retries, compaction and steered messages.
 */
import * as z from "zod";

const usage = z.object({
  input: z.number().catch(0),
  output: z.number().catch(0),
  cacheRead: z.number().catch(0),
  cacheWrite: z.number().catch(0),
  cost: z.object({ total: z.number().catch(0) }).catch({ total: 0 }),
});
const noUsage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, cost: { total: 0 } };

const content = z.array(z.object({ type: z.string(), text: z.string().optional() })).catch([]);

const message = z.object({
  role: z.string(),
  model: z.string().optional().catch(undefined),
  content,
  usage: usage.catch(noUsage),
  stopReason: z.string().optional(),
  errorMessage: z.string().optional(),
});
export type PiMessage = z.infer<typeof message>;

const words = z.string().catch("");

const PiLine = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("response"),
    id: z.string().optional(),
    command: z.string(),
    success: z.boolean(),
    error: z.string().optional(),
    /** Of `get_state`. */
    data: z
      .object({ model: z.object({ id: z.string(), name: z.string() }) })
      .optional()
      .catch(undefined),
  }),
  z.object({
    type: z.literal("extension_ui_request"),
    id: z.string(),
    method: z.string(),
    title: words,
    message: words,
    placeholder: words,
    prefill: words,
    options: z.array(z.string()).catch([]),
    timeout: z.number().positive().optional().catch(undefined),
  }),
  z.object({ type: z.literal("agent_settled") }),
  z.object({ type: z.literal("message_start"), message: z.object({ role: z.string() }) }),
  z.object({
    type: z.literal("message_update"),
    assistantMessageEvent: z.object({ type: z.string(), delta: z.string().optional() }),
  }),
  z.object({ type: z.literal("message_end"), message }),
  z.object({
    type: z.literal("tool_execution_start"),
    toolCallId: z.string(),
    toolName: z.string(),
    args: z.unknown(),
  }),
  z.object({
    type: z.literal("tool_execution_end"),
    toolCallId: z.string(),
    toolName: z.string(),
    result: z.object({ content }).catch({ content: [] }),
    isError: z.boolean(),
  }),
  z.object({ type: z.literal("queue_update"), steering: z.array(z.string()), followUp: z.array(z.string()) }),
  z.object({ type: z.literal("compaction_end"), result: z.object({ usage: usage.optional() }).optional() }),
  z.object({
    type: z.literal("auto_retry_start"),
    attempt: z.int(),
    delayMs: z.number(),
    errorMessage: z.string().catch(""),
  }),
  z.object({ type: z.literal("auto_retry_end"), success: z.boolean() }),
]);
export type PiLine = z.infer<typeof PiLine>;
export type PiDialogLine = Extract<PiLine, { type: "extension_ui_request" }>;
export type PiResponse = Extract<PiLine, { type: "response" }>;

/** One line of pi's stdout; null for the many that nobody here needs. */
export function parsePiLine(value: unknown): PiLine | null {
  const parsed = PiLine.safeParse(value);
  return parsed.success ? parsed.data : null;
}

/**
 * Words and output as they grow: what they have become is told whole at their end (`message_end`, `tool_execution_end`). `agent_end` is all
 * messages of the prompt once more, the system prompt among them. A response is our own question, answered.
 */
const PIECES = new Set(["message_start", "message_update", "tool_execution_update", "agent_end", "response"]);
const Known = z.object({ type: z.string(), message: z.object({ role: z.string() }).optional().catch(undefined) });

/**
 * The line as it came, also one that `parsePiLine` has no use for. Not the system prompt, which pi tells as a message: it
 * is nothing that happened, belongs to pi's version, and would be half of a short turn.
 */
export function piRaw(value: unknown, line: string): { type: "raw"; native: string; line: string } | null {
  const known = Known.safeParse(value);
  const native = known.data?.type ?? "";
  if (PIECES.has(native) || known.data?.message?.role === "system") return null;
  return { type: "raw", native, line };
}

export type PiCommand =
  | { type: "prompt"; message: string }
  | { type: "steer"; message: string }
  | { type: "get_state" }
  | { type: "clear_queue" }
  | { type: "abort" };

/** What pi takes for an answer to a dialog. */
export type PiReply = { value: string } | { confirmed: boolean } | { cancelled: true };

/** The text blocks of a message or a tool's result. */
export const textOf = (blocks: { type: string; text?: string | undefined }[]): string =>
  blocks.flatMap((block) => (block.type === "text" && block.text ? [block.text] : [])).join("");
