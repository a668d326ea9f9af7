/** A provider's failure, which agents tell as one line of text or as a status, becomes one of our codes here, once. */
import * as z from "zod";

export interface ModelFailure {
  code: "model.unauthorized" | "model.rate-limited" | "model.unavailable" | "model.failed";
  detail: string;
}

/** In one of two forms: `401 {json}` (Anthropic's SDK) and `OpenAI API error (401): {json}`. */
const STATUS = /^(?:(\d{3})\b|[^({]*\((\d{3})\))/;
/** A line or two under a thread. */
const MAX_DETAIL_CHARS = 500;

/**
 * Of what an agent says of it. `retried`: it gave up after trying again, which agents only do for what they hold for passing (overload,
 * lost connections). `status`: HTTP's, where it is told by itself and does not stand in front of the words.
 */
export function modelFailure(said: string, retried: boolean, status = statusIn(said)): ModelFailure {
  return { code: codeOf(status, retried), detail: describeError(said) };
}

function statusIn(said: string): number | null {
  const match = STATUS.exec(said);
  return match ? Number(match[1] ?? match[2]) : null;
}

/** One line for people: the status and the provider's own sentence instead of its JSON. */
export function describeError(errorMessage: string): string {
  const brace = errorMessage.indexOf("{");
  const said = brace < 0 ? null : sentenceIn(errorMessage.slice(brace));
  const before = errorMessage.slice(0, Math.max(0, brace)).replace(/[:\s]+$/, "");
  const text = said === null ? errorMessage : [before, said].filter(Boolean).join(": ");
  return text.replace(/\s+/g, " ").trim().slice(0, MAX_DETAIL_CHARS);
}

function codeOf(status: number | null, retried: boolean): ModelFailure["code"] {
  if (status === 401 || status === 403) return "model.unauthorized";
  if (status === 429) return "model.rate-limited";
  if (status !== null) return status >= 500 ? "model.unavailable" : "model.failed";
  return retried ? "model.unavailable" : "model.failed";
}

const ErrorBody = z.union([
  z.object({ error: z.object({ message: z.string() }) }).transform((body) => body.error.message),
  z.object({ message: z.string() }).transform((body) => body.message),
]);

function sentenceIn(json: string): string | null {
  try {
    const parsed = ErrorBody.safeParse(JSON.parse(json));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
