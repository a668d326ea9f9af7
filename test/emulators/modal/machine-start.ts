/**
 * The processes of one machine. Process 1 inside is bubblewrap's own small init; the entrypoint is its child, and everything
 * else is sent in by `nsenter`. When process 1 ends, the kernel ends all others of its namespace.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import type { ExecProcess } from "./machine.ts";
import { findProgram } from "./machine-available.ts";
import { lifeOf, processes } from "./machine-proc.ts";
import { observed } from "./machine-process.ts";
import { type View, viewArguments, WALLED } from "./machine-view.ts";

export interface Running {
  /** Process 1 of the machine, as numbered outside. */
  init: number;
  /** Bubblewrap itself, the parent of process 1. */
  outside: number;
  entrypoint: ExecProcess;
  /** Resolves when no process of it is left. */
  ended: Promise<void>;
  kill(): void;
}

export interface Command {
  /** Goes before bubblewrap, outside. */
  prefix: string[];
  argv: string[];
  /** Shell lines that run before it, while nobody else is inside. If they fail, there is no machine. */
  before: string;
}

// File descriptors of bubblewrap beside the usual three.
const INFO = 3;
const READY = 4;
const ARGUMENTS = 5;

/** Resolves when the inside is complete and the entrypoint is about to run. */
export async function startProcesses(view: View, command: Command): Promise<Running> {
  // Every command line inside is shown to everybody inside, and all of bubblewrap's would tell about the host.
  const bubblewrap = ["--args", `${ARGUMENTS}`, "--info-fd", `${INFO}`, "--"];
  const script = `set -e\n${command.before}\nprintf ready >&${READY}\nexec "$@" ${READY}>&-`;
  const inside = [...WALLED, "/bin/sh", "-c", script, "sh", ...command.argv];
  const [program = "", ...rest] = [...command.prefix, findProgram("bwrap"), ...bubblewrap, ...inside];
  const child = spawn(program, rest, { env: {}, stdio: ["pipe", "pipe", "pipe", "pipe", "pipe", "pipe"] });
  let init = 0;
  // Observed from the first moment: a short command has ended before the inside is known to be complete. Bubblewrap's init keeps
  // the number 2 for its first child.
  const entrypoint = observed(
    child,
    () => processes().find(({ parent, inside }) => parent === init && inside === 2)?.pid,
  );
  init = await readyInside(child, view);
  const life = lifeOf(init);
  const ended = entrypoint.exit.then(() => allGone(init, life));
  const kill = () => {
    if (child.exitCode === null && child.signalCode === null) killProcess(init);
  };
  return { init, outside: child.pid ?? 0, entrypoint, ended, kill };
}

async function readyInside(child: ChildProcess, view: View): Promise<number> {
  // Node's type ends with the fourth.
  const pipes: unknown[] = child.stdio;
  const [info, ready, args] = [pipes[INFO], pipes[READY], pipes[ARGUMENTS]];
  if (!(info instanceof Readable && ready instanceof Readable && args instanceof Writable)) throw new Error("no pipes");
  args.on("error", () => {}); // bubblewrap has ended already and says why on its error stream
  args.end(
    viewArguments(view)
      .map((argument) => `${argument}\0`)
      .join(""),
  );
  // Its end is that of the pipe: the end of a short process is heard before what it wrote.
  const outcome = await Promise.race([once(ready, "data"), once(ready, "end").then(() => "ended" as const)]);
  ready.destroy();
  if (outcome === "ended") throw new Error(`the machine did not start: ${child.stderr && (await text(child.stderr))}`);
  return Number(JSON.parse(await text(info))["child-pid"]);
}

/** The first process of a namespace counts as dead only when all others are. */
async function allGone(init: number, life: string | undefined): Promise<void> {
  while (life !== undefined && lifeOf(init) === life) await pause(1);
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has ended by itself
  }
}
