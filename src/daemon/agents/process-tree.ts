/**
 * Ends a process and everything that came from it. Agents start each tool in a session of its own, so a signal to the agent's
 * process group never reaches a running command; and once the agent is dead its tools belong to pid 1 and no parent link
 * leads to them. So the tree is read from /proc before anything is killed, and strays are known by their environment.
 * The packages for this shell out to `ps`, once per level, see neither strays nor reused pids; /proc is a few lines.
 */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** A pid alone can be reused; with its start time (clock ticks since boot) it names one process for ever. */
export interface ProcessId {
  pid: number;
  startTime: string;
}

interface ProcessRow extends ProcessId {
  parent: number;
  zombie: boolean;
}

export interface TreeRoots {
  /** Everything below this process, and it itself. */
  pid?: number | undefined;
  /** Everything whose environment holds all of these, and what is below. */
  environment?: Record<string, string> | undefined;
}

/** How often the tree is killed again for what was born meanwhile, and how often it is read before each time. */
const MAX_ROUNDS = 50;
const MAX_READINGS = 100;
const ROUND_PAUSE_MS = 20;

/** The living processes of a tree; empty where there is no /proc. Never this process itself. */
export function listTree(roots: TreeRoots): ProcessId[] {
  const table = readTable();
  const found = new Map<number, ProcessRow>();
  const queue = table.filter((row) => row.pid === roots.pid || isMarked(row, roots.environment));
  for (let row = queue.pop(); row; row = queue.pop()) {
    const { pid } = row;
    if (found.has(pid) || pid === process.pid) continue;
    found.set(pid, row);
    queue.push(...table.filter((other) => other.parent === pid));
  }
  return [...found.values()].filter((row) => !row.zombie);
}

/** Kills the tree except what is in `keep`, and resolves when it is gone. */
export async function killTree(roots: TreeRoots, keep: ProcessId[] = []): Promise<void> {
  // Without /proc the process group is the best there is: it holds the agent, though not its tools.
  if (process.platform !== "linux") return signal(roots.pid === undefined ? undefined : -roots.pid, "SIGKILL");
  const kept = new Set(keep.map(nameOf));
  const doomed = new Map<string, ProcessId>();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    // Stopped first, until a reading finds nobody new: what still runs forks between the reading of the table and its end,
    // and on a busy machine faster than one reading a round.
    for (let found = true, reading = 0; found && reading < MAX_READINGS; reading++)
      found = stopNew(roots, kept, doomed);
    const alive = [...doomed.values()].filter(isAlive);
    if (alive.length === 0) return;
    for (const row of alive) signal(row.pid, "SIGKILL");
    await delay(ROUND_PAUSE_MS);
  }
}

/** Stops what is in the tree and not yet in `doomed`, and puts it there. */
function stopNew(roots: TreeRoots, kept: Set<string>, doomed: Map<string, ProcessId>): boolean {
  const found = listTree(roots).filter((row) => !kept.has(nameOf(row)) && !doomed.has(nameOf(row)));
  for (const row of found) {
    signal(row.pid, "SIGSTOP");
    doomed.set(nameOf(row), row);
  }
  return found.length > 0;
}

/** Sends a signal; a process that is gone already is what was wanted. */
export function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined || pid === 0 || pid === 1) return;
  try {
    process.kill(pid, name);
  } catch {
    // ESRCH: gone. EPERM: not ours to end.
  }
}

const nameOf = (row: ProcessId): string => `${row.pid}/${row.startTime}`;

function isAlive(row: ProcessId): boolean {
  const now = readRow(row.pid);
  return now !== null && !now.zombie && now.startTime === row.startTime;
}

function readTable(): ProcessRow[] {
  let names: string[];
  try {
    names = readdirSync("/proc");
  } catch {
    return [];
  }
  return names.filter((name) => /^\d+$/.test(name)).flatMap((name) => readRow(Number(name)) ?? []);
}

/** `/proc/<pid>/stat`: the name in brackets may hold blanks and brackets, so fields are counted from the last bracket. */
function readRow(pid: number): ProcessRow | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null;
  }
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { pid, parent: Number(fields[1]), zombie: fields[0] === "Z", startTime: fields[19] ?? "" };
}

function isMarked(row: ProcessRow, marks: Record<string, string> | undefined): boolean {
  if (!marks) return false;
  try {
    const environment = new Set(readFileSync(`/proc/${row.pid}/environ`, "utf8").split("\0"));
    return Object.entries(marks).every(([name, value]) => environment.has(`${name}=${value}`));
  } catch {
    // Another user's process: not one that we started.
    return false;
  }
}
