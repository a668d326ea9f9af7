/**
 * One running `pi --mode rpc`: commands in, lines out, and its end. Answers are matched by id, because pi gives them in any order.
 * It runs in a process group of its own, so that a Ctrl-C at the daemon does not kill a turn half-way.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { readJsonLines, toJsonLine } from "./json-lines.ts";
import { type PiCommand, type PiLine, type PiResponse, parsePiLine } from "./pi-protocol.ts";
import { signal } from "./process-tree.ts";

export interface PiExit {
  code: number | null;
  signal: string | null;
  stderrTail: string;
  /** Set when it never ran: the command, its interpreter or the folder is missing. */
  startFailure?: string;
}

export interface PiProcess {
  readonly pid: number | undefined;
  readonly ended: Promise<PiExit>;
  isAlive(): boolean;
  /** Resolves with pi's answer, or with null when the process ended without one. */
  ask(command: PiCommand): Promise<PiResponse | null>;
  /** Dialogs of extensions wait for ever in RPC mode; this answers that nobody is there. */
  dismiss(dialogId: string): void;
  /** Asks it to go: end of input, then SIGTERM. Resolves after its exit, or when it did not obey. */
  end(graceMs: number): Promise<void>;
}

const MAX_STDERR_CHARS = 4_000;
/** Its last words may still be in the pipe when it is gone; a stray that holds the pipe open must not keep us. */
const DRAIN_MS = 250;

export interface PiStart {
  command: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
}

export function startPi(start: PiStart, onLine: (line: PiLine) => void): PiProcess {
  const child = spawn(start.command, start.args, {
    cwd: start.cwd,
    env: start.env,
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const waiting = new Map<string, (response: PiResponse | null) => void>();
  let lastId = 0;
  let running = true;
  // A write after its death is answered by `ended`, not by an unhandled EPIPE.
  child.stdin.on("error", () => {});
  readJsonLines(child.stdout, (value) => {
    const line = parsePiLine(value);
    if (line?.type === "response") waiting.get(line.id ?? "")?.(line);
    else if (line) onLine(line);
  });
  const ended = endOf(child, tailOf(child)).then((exit) => {
    running = false;
    for (const answer of waiting.values()) answer(null);
    return exit;
  });

  return {
    pid: child.pid,
    ended,
    isAlive: () => running,
    async ask(command) {
      if (!running) return null;
      const id = String(++lastId);
      const answer = new Promise<PiResponse | null>((resolve) => waiting.set(id, resolve));
      child.stdin.write(toJsonLine({ ...command, id }));
      return answer.finally(() => waiting.delete(id));
    },
    dismiss(dialogId) {
      if (running) child.stdin.write(toJsonLine({ type: "extension_ui_response", id: dialogId, cancelled: true }));
    },
    async end(graceMs) {
      child.stdin.end();
      if (await within(graceMs, ended)) return;
      signal(child.pid === undefined ? undefined : -child.pid, "SIGTERM");
      await within(graceMs, ended);
    },
  };
}

/** True when `settled` came first. */
export async function within(ms: number, settled: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(ms, false, { signal: timer.signal }).catch(() => false);
  const first = await Promise.race([settled.then(() => true), late]);
  timer.abort();
  return first;
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
