/**
 * One running `pi --mode rpc`: commands in, lines out, and its end. Answers are matched by id, because pi gives them in any order.
 * It runs in a process group of its own, so that a Ctrl-C at the daemon does not kill a turn half-way.
 */
import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { MAX_STDERR_CHARS } from "../limits.ts";
import { within } from "../within.ts";
import { readJsonLines, toJsonLine } from "./json-lines.ts";
import { type PiCommand, type PiLine, type PiReply, type PiResponse, parsePiLine } from "./pi-protocol.ts";
import { signal } from "./process-tree.ts";

export interface PiExit {
  code: number | null;
  signal: string | null;
  stderrTail: string;
  /** Set when it never ran: the command, its interpreter or the folder is missing. */
  startFailure?: string;
}

export interface PiStart {
  command: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
}

/** Its last words may still be in the pipe when it is gone; a stray that holds the pipe open must not keep us. */
const DRAIN_MS = 250;

export function startPi(start: PiStart, onLine: (line: PiLine) => void): PiProcess {
  const { command, args, cwd, env } = start;
  return new PiProcess(spawn(command, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"], detached: true }), onLine);
}

export class PiProcess {
  readonly ended: Promise<PiExit>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<string, (response: PiResponse | null) => void>();
  #lastId = 0;
  #alive = true;

  constructor(child: ChildProcessWithoutNullStreams, onLine: (line: PiLine) => void) {
    this.#child = child;
    // A write after its death is answered by `ended`, not by an unhandled EPIPE.
    child.stdin.on("error", () => {});
    readJsonLines(child.stdout, (value) => {
      const line = parsePiLine(value);
      if (line?.type === "response") this.#waiting.get(line.id ?? "")?.(line);
      else if (line) onLine(line);
    });
    this.ended = endOf(child, tailOf(child)).then((exit) => {
      this.#alive = false;
      for (const answer of this.#waiting.values()) answer(null);
      return exit;
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  isAlive(): boolean {
    return this.#alive;
  }

  /** Resolves with pi's answer, or with null when the process ended without one. */
  async ask(command: PiCommand): Promise<PiResponse | null> {
    if (!this.#alive) return null;
    const id = String(++this.#lastId);
    const answer = new Promise<PiResponse | null>((resolve) => this.#waiting.set(id, resolve));
    this.#child.stdin.write(toJsonLine({ ...command, id }));
    return answer.finally(() => this.#waiting.delete(id));
  }

  /** Dialogs of extensions wait for ever in RPC mode; pi says nothing to this. */
  reply(dialog: string, reply: PiReply): void {
    if (!this.#alive) return;
    this.#child.stdin.write(toJsonLine({ type: "extension_ui_response", id: dialog, ...reply }));
  }

  /** Asks it to go: end of input, then SIGTERM to its group. Resolves after its exit, or when it did not obey. */
  async end(graceMs: number): Promise<void> {
    this.#child.stdin.end();
    if (await within(graceMs, this.ended)) return;
    signal(this.pid === undefined ? undefined : -this.pid, "SIGTERM");
    await within(graceMs, this.ended);
  }
}

function tailOf(child: ChildProcess): () => string {
  let tail = "";
  child.stderr?.setEncoding("utf8");
  child.stderr?.on("data", (text: string) => {
    tail = (tail + text).slice(-MAX_STDERR_CHARS);
  });
  return () => tail;
}

async function endOf(child: ChildProcess, stderrTail: () => string): Promise<PiExit> {
  try {
    // Rejects with the `error` event, which comes instead of an exit when there was nothing to run.
    const closed = once(child, "close").catch(() => {});
    const [code, signalName] = await once(child, "exit");
    await within(DRAIN_MS, closed);
    return { code, signal: signalName, stderrTail: stderrTail() };
  } catch (failure) {
    const startFailure = failure instanceof Error ? failure.message : String(failure);
    return { code: null, signal: null, stderrTail: stderrTail(), startFailure };
  }
}
