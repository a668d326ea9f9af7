/**
 * Reads one JSON value per LF from a process's output. Not Node's `readline`: that one also splits at U+2028 and U+2029,
 * which are legal inside JSON strings, and would tear a model's answer in two.
 */
import type { Readable } from "node:stream";

/** Calls `onValue` for every line that is JSON. Anything else on the stream is skipped: it is not ours to interpret. */
export function readJsonLines(stream: Readable, onValue: (value: unknown) => void): void {
  let pieces: string[] = [];
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const parts = chunk.split("\n");
    const rest = parts.pop() ?? "";
    for (const part of parts) {
      pieces.push(part);
      deliver(pieces.join(""), onValue);
      pieces = [];
    }
    // Kept as pieces: joining at every chunk would make one long line quadratic.
    if (rest) pieces.push(rest);
  });
}

/** The counterpart: one value as one line. `JSON.stringify` escapes every LF inside. */
export const toJsonLine = (value: unknown): string => `${JSON.stringify(value)}\n`;

function deliver(line: string, onValue: (value: unknown) => void): void {
  const text = line.trim();
  if (!text) return;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return;
  }
  onValue(value);
}
