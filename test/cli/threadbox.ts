/** The command line as people run it: a child process in a folder of its own, with nothing of our environment. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pino } from "pino";
import { localProvider } from "../../src/sandboxes/local.ts";
import { compiledFolder, programFile, sourceFile } from "../programs.ts";

const MAIN = "src/cli/main.ts";

export type Env = Record<string, string>;

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A working folder; THREADBOX_HOME is below it. */
export interface Folder {
  path: string;
  home: string;
  /** Runs `threadbox` there to its end. */
  run(args: string[], env?: Env): Promise<Ran>;
  /** Starts it and gives the child, with all that it prints. */
  start(args: string[], env?: Env): Child;
  /** Ends its sandboxes and removes it. */
  remove(): Promise<void>;
}

export interface Child {
  process: ChildProcess;
  /** Resolves with everything that stdout has printed once it contains `words`; rejects when it ends without. */
  printed(words: string): Promise<string>;
  /** The same of stderr. */
  warned(words: string): Promise<string>;
  ended: Promise<Ran>;
}

/** `source`: what runs there is the very source, whatever was made of it for the other tests. */
export function newFolder(from?: "source"): Folder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "threadbox-cli-")));
  chmodSync(path, 0o711); // an embedded Postgres of root runs as another user, who has to pass through
  const home = join(path, ".threadbox");
  const main = from === "source" ? sourceFile(MAIN) : programFile(MAIN);
  const start = (args: string[], env: Env = {}): Child => startChild([main, ...args], path, env);
  return {
    path,
    home,
    start,
    run: (args, env) => start(args, env).ended,
    async remove() {
      const provider = localProvider({ home, log: pino({ level: "silent" }) });
      for (const { name } of await provider.list()) await provider.destroy(name);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

function startChild(args: string[], cwd: string, env: Env): Child {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH: process.env.PATH ?? "", HOME: cwd, NODE_COMPILE_CACHE: compiledFolder(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, warned] = [listenTo(child.stdout), listenTo(child.stderr)];
  const ended = once(child, "close").then(([code]) => ({ code, stdout: out.text(), stderr: warned.text() }));
  return {
    process: child,
    ended,
    printed: (words) => out.until(words, ended),
    warned: (words) => warned.until(words, ended),
  };
}

function listenTo(stream: Readable) {
  let heard = "";
  const listeners = new Set<() => void>();
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    heard += chunk;
    for (const look of listeners) look();
  });
  return {
    text: () => heard,
    until: (words: string, ended: Promise<Ran>): Promise<string> =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (heard.includes(words)) resolve(heard);
        };
        listeners.add(look);
        look();
        void ended.then((ran) => reject(new Error(`It ended without printing "${words}": ${ran.stdout}${ran.stderr}`)));
      }),
  };
}

/** The one JSON document that stdout is. */
export function documentOf(ran: Ran): Record<string, unknown> {
  assert.doesNotThrow(() => JSON.parse(ran.stdout), `not one JSON document: ${ran.stdout}\n${ran.stderr}`);
  return JSON.parse(ran.stdout);
}
