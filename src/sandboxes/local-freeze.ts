/**
 * Holds processes still while their files are copied, so that the copy is of one moment: as after a power cut, which git and
 * SQLite survive. Copied file by file while somebody writes, a database would be torn.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Writable } from "node:stream";
import { descendants, isAlive, type ProcessId, signal } from "./local-process.ts";

/** What stands below `roots` stands still during `work`, and goes on afterwards in any case. */
export async function whileFrozen<T>(roots: ProcessId[], work: () => Promise<T>): Promise<T> {
  const guard = spawn("/bin/sh", ["-c", THAW], { stdio: ["pipe", "ignore", "ignore"], detached: true, env: {} });
  const thawed = once(guard, "exit");
  try {
    await freeze(roots, guard);
    return await work();
  } finally {
    guard.stdin.end();
    await thawed;
  }
}

/**
 * Wakes everything that it was told of when its input ends; so it does when the bot dies, which would else leave a sandbox frozen
 * for ever. Children before their parents: a shell that finds its child stopped would take the terminal away from it.
 */
const THAW = 'all=; while read -r pid; do all="$pid $all"; done; [ -z "$all" ] || kill -CONT $all';

async function freeze(roots: ProcessId[], guard: ChildProcessByStdio<Writable, null, null>): Promise<void> {
  const told = new Set<number>();
  for (;;) {
    const tree = roots.filter(isAlive).flatMap((root) => [root, ...descendants(root)]);
    const running = tree.filter(({ pid }) => !told.has(pid));
    // What was still running a moment ago may have started another one.
    if (running.length === 0) return;
    await tell(
      guard.stdin,
      running.map(({ pid }) => pid),
    );
    for (const one of running) {
      told.add(one.pid);
      signal(one, "SIGSTOP");
    }
  }
}

async function tell(guard: Writable, pids: number[]): Promise<void> {
  const lines = pids.map((pid) => `${pid}\n`).join("");
  await new Promise<void>((resolve, reject) => guard.write(lines, (error) => (error ? reject(error) : resolve())));
}
