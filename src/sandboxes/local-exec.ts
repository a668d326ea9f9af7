/**
 * Commands that somebody runs in a local sandbox, with their streams in hand. Each ends with whoever started it and with the
 * sandbox, and so does everything that it leaves behind: nobody would ever find that again.
 *
 * Behind walls a command has walls of its own: it sees the sandbox's files and ports, not the processes of the agent.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { ThreadboxError } from "../errors.ts";
import type { Inside } from "./local-inside.ts";
import { firstPid } from "./local-launch.ts";
import { handOver, openPipes, type Pipe } from "./local-pipes.ts";
import { identify } from "./local-process.ts";
import { forgetExec, type RunningRecord, runsOn, writeExec } from "./local-record.ts";
import type { ExecOptions, Execution } from "./provider.ts";
import { quoted } from "./shell.ts";

export interface ExecPlace {
  name: string;
  folder: string;
  running: RunningRecord;
  inside: Inside;
}

/** There is one user in a local sandbox, so `root` changes nothing. */
export async function execInside(place: ExecPlace, command: string[], options: ExecOptions = {}): Promise<Execution> {
  let pipes: Pipe[] = [];
  try {
    const [stdout, stderr] = await openPipes(place.folder);
    pipes = [stdout, stderr];
    const child = spawnAtGate(place.inside, [stdout, stderr], { command, options });
    return await throughTheGate(place, child, { stdout: stdout.read, stderr: stderr.read });
  } catch (cause) {
    for (const { read } of pipes) read.destroy();
    if (!(await runsOn(place.folder, place.running))) throw lost(place);
    const detail = `A command could not be started in the sandbox: ${cause instanceof Error ? cause.message : cause}`;
    throw new ThreadboxError("sandbox.unavailable", detail.trim(), { cause });
  }
}

/**
 * At the gate the end of descriptor 4 means that the bot died before it wrote down the process. Without walls somebody goes on
 * watching it, and kills the whole group when whoever holds the other end has gone or has seen the command end. That one is
 * nobody's child: `script` waits for all of its own.
 */
const GATE = `
  read -r go <&4 || exit 1
  if [ "$1" != walled ]; then ( (read -r never <&4; kill -KILL 0) </dev/null >/dev/null 2>&1 & ); fi
  exec 3<&- 4<&-
  cd "$2" || exit 1
  shift 2
  exec "$@"`;

interface Wanted {
  command: string[];
  options: ExecOptions;
}

function spawnAtGate(inside: Inside, outputs: [Pipe, Pipe], { command, options }: Wanted) {
  const { env = {}, cwd = inside.workspace, terminal } = options;
  const words = terminal ? onTerminal(command, terminal) : command;
  const gated = ["/bin/sh", "-c", GATE, "sh", inside.walled ? "walled" : "open", cwd, ...words];
  const [program = "", ...args] = inside.wrap(gated, { tellPidOn: 3, endsWithUs: true });
  try {
    return spawn(program, args, {
      cwd: inside.cwd,
      env: { ...inside.env, ...(terminal ? { TERM: "xterm-256color" } : {}), ...env },
      detached: true, // a group of its own
      stdio: ["pipe", outputs[0].write, outputs[1].write, "pipe", "pipe"],
    });
  } finally {
    handOver(outputs);
  }
}

/** The process is written down before the sandbox is looked at: so whoever puts it to sleep finds it, or we find it asleep. */
async function throughTheGate(place: ExecPlace, child: ChildProcess, outputs: Outputs): Promise<Execution> {
  const exit = exitOf(child);
  const [stdin, , , told, gate] = child.stdio;
  const { stdout, stderr } = outputs;
  try {
    if (!stdin || !(gate instanceof Writable)) throw new Error("it has no input");
    const failed = once(child, "error").then(([error]) => Promise.reject(error));
    const id = identify(await Promise.race([firstPid(child), failed]));
    if (!id) throw new Error(`it ended at once. ${await text(stderr)}`);
    await writeExec(place.folder, id);
    const ended = exit.finally(() => forgetExec(place.folder, id));
    if (!(await runsOn(place.folder, place.running))) throw lost(place);
    gate.on("error", () => {}); // it ended in this moment; its exit code tells
    gate.write("go\n");
    const exitCode = codeOf(place, ended, gate);
    exitCode.catch(() => {}); // whoever wants to know asks
    return {
      stdin: Writable.toWeb(stdin),
      stdout: Readable.toWeb(stdout),
      stderr: Readable.toWeb(stderr),
      exitCode,
    };
  } catch (error) {
    for (const stream of [stdin, gate]) stream?.destroy();
    throw error;
  } finally {
    told?.destroy();
  }
}

interface Outputs {
  stdout: Readable;
  stderr: Readable;
}

async function codeOf(place: ExecPlace, ended: Promise<number>, gate: Writable): Promise<number> {
  const code = await ended;
  gate.destroy();
  if (code !== 0 && !(await runsOn(place.folder, place.running))) throw lost(place);
  return code;
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

const lost = ({ name }: ExecPlace) => new ThreadboxError("sandbox.lost", `The sandbox ${name} does not run any more`);

/** `script` of util-linux takes a line for a shell and has to be asked for the exit code; that of macOS takes words. */
function onTerminal(command: string[], { rows, columns }: { rows: number; columns: number }): string[] {
  const sized = ["/bin/sh", "-c", SIZED, "sh", `${rows}`, `${columns}`, ...command];
  if (process.platform !== "linux") return ["script", "-q", "/dev/null", ...sized];
  return ["script", "-qefc", sized.map(quoted).join(" "), "/dev/null"];
}

/** `sane`, because `script` switches the echo off when it is not itself at a terminal. */
const SIZED = 'stty sane iutf8 rows "$1" cols "$2"; shift 2; exec "$@"';
