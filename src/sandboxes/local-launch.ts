/**
 * Starts processes inside a local sandbox: short ones whose output is wanted, and the one that stays. The latter runs on
 * when the bot dies, is started again when it crashes, and waits at a gate until the bot has written down its number: none is ever
 * started and forgotten.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { z } from "zod";
import { ThreadboxError } from "../errors.ts";
import type { Inside } from "./local-inside.ts";
import { identify, type ProcessId } from "./local-process.ts";

export interface Launch {
  command: string[];
  env: { [name: string]: string };
  /** Path inside. */
  logFile: string;
}

/**
 * At the gate the end of the input means that the bot died before it wrote down the process: then it ends as well. Behind it this
 * shell stays as the one that keeps the command running. It is what is written down, and what is asked to end; `setpriv`
 * (Linux) lets the command not outlive it even when it is killed where no walls end both.
 *
 * A shell lets what it starts in the background ignore SIGINT and SIGQUIT. Node, and so the daemon, gives its own children the usual
 * answer to them again.
 *
 * A command that ends with 0 has done its work. Anything else is a crash: it is started again, at once and then after pauses that
 * grow to half a minute. One that crashes ten times in a row within a minute of its start will not come up any more.
 */
const SUPERVISE = `
  read -r go || exit 1
  log=$1; shift
  mkdir -p "$(dirname "$log")"
  exec 3<&- </dev/null >>"$log" 2>&1
  asked= child= pause=0 crashes=0
  trap 'asked=1; kill "$child" 2>/dev/null' TERM
  leash=; setpriv --pdeathsig KILL true 2>/dev/null && leash="setpriv --pdeathsig KILL"
  while [ -z "$asked" ] && [ "$crashes" -lt 10 ]; do
    began=$(date +%s)
    $leash "$@" & child=$!
    [ -z "$asked" ] || kill "$child"
    code=0; wait "$child" || code=$?
    while kill -0 "$child" 2>/dev/null; do code=0; wait "$child" || code=$?; done
    [ "$code" -ne 0 ] || exit 0
    [ -z "$asked" ] || break
    [ $(($(date +%s) - began)) -lt 60 ] || { pause=0; crashes=0; }
    crashes=$((crashes + 1))
    echo "It ended with $code; it is started again in $pause s."
    sleep "$pause" & child=$!
    wait "$child"
    pause=$((pause * 2 + 1)); [ "$pause" -le 30 ] || pause=30
  done
  exit 1`;

/** `written` is called with the process's number before the command begins. */
export async function launchInside(
  inside: Inside,
  folder: string,
  { command, env, logFile }: Launch,
  written: (id: ProcessId) => Promise<void>,
): Promise<void> {
  const gated = ["/bin/sh", "-c", SUPERVISE, "sh", logFile, ...command];
  const [program = "", ...args] = inside.wrap(gated, { tellPidOn: 3 });
  // What bubblewrap itself complains of. Not in the sandbox's own folders, where a link could lead us astray.
  const complaints = await open(join(folder, "launch.log"), "w", 0o600);
  const child = spawn(program, args, {
    cwd: inside.cwd,
    env: { ...inside.env, ...env },
    detached: true,
    stdio: ["pipe", complaints.fd, complaints.fd, "pipe"],
  });
  try {
    await Promise.race([once(child, "spawn"), once(child, "error").then(([error]) => Promise.reject(error))]);
    const id = identify(await firstPid(child));
    if (!id) throw new Error(`it ended at once. ${await readFile(join(folder, "launch.log"), "utf8")}`);
    await written(id);
    child.stdin?.end("go\n");
  } catch (cause) {
    child.stdin?.destroy();
    const detail = `A process could not be started in the sandbox: ${cause instanceof Error ? cause.message : cause}`;
    throw new ThreadboxError("sandbox.unavailable", detail.trim(), { cause });
  } finally {
    child.stdio[3]?.destroy();
    child.unref();
    await complaints.close();
  }
}

const Info = z.object({ "child-pid": z.int().positive() });

/** Behind walls the process that all others inside hang on; bubblewrap's own outer process would leave them alive. */
export async function firstPid(child: ChildProcess): Promise<number> {
  const told = child.stdio[3];
  if (child.spawnfile.endsWith("bwrap") && told instanceof Readable) {
    const info = await text(told);
    return info === "" ? 0 : Info.parse(JSON.parse(info))["child-pid"];
  }
  return child.pid ?? 0;
}

/**
 * Runs a short command inside and gives its output. Files are read and written this way and never from outside, where a
 * link that the agent made would lead to files of the machine.
 */
export async function runInside(inside: Inside, command: string[], input?: Uint8Array): Promise<string> {
  const [program = "", ...args] = inside.wrap(command);
  const options = { cwd: inside.cwd, env: inside.env, timeout: 60_000, maxBuffer: 16 * 1024 * 1024 };
  try {
    const running = promisify(execFile)(program, args, options);
    running.child.stdin?.on("error", () => {}); // it ended before it had read everything; its exit code tells
    running.child.stdin?.end(input);
    return (await running).stdout;
  } catch (cause) {
    throw new ThreadboxError("sandbox.unavailable", "A file in the sandbox cannot be read or written", { cause });
  }
}
