/**
 * What a process says beside its protocol: its stderr, and lines on stdout that are none of the protocol's. The end of it tells why it
 * died; the beginning of the stray lines goes into the daemon's log, because an agent that lives on says there what it is missing.
 */
import type { Readable } from "node:stream";
import { MAX_STDERR_CHARS } from "../limits.ts";
import type { AgentContext } from "./agent.ts";

/** Of one process. What writes more than these says nothing new, or writes for ever. */
const MAX_LOGGED = 20;

/** More than is told: whoever tells it blanks keys first, and the half of one that this cut leaves is gone with the rest then. */
const KEPT_CHARS = 2 * MAX_STDERR_CHARS;

export interface OtherOutput {
  /** A line on stdout that is no JSON. */
  take(line: string): void;
  /** The last of everything, stray lines and stderr in the order in which they came. */
  tail(): string;
  /** The process is gone: says how many lines were not logged. */
  end(): void;
}

export function otherOutput(stderr: Readable | null, note: AgentContext["note"] = () => {}): OtherOutput {
  let tail = "";
  let lines = 0;
  const keep = (text: string): void => {
    tail = (tail + text).slice(-KEPT_CHARS);
  };
  stderr?.setEncoding("utf8");
  stderr?.on("data", keep);
  return {
    take(line) {
      // A crash may come as one line of many megabytes.
      keep(`${line.slice(-KEPT_CHARS)}\n`);
      lines += 1;
      if (lines <= MAX_LOGGED) note("agent.said", { line });
    },
    tail: () => tail,
    end() {
      if (lines > MAX_LOGGED) note("agent.said-more", { lines: lines - MAX_LOGGED });
    },
  };
}
