/**
 * What Claude wants to know from people: an answer to its own questions (its tool AskUserQuestion), or leave to use a tool.
 * Both come as one request, `can_use_tool`, and go back as one reply.
 */
import * as z from "zod";
import { type AgentQuestion, ALLOW, DENY } from "./agent.ts";
import type { ClaudeReply, ClaudeRequest } from "./claude-protocol.ts";
import { toolSubject } from "./tool-title.ts";

export interface Asking {
  /** Claude puts up to four questions at once. */
  questions: Omit<AgentQuestion, "type" | "question">[];
  /** Of as many answers as there are questions. */
  reply(answers: (string | null)[]): ClaudeReply;
}

const ASK_TOOL = "AskUserQuestion";

const Asked = z.object({
  questions: z.array(
    z.object({
      question: z.string(),
      multiSelect: z.boolean().catch(false),
      options: z.array(z.object({ label: z.string(), description: z.string().catch("") })).catch([]),
    }),
  ),
});
type OneAsked = z.infer<typeof Asked>["questions"][number];

/** Null: nobody has to be asked. */
export function askingOf({ request }: ClaudeRequest, cwd: string, asksLeave: boolean): Asking | null {
  const { tool_name: tool, input, decision_reason: why } = request;
  const asked = tool === ASK_TOOL ? Asked.safeParse(input) : null;
  if (asked?.success) return peopleAsked(asked.data.questions, input);
  return asksLeave ? leaveAsked(tool, toolSubject(tool, input, cwd), { input, why }) : null;
}

export const allow = (input: Record<string, unknown>): ClaudeReply => ({ behavior: "allow", updatedInput: input });

function leaveAsked(
  tool: string,
  subject: string,
  { input, why }: { input: Record<string, unknown>; why: string | undefined },
): Asking {
  const text = [`${tool}: ${subject}`, why].filter(Boolean).join("\n\n");
  return {
    questions: [{ text, options: [ALLOW, DENY], otherwise: DENY, permission: { tool, subject } }],
    reply: ([answer = null]) => (answer === ALLOW ? allow(input) : { behavior: "deny", message: refusalOf(answer) }),
  };
}

function refusalOf(answer: string | null): string {
  if (answer === null) return "Nobody allowed this in time. Go on without it, and say what you could not do.";
  return answer === DENY ? "The people you work for do not allow this." : `Not allowed. They said: ${answer}`;
}

function peopleAsked(asked: OneAsked[], input: Record<string, unknown>): Asking {
  return {
    questions: asked.map((one) => ({
      text: textOf(one),
      options: one.options.map(({ label }) => shown(label)),
      otherwise: recommended(one),
    })),
    reply: (given) => {
      const answers = asked.map((one, at) => [one.question, answerTo(one, given[at] ?? null)]);
      return allow({ ...input, answers: Object.fromEntries(answers) });
    },
  };
}

/** With what Claude says of each option, which no button has room for. */
function textOf({ question, options, multiSelect }: OneAsked): string {
  const explained = options.filter(({ description }) => description.trim() !== "");
  const list = explained.map(({ label, description }) => `- ${shown(label)}: ${description.trim()}`).join("\n");
  const several = multiSelect ? "More than one may be chosen: name them, with commas between." : "";
  return [question, list, several].filter(Boolean).join("\n\n");
}

/** Claude marks the option that it would take itself: the nearest to a default that its tool has. */
const RECOMMENDED = /\s*\(recommended\)\s*$/i;
const shown = (label: string): string => label.replace(RECOMMENDED, "");

function recommended({ options }: OneAsked): string | null {
  const marked = options.find(({ label }) => RECOMMENDED.test(label));
  return marked ? shown(marked.label) : null;
}

function answerTo(one: OneAsked, answer: string | null): string {
  if (answer === null) {
    const otherwise = recommended(one);
    const without = otherwise
      ? `Go on with the default: ${otherwise}`
      : "Go on with your best judgement, and say what you assumed.";
    return `Nobody answered in time. ${without}`;
  }
  return answer.trim() || "(an empty answer)";
}
