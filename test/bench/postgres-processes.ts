/** What all processes of one Postgres take together, on Linux; null where the system does not tell. */
import { readdirSync, readFileSync } from "node:fs";

/** In bytes, shared memory counted once. `backend` is any process of that Postgres but its first. */
export function postgresPss(backend: number): number | null {
  return familyOf(backend)?.reduce((sum, pid) => sum + pssOf(pid), 0) ?? null;
}

/** Processor time since they began, of those that live. */
export function postgresProcessorMs(backend: number): number | null {
  return familyOf(backend)?.reduce((sum, pid) => sum + ticksOf(pid) * MS_PER_TICK, 0) ?? null;
}

/** USER_HZ, the same on every Linux that Node runs on. */
const MS_PER_TICK = 10;

function familyOf(backend: number): string[] | null {
  if (process.platform !== "linux") return null;
  const postmaster = parentOf(backend);
  const children = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && parentOf(Number(name)) === postmaster);
  return [String(postmaster), ...children];
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(readIfThere(`/proc/${pid}/status`))?.[1]);
}

function pssOf(pid: string): number {
  const kilobytes = /^Pss:\s+(\d+) kB/m.exec(readIfThere(`/proc/${pid}/smaps_rollup`))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

function ticksOf(pid: string): number {
  const stat = readIfThere(`/proc/${pid}/stat`);
  // After the name in brackets: state, ten other fields, utime, stime.
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13)
    .map(Number);
  return user + system;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // it ended meanwhile
  }
}
