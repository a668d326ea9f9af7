/** What the figures were measured on, and whether the machine was ours alone: without that, no figure can be compared. */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, freemem, loadavg, release, totalmem, type } from "node:os";

export interface Machine {
  cores: number;
  processor: string;
  memoryGb: number;
  freeGb: number;
  system: string;
  node: string;
  postgres: string;
  /** Processes that wanted to run before we began: the mean of the last minute. */
  loadBefore: number;
}

export function describeMachine(postgres: string): Machine {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() || "unknown",
    memoryGb: gigabytes(totalmem()),
    freeGb: gigabytes(freemem()),
    system: `${type()} ${release()}`,
    node: process.version,
    postgres,
    loadBefore: loadavg()[0] ?? 0,
  };
}

/** Shares of all processor time between two looks. Null where the system does not tell. */
export interface Processors {
  busyPercent: number;
  /** Time that the hypervisor gave to somebody else while we wanted it: what makes a p99 on a shared machine a guess. */
  stealPercent: number;
}

export interface Ticks {
  all: number;
  idle: number;
  steal: number;
}

/** From /proc/stat; null on other systems. */
export function readTicks(): Ticks | null {
  if (process.platform !== "linux") return null;
  // cpu user nice system idle iowait irq softirq steal; guests' time is in `user` already.
  const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n", 1);
  const fields = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const [, , , idle = 0, wait = 0, , , steal = 0] = fields;
  return { all: fields.reduce((sum, ticks) => sum + ticks, 0), idle: idle + wait, steal };
}

export function between(before: Ticks | null, after: Ticks | null): Processors | null {
  if (!before || !after || after.all === before.all) return null;
  const percent = (ticks: number): number => Math.round((1000 * ticks) / (after.all - before.all)) / 10;
  const idle = after.idle - before.idle;
  const steal = after.steal - before.steal;
  return { busyPercent: percent(after.all - before.all - idle - steal), stealPercent: percent(steal) };
}

const gigabytes = (bytes: number): number => Math.round((bytes / 1024 ** 3) * 10) / 10;
