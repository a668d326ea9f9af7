/**
 * A form that an ACP agent wants filled in, as questions to people, one for each field. What is no answer to a field (other words than
 * its options, no number) declines the form: the agent then goes on without.
 */
import * as z from "zod";
import type { ElicitationWish } from "./acp-protocol.ts";
import type { AgentQuestion } from "./agent.ts";

export interface Field {
  name: string;
  asks: Omit<AgentQuestion, "type" | "question">;
  /** Undefined: that is no answer. */
  valueOf(answer: string): unknown;
}

export type FormReply = { action: "accept"; content: Record<string, unknown> } | { action: "decline" | "cancel" };

const Property = z.object({
  type: z.string().catch("string"),
  title: z.string().nullish().catch(null),
  description: z.string().nullish().catch(null),
  enum: z.array(z.string()).nullish().catch(null),
  oneOf: z
    .array(z.object({ const: z.string(), title: z.string() }))
    .nullish()
    .catch(null),
  default: z.unknown().optional(),
});

export function fieldsOf({ message, requestedSchema }: ElicitationWish): Field[] {
  const entries = Object.entries(requestedSchema.properties);
  return entries.map(([name, schema]) => {
    const property = Property.catch({ type: "string" }).parse(schema);
    const label = property.description ?? property.title ?? (entries.length > 1 ? name : null);
    const text = [message, label].filter(Boolean).join("\n\n");
    return { name, ...fieldOf(text, property) };
  });
}

function fieldOf(text: string, property: z.infer<typeof Property>): Omit<Field, "name"> {
  const otherwise = property.default === undefined ? null : String(property.default);
  const choices = property.oneOf ?? property.enum?.map((value) => ({ const: value, title: value }));
  if (choices) {
    const titled = choices.find((choice) => choice.const === otherwise)?.title ?? null;
    return {
      asks: { text, options: choices.map((choice) => choice.title), otherwise: titled },
      valueOf: (answer) => choices.find((choice) => choice.title === answer || choice.const === answer)?.const,
    };
  }
  if (property.type === "boolean") {
    const said = otherwise === null ? null : otherwise === "true" ? "Yes" : "No";
    return {
      asks: { text, options: ["Yes", "No"], otherwise: said },
      valueOf: (answer) => (answer === "Yes" ? true : answer === "No" ? false : undefined),
    };
  }
  const isNumber = property.type === "number" || property.type === "integer";
  return { asks: { text, options: [], otherwise }, valueOf: isNumber ? numberIn : (answer) => answer };
}

function numberIn(answer: string): number | undefined {
  const number = Number(answer.trim());
  return answer.trim() === "" || !Number.isFinite(number) ? undefined : number;
}
