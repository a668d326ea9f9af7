/**
 * Dialogs of pi's extensions, our own tool `ask` among them, as questions to people.
 *
 *   ask (ours)     options and free words  nobody: its default, or the model's best judgement
 *   leave (ours)   Allow, Deny             nobody: no; other words: no, with that reason
 *   select         options                 nobody, or other words: nothing was chosen
 *   confirm        Yes, No                 nobody, or other words: No
 *   input, editor  free words              nobody: nothing was entered
 */
import * as z from "zod";
import { type AgentQuestion, ALLOW, DENY } from "./agent.ts";
import type { PiDialogLine, PiReply } from "./pi-protocol.ts";

export interface PiDialog {
  asks: Omit<AgentQuestion, "type" | "question">;
  /** `cancelled` for an answer: it is none that pi could take. */
  reply(answer: string | null): PiReply;
}

const CANCELLED: PiReply = { cancelled: true };
const Carried = z.union([
  z.strictObject({ ask: z.strictObject({ options: z.array(z.string()), otherwise: z.string().nullable() }) }),
  z.strictObject({ leave: z.strictObject({ tool: z.string(), subject: z.string() }) }),
]);

/** Null for what only tells something (`notify`, `setStatus`, ...) and wants no reply. */
export function dialogOf(line: PiDialogLine): PiDialog | null {
  const { method, title, message, options } = line;
  const within = line.timeout === undefined ? {} : { withinMs: Math.ceil(line.timeout) };
  switch (method) {
    case "select":
      return { asks: { text: title, options, otherwise: null, ...within }, reply: (answer) => chosen(answer, options) };
    case "confirm": {
      const asks = { text: paragraphs(title, message), options: ["Yes", "No"], otherwise: "No", ...within };
      return { asks, reply: confirmed };
    }
    case "input":
      return { asks: { text: title, ...carriedIn(line.placeholder), ...within }, reply: entered };
    case "editor":
      return {
        asks: { text: paragraphs(title, line.prefill), options: [], otherwise: null, ...within },
        reply: entered,
      };
    default:
      return null;
  }
}

const entered = (answer: string | null): PiReply => (answer === null ? CANCELLED : { value: answer });
const chosen = (answer: string | null, options: string[]): PiReply =>
  answer !== null && options.includes(answer) ? { value: answer } : CANCELLED;
const confirmed = (answer: string | null): PiReply =>
  answer === "Yes" || answer === "No" ? { confirmed: answer === "Yes" } : CANCELLED;

const paragraphs = (...texts: string[]): string => texts.filter((text) => text.trim() !== "").join("\n\n");

/** A placeholder of anybody else is an example of what to enter, and says nothing to who reads the question elsewhere. */
function carriedIn(placeholder: string): Pick<AgentQuestion, "options" | "otherwise" | "permission"> {
  const { success, data } = Carried.safeParse(jsonOf(placeholder));
  if (!success) return { options: [], otherwise: null };
  return "ask" in data ? data.ask : { options: [ALLOW, DENY], otherwise: DENY, permission: data.leave };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
