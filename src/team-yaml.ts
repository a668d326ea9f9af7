/** YAML of people, and what is wrong with it in their words. */
import { parse, YAMLParseError } from "yaml";
import { ThreadboxError } from "./errors.ts";

export function yamlOf(path: string, text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    const problem = problemOf(cause);
    if (problem === null) throw cause;
    throw new ThreadboxError("config.invalid", `${path} is not YAML: ${problem}`, { cause });
  }
}

/** Null for what is no fault of the text. A name that stands for something else begins with `*`, and so do patterns. */
function problemOf(thrown: unknown): string | null {
  const isAlias = thrown instanceof ReferenceError || (thrown instanceof YAMLParseError && thrown.code === "BAD_ALIAS");
  if (isAlias) return `${firstLine(thrown.message)}. What begins with * has to stand in quotes: "*.env"`;
  return thrown instanceof YAMLParseError ? firstLine(thrown.message) : null;
}

const firstLine = (text: string): string => (text.split("\n")[0] ?? "").replace(/:$/, "");
