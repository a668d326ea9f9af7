/** What a person sees of an error: one line with what is wrong, and what to do about it. No stack. */
import { toThreadboxError } from "../errors.ts";
import type { Output } from "./output.ts";

/** The command cannot do what was asked, and nothing is broken: a mistyped id, a second bot. */
export class Refused extends Error {
  readonly detail: string;
  readonly remedy: string;

  constructor(detail: string, remedy: string) {
    super(detail);
    this.name = "Refused";
    this.detail = detail;
    this.remedy = remedy;
  }
}

/** Somebody pressed ctrl-c; whatever was begun has been taken back. */
export class Interrupted extends Refused {
  constructor(detail = "Interrupted.", remedy = "Run it again when you want it.") {
    super(detail, remedy);
    this.name = "Interrupted";
  }
}

/** 128 + SIGINT, as shells expect it. */
export const INTERRUPTED = 130;

export const exitCodeOf = (thrown: unknown): number => (thrown instanceof Interrupted ? INTERRUPTED : 1);

export function printFailure(thrown: unknown, output: Output, withStack: boolean): void {
  const { code, detail, remedy } = failureOf(thrown);
  // A list of problems keeps its lines; the remedy stands below it then.
  output.warn(`threadbox: ${detail.trimEnd()}${detail.includes("\n") ? "\n" : " "}${remedy}`);
  if (withStack && thrown instanceof Error) output.warn(thrown.stack ?? "");
  output.result({ ok: false, error: { code, detail, remedy } });
}

function failureOf(thrown: unknown): { code: string; detail: string; remedy: string } {
  if (thrown instanceof Refused) {
    const code = thrown instanceof Interrupted ? "interrupted" : "refused";
    return { code, detail: sentence(thrown.detail), remedy: thrown.remedy };
  }
  const { code, detail, remedy } = toThreadboxError(thrown);
  return { code, detail: sentence(detail), remedy };
}

const sentence = (text: string): string => (/[.!?:\n]\s*$/.test(text) || text.includes("\n") ? text : `${text}.`);
