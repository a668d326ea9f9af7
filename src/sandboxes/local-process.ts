/**
 * Processes that were started by an earlier life of the bot. A number alone does not name one: it is given out again, so
 * it is always kept and compared together with the moment at which the process started.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";

export const ProcessId = z.strictObject({ pid: z.int().positive(), startedAt: z.string().min(1) });
export type ProcessId = z.infer<typeof ProcessId>;

/** What the kernel tells of one process. Zombies are left out: they do nothing any more. */
interface ProcessFact extends ProcessId {
  parent: number;
}

/** Changes with every boot of the machine; empty where the system does not tell. */
export function bootId(): string {
  return readIfThere("/proc/sys/kernel/random/boot_id").trim();
}

/** Null when there is no such process. */
export function identify(pid: number): ProcessId | null {
  const fact = process.platform === "linux" ? readFact(pid) : listProcesses().find((other) => other.pid === pid);
  return fact ? toId(fact) : null;
}

export function isAlive(id: ProcessId): boolean {
  return identify(id.pid)?.startedAt === id.startedAt;
}

/**
 * Ends a process and everything below it: asked politely first, so that it can write down what it has to; after the
 * deadline, or once it has gone, whatever is left is killed. `ask` is whom to ask: the process, or its children when it is
 * the init of a process namespace, which ignores every signal but the last.
 */
export async function endTree(id: ProcessId, ask: "itself" | "its-children", deadlineMs: number): Promise<void> {
  const tree = descendants(id);
  const asked = ask === "itself" ? [id] : childrenOf(id);
  for (const one of asked) signal(one, "SIGTERM");
  await gone(asked, deadlineMs);
  const left = [...tree, ...descendants(id), id];
  for (const one of left) signal(one, "SIGKILL");
  await gone(left, KILLED_WITHIN_MS);
}

/** Only a process that hangs in the kernel (a dead network disk) takes longer. */
const KILLED_WITHIN_MS = 10_000;

async function gone(ids: ProcessId[], deadlineMs: number): Promise<void> {
  for (const until = Date.now() + deadlineMs; ids.some(isAlive) && Date.now() < until; ) await pause(20);
}

/** False when it is gone already, or when its number belongs to another process now. */
export function signal(id: ProcessId, name: NodeJS.Signals): boolean {
  if (!isAlive(id)) return false;
  try {
    return process.kill(id.pid, name);
  } catch {
    return false; // it ended in this very moment
  }
}

/** Everything below a process, itself left out; parents come before their children. */
export function descendants(id: ProcessId): ProcessId[] {
  if (!isAlive(id)) return [];
  const all = listProcesses();
  const found: ProcessFact[] = [];
  for (let parents = [id.pid]; parents.length > 0; ) {
    const children = all.filter((fact) => parents.includes(fact.parent));
    found.push(...children);
    parents = children.map((child) => child.pid);
  }
  return found.map(toId);
}

/** Null when there is no such process (any more). Linux only. */
export const parentOf = (pid: number): number | null => readFact(pid)?.parent ?? null;

function childrenOf(id: ProcessId): ProcessId[] {
  const children = isAlive(id) ? listProcesses().filter((fact) => fact.parent === id.pid) : [];
  return children.map(toId);
}

const toId = ({ pid, startedAt }: ProcessFact): ProcessId => ({ pid, startedAt });

function listProcesses(): ProcessFact[] {
  if (process.platform !== "linux") return listWithPs();
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => readFact(Number(pid))).filter((fact) => fact !== null);
}

function readFact(pid: number): ProcessFact | null {
  // "pid (name) state parent ... started": the name may hold spaces and brackets, so count from the last bracket.
  const stat = readIfThere(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, parent] = fields;
  const startedAt = fields[19]; // field 22 of the line: clock ticks since boot
  if (!parent || !startedAt || state === "Z" || state === "X") return null;
  return { pid, parent: Number(parent), startedAt: `${bootId()}/${startedAt}` };
}

function listWithPs(): ProcessFact[] {
  const lines = execFileSync("ps", ["-axo", "pid=,ppid=,stat=,lstart="], { encoding: "utf8" }).split("\n");
  return lines.flatMap((line) => {
    const [, pid, parent, state, startedAt] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line) ?? [];
    if (!pid || !parent || !startedAt || state?.startsWith("Z")) return [];
    return [{ pid: Number(pid), parent: Number(parent), startedAt }];
  });
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
