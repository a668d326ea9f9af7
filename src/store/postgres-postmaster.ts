/** Reads Postgres' postmaster.pid, and tells a postmaster that runs from a number that a crash has left behind. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Postmaster {
  pid: number;
  /** Its socket folder, which it may have been given by a bot with another TMPDIR. */
  socket: string;
  is: "running" | "dead";
}

/** What postmaster.pid says; null when there is none, or not all of it is written yet. */
export function readPostmaster(data: string): Postmaster | null {
  // Lines: pid, data folder, start time, port, socket folder, address, shared memory, state.
  const [pid, folder, , , socket] = readIfThere(join(data, "postmaster.pid")).split("\n");
  if (!pid || !folder || !socket) return null;
  return { pid: Number(pid), socket, is: isPostmaster(Number(pid), data) ? "running" : "dead" };
}

/** A zombie counts as dead: kill(pid, 0) succeeds on it, but it will never do anything again. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  // "pid (name) S ...": the name may hold spaces and brackets, so the state is what follows the last bracket.
  const stat = readIfThere(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) !== "Z";
}

/** Numbers are given out again after a reboot, so the process must also be one that was started on this data. */
function isPostmaster(pid: number, data: string): boolean {
  return isAlive(pid) && commandOf(pid).includes(data);
}

function commandOf(pid: number): string {
  if (process.platform === "linux") return readIfThere(`/proc/${pid}/cmdline`);
  return spawnSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }).stdout ?? "";
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
