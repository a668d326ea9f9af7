/**
 * Reads one JSON value per LF from a process's output. Not Node's `readline`: that one also splits at U+2028 and U+2029,
 * which are legal inside JSON strings, and would tear a model's answer in two.
 */
import type { Readable } from "node:stream";

/**
 * Calls `onValue` for every line that is JSON, with the line as it came, and `onOther` for every other one: a stack trace, a warning of
 * some library, the last words of a process that dies.
 */
export function readJsonLines(
  stream: Readable,
  onValue: (value: unknown, line: string) => void,
  onOther: (line: string) => void = () => {},
): void {
  let pieces: string[] = [];
  const deliver = (): void => {
    const line = pieces.join("").trim();
    pieces = [];
    if (!line) return;
    const parsed = parse(line);
    if (parsed) onValue(parsed.value, line);
    else onOther(line);
  };
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const parts = chunk.split("\n");
    const rest = parts.pop() ?? "";
    for (const part of parts) {
      pieces.push(part);
      deliver();
    }
    // Kept as pieces: joining at every chunk would make one long line quadratic.
    if (rest) pieces.push(rest);
  });
  // What has no line end was cut off: no value of its protocol, but maybe why it died.
  stream.on("end", () => {
    const line = pieces.join("").trim();
    pieces = [];
    if (line) onOther(line);
  });
}

/** The counterpart: one value as one line. `JSON.stringify` escapes every LF inside. */
export const toJsonLine = (value: unknown): string => `${JSON.stringify(value)}\n`;

function parse(line: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(line) };
  } catch {
    return null;
  }
}
