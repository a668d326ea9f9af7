/**
 * One running process of an agent: JSON lines in and out, and its end. What the lines mean is its adapter's business.
 * It runs in a process group of its own, so that a Ctrl-C at the daemon does not kill a turn half-way.
 */
import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { within } from "../within.ts";
import type { AgentContext } from "./agent.ts";
import { readJsonLines, toJsonLine } from "./json-lines.ts";
import { type OtherOutput, otherOutput } from "./other-output.ts";
import { signal } from "./process-tree.ts";

export interface ProcessExit {
  code: number | null;
  signal: string | null;
  stderrTail: string;
  /** Set when it never ran: the command, its interpreter or the folder is missing. */
  startFailure?: string;
}

export interface ProcessStart {
  command: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
}

/** Its last words may still be in the pipe when it is gone; a stray that holds the pipe open must not keep us. */
const DRAIN_MS = 250;

export class AgentProcess {
  /** Resolves when it is gone, whatever its children do. */
  readonly ended: Promise<ProcessExit>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #other: OtherOutput;
  #alive = true;

  constructor({ command, args, cwd, env }: ProcessStart, note?: AgentContext["note"]) {
    const child = spawn(command, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"], detached: true });
    this.#child = child;
    // A write after its death is answered by `ended`, not by an unhandled EPIPE.
    child.stdin.on("error", () => {});
    this.#other = otherOutput(child.stderr, note);
    this.ended = endOf(child, this.#other).then((exit) => {
      this.#alive = false;
      return exit;
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  isAlive(): boolean {
    return this.#alive;
  }

  /** Called once, and at once: what comes before is lost. `other` hears of lines that are no JSON; `true`: it was meant. */
  onLine(take: (value: unknown, line: string) => void, other?: (line: string) => unknown): void {
    readJsonLines(this.#child.stdout, take, (line) => {
      if (other?.(line) !== true) this.#other.take(line);
    });
  }

  /** One line. What is sent to a process that is gone goes nowhere. */
  send(value: unknown): void {
    if (this.#alive) this.#child.stdin.write(toJsonLine(value));
  }

  /** Asks it to go: end of input, then (or at once) SIGTERM to its group. Resolves after its exit, or when it did not obey. */
  async end(graceMs: number, by?: "signal"): Promise<void> {
    this.#child.stdin.end();
    if (by !== "signal" && (await within(graceMs, this.ended))) return;
    signal(this.pid === undefined ? undefined : -this.pid, "SIGTERM");
    await within(graceMs, this.ended);
  }
}

async function endOf(child: ChildProcess, other: OtherOutput): Promise<ProcessExit> {
  try {
    // Rejects with the `error` event, which comes instead of an exit when there was nothing to run.
    const closed = once(child, "close").catch(() => {});
    const [code, signalName] = await once(child, "exit");
    await within(DRAIN_MS, closed);
    other.end();
    return { code, signal: signalName, stderrTail: other.tail() };
  } catch (failure) {
    const startFailure = failure instanceof Error ? failure.message : String(failure);
    return { code: null, signal: null, stderrTail: other.tail(), startFailure };
  }
}
