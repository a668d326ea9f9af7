/** Lines as people type them in a shell of their own; `$THREADBOX` runs the command line. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import type { Env, Folder, Ran } from "./threadbox.ts";

const THREADBOX = `${process.execPath} ${resolve(import.meta.dirname, "../../src/cli/main.ts")}`;

export function typed(folder: Folder, line: string, env: Env = {}): Promise<Ran> {
  return ran(["sh", "-c", line], { folder, env, keys: "" });
}

/** In a pseudo-terminal, with what is typed there; the terminal's screen is `stdout`. */
export function onTerminal(folder: Folder, line: string, { keys, env }: { keys: string; env: Env }): Promise<Ran> {
  return ran(["script", "-qec", line, "/dev/null"], { folder, env, keys });
}

async function ran(
  [program = "", ...args]: string[],
  { folder, env, keys }: { folder: Folder; env: Env; keys: string },
): Promise<Ran> {
  const child = spawn(program, args, {
    cwd: folder.path,
    env: { PATH: process.env.PATH ?? "", HOME: folder.path, TERM: "dumb", THREADBOX, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(keys);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code, stdout, stderr };
}
