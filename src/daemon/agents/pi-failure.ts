/**
 * pi tells a provider's failure as one line of text; here it becomes one of our codes, once. What counts is the HTTP status that
 * pi (the SDKs below it) puts in front, in one of two forms: `401 {json}` (Anthropic) and `OpenAI API error (401): {json}`.
 */
import * as z from "zod";

export interface PiFailure {
  code: "model.unauthorized" | "model.rate-limited" | "model.unavailable" | "model.failed";
  detail: string;
}

const STATUS = /^(?:(\d{3})\b|[^({]*\((\d{3})\))/;
/** A line or two under a thread. */
const MAX_DETAIL_CHARS = 500;

/** `retried`: pi gave up after trying again. It only does that for what it holds for passing (overload, lost connections). */
export function piFailure(errorMessage: string, retried: boolean): PiFailure {
  const match = STATUS.exec(errorMessage);
  const status = match ? Number(match[1] ?? match[2]) : null;
  return { code: codeOf(status, retried), detail: describeError(errorMessage) };
}

/** One line for people: the status and the provider's own sentence instead of its JSON. */
export function describeError(errorMessage: string): string {
  const brace = errorMessage.indexOf("{");
  const said = brace < 0 ? null : sentenceIn(errorMessage.slice(brace));
  const text = said === null ? errorMessage : `${errorMessage.slice(0, brace).replace(/[:\s]+$/, "")}: ${said}`;
  return text.replace(/\s+/g, " ").trim().slice(0, MAX_DETAIL_CHARS);
}

function codeOf(status: number | null, retried: boolean): PiFailure["code"] {
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
