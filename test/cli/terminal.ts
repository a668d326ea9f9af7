/** Lines as people type them in a shell of their own; `$THREADBOX` runs the command line. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { compiledFolder, programFile } from "../programs.ts";
import type { Env, Folder, Ran } from "./threadbox.ts";

const THREADBOX = `${process.execPath} ${programFile("src/cli/main.ts")}`;

const OWN = { PATH: process.env.PATH ?? "", NODE_COMPILE_CACHE: compiledFolder(), TERM: "dumb", THREADBOX };

export function typed(folder: Folder, line: string, env: Env = {}): Promise<Ran> {
  return ran(["sh", "-c", line], { folder, env, keys: "", after: "" });
}

/** In a pseudo-terminal, with what is typed there, once `after` is on the screen; the terminal's screen is `stdout`. */
export function onTerminal(
  folder: Folder,
  line: string,
  { keys, env, after = "" }: { keys: string; env: Env; after?: string },
): Promise<Ran> {
  return ran(["script", "-qec", line, "/dev/null"], { folder, env, keys, after });
}

async function ran(
  [program = "", ...args]: string[],
  { folder, env, keys, after }: { folder: Folder; env: Env; keys: string; after: string },
): Promise<Ran> {
  const child = spawn(program, args, {
    cwd: folder.path,
    env: { ...OWN, HOME: folder.path, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let screen = "";
  const type = (chunk = ""): void => {
    screen += chunk;
    if (screen.includes(after) && child.stdin.writable) child.stdin.end(keys);
  };
  child.stdout.setEncoding("utf8").on("data", type);
  type();
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code, stdout, stderr };
}
