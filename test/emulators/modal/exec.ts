/** A command in a sandbox, as the command router knows it: streams that can be read again, an input with offsets, an end. */
import type { Clock } from "../../../src/clock.ts";
import { type ByteLog, createByteLog } from "./byte-log.ts";
import type { ExecProcess } from "./machine.ts";
import { createStdinPipe, type StdinPipe } from "./stdin-pipe.ts";

export interface Exec {
  stdout: ByteLog;
  stderr: ByteLog;
  stdin: StdinPipe;
  exit: Exit | null;
  exited: Promise<Exit>;
}

export type Exit = { code: number } | { signal: number };

export interface Keep {
  stdout: boolean;
  stderr: boolean;
}

export function followProcess(process: ExecProcess, keep: Keep = { stdout: true, stderr: true }): Exec {
  const exec: Exec = {
    stdout: gather(process.stdout, keep.stdout),
    stderr: gather(process.stderr, keep.stderr),
    stdin: createStdinPipe(process.stdin),
    exit: null,
    exited: process.exit.then((exit) => {
      exec.exit = exit;
      return exit;
    }),
  };
  return exec;
}

function gather(stream: ExecProcess["stdout"], kept: boolean): ByteLog {
  const log = createByteLog();
  stream.on("data", (bytes: Uint8Array) => {
    if (kept) log.append(bytes);
  });
  // A killed process closes its streams without an end.
  stream.once("close", log.end);
  stream.once("end", log.end);
  stream.once("error", log.end);
  return log;
}

/** Past its time a command is killed, which the SDK shows as 137. */
export function limitTime(clock: Clock, process: ExecProcess, exec: Exec, timeoutSecs: number | undefined): void {
  if (!timeoutSecs) return;
  const callOff = clock.after(timeoutSecs * 1000, () => process.kill("SIGKILL"));
  void exec.exited.then(callOff);
}
