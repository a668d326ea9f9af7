/** The tool `ask`, for agents that let us hand their model a tool of our own over their protocol: its words, and what the model hears. */
import * as z from "zod";
import type { AgentQuestion } from "./agent.ts";

export const ASK_TOOL = {
  name: "ask",
  description:
    "Ask the people you work for a question, and wait for the answer. Only for what you cannot find out yourself, and where a wrong guess " +
    "would be costly: otherwise decide, and say what you assumed. People may take a long while, and perhaps nobody answers.",
  inputSchema: {
    type: "object",
    properties: {
      question: { type: "string", description: "The question, with all that one has to know to answer it" },
      options: {
        type: "array",
        items: { type: "string" },
        description: "At most ten answers to choose from, a few words each; other words may come back all the same",
      },
      default: { type: "string", description: "The answer that counts when nobody answers in time" },
    },
    required: ["question"],
  },
};

const Arguments = z
  .object({
    question: z.string().trim().min(1),
    options: z.array(z.string().min(1)).catch([]),
    default: z.string().nullish().catch(null),
  })
  .transform(({ question, options, default: otherwise }) => ({
    text: question,
    options,
    otherwise: otherwise ?? null,
  }));

/** Null: the model called the tool without a question. */
export function askOf(args: unknown): Omit<AgentQuestion, "type" | "question"> | null {
  const parsed = Arguments.safeParse(args);
  return parsed.success ? parsed.data : null;
}

/** What the model hears. */
export function answerWords(answer: string | null, otherwise: string | null): string {
  if (answer !== null) return answer.trim() || "(an empty answer)";
  const without = otherwise
    ? `Go on with the default: ${otherwise}`
    : "Go on with your best judgement, and say what you assumed.";
  return `Nobody answered in time. ${without}`;
}
