/** What runs in the local sandboxes of a folder, seen from outside. */
import { execFileSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readRunning } from "../../src/sandboxes/local-record.ts";

export type Part = "agent" | "daemon" | "machine";

/** Kills that part of every sandbox that runs; rejects when there is none. */
export async function killPart(home: string, part: Part): Promise<void> {
  const roots = await rootsIn(join(home, "sandboxes"));
  const below = part === "machine" ? roots : descendants(roots).filter(({ args }) => PARTS[part].test(args));
  const pids = below.map((one) => (typeof one === "number" ? one : one.pid));
  if (pids.length === 0) throw new Error(`no ${part} runs in ${home}`);
  for (const pid of pids) process.kill(pid, "SIGKILL");
}

const PARTS = { agent: /^pi$|pi-coding-agent|\bpi\b.*rpc/, daemon: /^\S*node\S* .*daemon\S*\.mjs/ };

async function rootsIn(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch(() => []);
  const records = await Promise.all(names.map((name) => readRunning(join(folder, name))));
  return records.flatMap((record) => record?.processes.map(({ pid }) => pid) ?? []);
}

interface Seen {
  pid: number;
  parent: number;
  args: string;
}

function descendants(roots: number[]): Seen[] {
  const lines = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" }).trim().split("\n");
  const all = lines.map((line): Seen => {
    const [, pid = "0", parent = "0", args = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return { pid: Number(pid), parent: Number(parent), args };
  });
  const found = new Set(roots);
  // Parents come before their children often, not always.
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return all.filter(({ pid }) => found.has(pid) && !roots.includes(pid));
}
