/** Runs one command to its end: arguments as an array, no shell, an environment built from nothing, output kept within bounds. */
import { spawn } from "node:child_process";

export interface CommandResult {
  /** Null when a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
  /** Standard output was longer than it was kept. */
  cut: boolean;
}

export interface Owner {
  uid: number;
  gid: number;
}

export interface CommandOptions {
  cwd: string;
  env: Record<string, string>;
  stdin?: string;
  /** Whose rights it runs with, when not the daemon's. */
  owner?: Owner | undefined;
  maxChars?: number;
  /** Takes standard output as it comes, for what is too much to be kept; the result has none of it then. */
  onBytes?(bytes: Buffer): void;
  /** Everything that it started is killed with it. */
  timeoutMs?: number;
}

/** Far more than any listing of refs or files; a bound all the same, because the repository is a stranger's. */
const DEFAULT_MAX_CHARS = 64 * 1024 * 1024;
/** Enough for every message of a server's hook, and small enough to be held for each command. */
const MAX_STDERR_CHARS = 64 * 1024;

export function runCommand(command: string, args: string[], options: CommandOptions): Promise<CommandResult> {
  const { promise, resolve, reject } = Promise.withResolvers<CommandResult>();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env,
    ...(options.owner && { uid: options.owner.uid, gid: options.owner.gid }),
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const stdout = collect(options.maxChars ?? DEFAULT_MAX_CHARS);
  const stderr = collect(MAX_STDERR_CHARS);
  if (options.onBytes) child.stdout.on("data", options.onBytes);
  else child.stdout.setEncoding("utf8").on("data", stdout.add);
  child.stderr.setEncoding("utf8").on("data", stderr.add);
  // It may end without reading what it was given.
  child.stdin.on("error", () => {});
  child.stdin.end(options.stdin ?? "");
  const timer = options.timeoutMs === undefined ? null : setTimeout(() => killGroup(child.pid), options.timeoutMs);
  child.on("error", reject);
  child.on("close", (code) => {
    if (timer) clearTimeout(timer);
    resolve({ code, stdout: stdout.text(), stderr: stderr.text(), cut: stdout.cut() });
  });
  return promise;
}

function collect(maxChars: number): { add(text: string): void; text(): string; cut(): boolean } {
  const pieces: string[] = [];
  let length = 0;
  return {
    add(piece) {
      // Read on, or the command would wait for ever on a full pipe.
      if (length < maxChars) pieces.push(piece.slice(0, maxChars - length));
      length += piece.length;
    },
    text: () => pieces.join(""),
    cut: () => length > maxChars,
  };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended by itself in this moment.
  }
}
