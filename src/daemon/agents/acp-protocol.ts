/**
 * What we read of the Agent Client Protocol (stable version 1). Lenient: agents send what they like beside it, and one field that is
 * not as it should be must not cost the rest.
 */
import * as z from "zod";

export const PROTOCOL_VERSION = 1;

const words = z.string().nullish().catch(null);

export const InitializeAnswer = z.object({
  protocolVersion: z.number(),
  agentCapabilities: z
    .object({
      loadSession: z.boolean().catch(false).default(false),
      sessionCapabilities: z.object({ resume: z.unknown().optional() }).catch({}).default({}),
    })
    .catch({ loadSession: false, sessionCapabilities: {} })
    .default({ loadSession: false, sessionCapabilities: {} }),
});

const choice = z.object({ value: z.string() });
const ConfigOption = z.object({
  id: z.string(),
  category: words,
  currentValue: z.unknown().optional(),
  /** Flat, or in groups. */
  options: z.array(z.union([choice, z.object({ options: z.array(choice) })])).catch([]),
});
const configOptions = z.array(z.unknown()).nullish().catch(null);
export const SessionAnswer = z.object({ sessionId: z.string().min(1), configOptions });
/** Of `session/load` and `session/resume`: the id is the one that was asked for. */
export const LoadAnswer = z.object({ configOptions }).nullish();

/** Which models can be chosen, and how; null where the agent leaves us no choice. */
export function modelChoice(
  options: unknown[] | null | undefined,
): { id: string; current: unknown; models: string[] } | null {
  const parsed = (options ?? []).flatMap((option) => ConfigOption.safeParse(option).data ?? []);
  const found = parsed.find((option) => option.category === "model");
  if (!found) return null;
  const models = found.options.flatMap((one) => ("value" in one ? one.value : one.options.map((two) => two.value)));
  return { id: found.id, current: found.currentValue, models };
}

const Tool = z.object({
  toolCallId: z.string(),
  title: words,
  kind: words,
  status: words,
  rawInput: z.unknown().optional(),
  rawOutput: z.unknown().optional(),
  content: z.array(z.unknown()).nullish().catch(null),
  locations: z
    .array(z.object({ path: z.string() }))
    .nullish()
    .catch(null),
});
export type AcpTool = z.infer<typeof Tool>;

const chunk = z.object({ content: z.object({ type: z.string(), text: z.string().optional() }), messageId: words });

export const SessionUpdate = z.object({
  sessionId: z.string(),
  update: z.discriminatedUnion("sessionUpdate", [
    chunk.extend({ sessionUpdate: z.literal("agent_message_chunk") }),
    chunk.extend({ sessionUpdate: z.literal("agent_thought_chunk") }),
    Tool.extend({ sessionUpdate: z.literal("tool_call") }),
    Tool.extend({ sessionUpdate: z.literal("tool_call_update") }),
    z.object({
      sessionUpdate: z.literal("usage_update"),
      cost: z.object({ amount: z.number().nonnegative(), currency: z.string() }).nullish().catch(null),
    }),
  ]),
});
export type AcpUpdate = z.infer<typeof SessionUpdate>["update"];

/** Of any update, also of one that we do not know. */
export const UpdateName = z.object({ update: z.object({ sessionUpdate: z.string() }) });

const count = z.number().nonnegative().catch(0).default(0);
export const PromptAnswer = z.object({
  stopReason: z.string(),
  /** Not in the standard yet, and told all the same. */
  usage: z
    .object({ inputTokens: count, outputTokens: count, cachedReadTokens: count, cachedWriteTokens: count })
    .nullish()
    .catch(null),
});
export type PromptAnswer = z.infer<typeof PromptAnswer>;

export const PermissionWish = z.object({
  toolCall: Tool,
  options: z.array(z.object({ optionId: z.string(), kind: z.string() })),
});
export type PermissionWish = z.infer<typeof PermissionWish>;

export const ElicitationWish = z.object({
  mode: z.literal("form"),
  message: z.string(),
  requestedSchema: z.object({ properties: z.record(z.string(), z.unknown()).catch({}).default({}) }),
});
export type ElicitationWish = z.infer<typeof ElicitationWish>;
