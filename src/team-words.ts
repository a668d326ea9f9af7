/** What is wrong in threadbox.yml, for people who know the file and not zod. */
import type { z } from "zod";

/** Undefined leaves zod's own words. */
export function inWords(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "unrecognized_keys")
    return `nothing is called ${issue.keys.join(", ")} here; threadbox.example.yml shows everything`;
  // Only of numbers, whose settings rarely have words of their own for it.
  if (issue.code === "too_small" && typeof issue.input === "number")
    return `has to be ${issue.inclusive ? "at least" : "above"} ${issue.minimum}`;
  if (issue.code === "too_big" && typeof issue.input === "number")
    return `has to be ${issue.inclusive ? "at most" : "below"} ${issue.maximum}`;
  if (issue.code !== "invalid_type") return undefined;
  if (issue.input === undefined) return "is missing";
  const quotes = issue.expected === "string" && /number|boolean/.test(typeof issue.input) ? "; put it in quotes" : "";
  return `has to be ${KINDS[issue.expected] ?? issue.expected}${quotes}`;
}

const KINDS: Record<string, string> = {
  string: "text",
  array: "a list",
  boolean: "true or false",
  number: "a number",
  int: "a whole number",
  object: "settings below it",
};
