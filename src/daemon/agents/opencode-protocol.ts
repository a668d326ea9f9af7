/**
 * What we read of OpenCode's server (1.18.33): its event stream and the few answers that we need. Lenient: unknown events and fields are
 * its own business.
 */
import * as z from "zod";

const error = z.object({
  name: z.string().catch(""),
  data: z.object({ message: z.string().catch(""), statusCode: z.number().optional() }).catch({ message: "" }),
});
export type OpencodeError = z.infer<typeof error>;

const count = z.number().nonnegative().catch(0);
const tokens = z
  .object({
    input: count,
    output: count,
    reasoning: count,
    cache: z.object({ read: count, write: count }).catch({ read: 0, write: 0 }),
  })
  .catch({ input: 0, output: 0, reasoning: 0, cache: { read: 0, write: 0 } });

const message = z.discriminatedUnion("role", [
  z.object({ role: z.literal("user"), id: z.string(), sessionID: z.string() }),
  z.object({
    role: z.literal("assistant"),
    id: z.string(),
    sessionID: z.string(),
    parentID: z.string(),
    modelID: z.string().optional(),
    cost: count,
    tokens,
    time: z.object({ completed: z.number().optional() }).catch({}),
    finish: z.string().optional(),
    error: error.optional(),
  }),
]);
export type OpencodeAnswer = Extract<z.infer<typeof message>, { role: "assistant" }>;

const tool = z.object({
  status: z.enum(["pending", "running", "completed", "error"]),
  input: z.unknown(),
  output: z.string().optional(),
  error: z.string().optional(),
});

const part = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["text", "reasoning"]), id: z.string(), messageID: z.string(), text: z.string() }),
  z.object({
    type: z.literal("tool"),
    id: z.string(),
    messageID: z.string(),
    callID: z.string(),
    tool: z.string(),
    state: tool,
  }),
]);
export type OpencodePart = z.infer<typeof part>;

const event = <T extends string, P extends z.ZodType>(type: T, properties: P) =>
  z.object({ type: z.literal(type), properties });

const OpencodeEvent = z.discriminatedUnion("type", [
  event("message.updated", z.object({ info: message })),
  event("message.part.updated", z.object({ part })),
  event(
    "message.part.delta",
    z.object({ messageID: z.string(), partID: z.string(), field: z.string(), delta: z.string() }),
  ),
  event(
    "session.status",
    z.object({
      sessionID: z.string(),
      status: z.object({
        type: z.string(),
        attempt: z.int().optional(),
        message: z.string().optional(),
        /** When it tries again, in milliseconds since the Unix epoch. */
        next: z.number().optional(),
      }),
    }),
  ),
  event("session.error", z.object({ sessionID: z.string().optional(), error: error.optional() })),
  event(
    "permission.asked",
    z.object({
      id: z.string(),
      permission: z.string(),
      patterns: z.array(z.string()).catch([]),
      metadata: z.record(z.string(), z.unknown()).catch({}),
    }),
  ),
  event(
    "question.asked",
    z.object({
      id: z.string(),
      questions: z.array(
        z.object({ question: z.string(), options: z.array(z.object({ label: z.string() })).catch([]) }),
      ),
    }),
  ),
]);
export type OpencodeEvent = z.infer<typeof OpencodeEvent>;

/** One event of the stream; null for the many that nobody here needs. */
export function parseOpencodeEvent(value: unknown): OpencodeEvent | null {
  const parsed = OpencodeEvent.safeParse(value);
  return parsed.success ? parsed.data : null;
}

export const OpencodeSession = z.object({ id: z.string() });
export const OpencodeMessages = z.array(z.object({ info: message, parts: z.array(z.unknown()) }));
export const parsePart = (value: unknown): OpencodePart | null => part.safeParse(value).data ?? null;

const Named = z.object({
  type: z.string(),
  properties: z.object({ sessionID: z.string(), part: z.unknown().optional() }),
});

/** Its own name for an event of this conversation; null for others, and for pieces of words and of tools' output, which come again as a whole. */
export function nativeName(value: unknown): string | null {
  const named = Named.safeParse(value);
  if (!named.success) return null;
  const { type, properties } = named.data;
  if (type === "message.part.delta" || type === "session.updated" || type === "session.diff") return null;
  const told = parsePart(properties.part);
  return told?.type === "tool" && told.state.status === "running" ? null : type;
}
