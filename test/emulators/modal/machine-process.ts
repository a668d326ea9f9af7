/**
 * Processes inside a machine, as Node sees them from outside: what stands between is `bwrap` or `nsenter`, which pass on
 * streams and exit codes but no signals.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { PassThrough } from "node:stream";
import { quoted } from "../../../src/sandboxes/shell.ts";
import type { ExecProcess, ExecSpec } from "./machine.ts";
import { lifeOf, processes } from "./machine-proc.ts";
import { WALLED } from "./machine-view.ts";

/** Runs a command in the namespaces of the process `init`. */
export function enter(init: number, spec: ExecSpec): ExecProcess {
  const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--target", `${init}`, `--wdns=${spec.cwd}`];
  const { argv, env } = spec.terminal ? inTerminal(spec, spec.terminal) : spec;
  const child = spawn("/usr/bin/nsenter", [...namespaces, "--", ...WALLED, ...argv], { env });
  const process = observed(child, () => processes().find(({ parent }) => parent === child.pid)?.pid);
  // When the machine dies before the command is inside, `nsenter` has nowhere to go and calls that a failure of its own.
  const exit = process.exit.then((exit) =>
    "code" in exit && exit.code === 1 && lifeOf(init) === undefined ? { signal: constants.signals.SIGKILL } : exit,
  );
  return { ...process, exit };
}

/** `inside` finds the process that leads the group inside, as numbered outside. */
export function observed(child: ChildProcess, inside: () => number | undefined): ExecProcess {
  const { stdin = null, stdout, stderr } = child;
  // A command that ends without reading its input is no error of ours.
  stdin?.on("error", () => {});
  return {
    stdin: stdin ?? new PassThrough(),
    stdout: stdout ?? new PassThrough().end(),
    stderr: stderr ?? new PassThrough().end(),
    exit: exitOf(child),
    kill: (signal) => {
      if (child.exitCode === null && child.signalCode === null) signalGroup(inside(), signal) || child.kill(signal);
    },
  };
}

function exitOf(child: ChildProcess): ExecProcess["exit"] {
  const { promise, resolve } = Promise.withResolvers<{ code: number } | { signal: number }>();
  child.once("exit", (code, signal) => resolve(signal ? { signal: constants.signals[signal] } : { code: code ?? 1 }));
  child.once("error", () => resolve({ code: 126 }));
  return promise;
}

function signalGroup(leader: number | undefined, signal: NodeJS.Signals): boolean {
  if (leader === undefined) return false;
  // The group does not exist yet while `setsid` starts; then there is only the one process.
  return [-leader, leader].some((target) => {
    try {
      return process.kill(target, signal);
    } catch {
      return false;
    }
  });
}

/** `script` is the one program of every Debian that makes a terminal. It runs its command by way of a shell. */
function inTerminal({ argv, env }: ExecSpec, { rows, columns }: { rows: number; columns: number }) {
  const shell = env.SHELL === undefined ? "unset SHELL" : `SHELL=${quoted(env.SHELL)}`;
  const command = `${shell}; stty rows ${rows} cols ${columns}; exec ${argv.map(quoted).join(" ")}`;
  return {
    argv: ["/usr/bin/script", "--quiet", "--return", "--flush", "--echo=always", "--command", command, "/dev/null"],
    env: { TERM: "xterm-256color", ...env, SHELL: "/bin/sh" },
  };
}
