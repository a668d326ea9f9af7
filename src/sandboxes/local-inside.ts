/**
 * What a process of a local sandbox finds around it: folders, programs, environment. With walls (bubblewrap) at fixed
 * paths, without them at the paths of this machine.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Bubblewrap, bubblewrapArguments, INSIDE_UID, readSystem, SYSTEM_PATH, type View } from "./bubblewrap.ts";
import { AGENTS_INSIDE, agentsFolder } from "./local-agents.ts";

export interface Inside {
  workspace: string;
  state: string;
  /** The whole environment of a process, before what its launcher adds. */
  env: { [name: string]: string };
  /** Where the command line has to be started, outside. */
  cwd: string;
  walled: boolean;
  /** The command line that runs `command` inside. */
  wrap(command: string[], how?: Wrapping): string[];
}

export interface Wrapping {
  /** Behind walls, the number of its first process is told on this descriptor. */
  tellPidOn?: number;
  /** Behind walls, the kernel ends it when whoever started it has gone. */
  endsWithUs?: boolean;
}

/** What the bot brings along: its own Node, and node_modules with the agent in it. */
export interface Tools {
  node: string;
  nodeModules: string;
  checkout: string;
}

export function findTools(): Tools {
  const pi = fileURLToPath(import.meta.resolve("@earendil-works/pi-coding-agent"));
  const nodeModules = pi.slice(0, pi.lastIndexOf("/node_modules/") + "/node_modules".length);
  return { node: process.execPath, nodeModules, checkout: resolve(import.meta.dirname, "../..") };
}

/** Folders of a sandbox: `home` holds what tools keep there (caches, settings), `tmp` is emptied at every start. */
const FOLDERS = ["workspace", "state", "home", "tmp", "etc"];

export async function makeFolders(folder: string): Promise<void> {
  await rm(join(folder, "tmp"), { recursive: true, force: true });
  for (const name of FOLDERS) await mkdir(join(folder, name), { recursive: true, mode: 0o700 });
  const user = (name: string, id: number, home: string) => `${name}:x:${id}:${id}:${name}:${home}:/bin/bash`;
  const users = [user("root", 0, "/root"), user("agent", INSIDE_UID, "/home/agent")];
  const groups = ["root:x:0:", `agent:x:${INSIDE_UID}:`];
  await writeFile(join(folder, "etc", "passwd"), `${users.join("\n")}\n`);
  await writeFile(join(folder, "etc", "group"), `${groups.join("\n")}\n`);
}

export function insideOf(folder: string, tools: Tools, home: string, bubblewrap: Bubblewrap): Inside {
  if (bubblewrap.is === "missing") return withoutWalls(folder, tools, home);
  const walls = bubblewrapArguments(viewOf(folder, tools, home), readSystem(), bubblewrap.caller);
  return {
    workspace: "/workspace",
    state: "/sandbox/state",
    env: {
      ...LOCALE,
      PATH: [`${AGENTS_INSIDE}/bin`, "/threadbox/bin", SYSTEM_PATH, "/threadbox/node_modules/.bin"].join(delimiter),
      HOME: "/home/agent",
      USER: "agent",
      TMPDIR: "/tmp",
    },
    cwd: "/",
    walled: true,
    wrap: (command, { tellPidOn, endsWithUs } = {}) => [
      bubblewrap.program,
      ...(tellPidOn === undefined ? [] : ["--info-fd", `${tellPidOn}`]),
      ...(endsWithUs ? ["--die-with-parent"] : []),
      ...[...walls, "--", ...command],
    ],
  };
}

const LOCALE = { LANG: "C.UTF-8", TERM: "dumb" };

/** Everything that a sandbox sees of this machine beside the system's own folders. */
export function viewOf(folder: string, tools: Tools, home: string): View {
  const own = (name: string, to: string) => ({ from: join(folder, name), to });
  return {
    writable: [
      own("workspace", "/workspace"),
      own("state", "/sandbox/state"),
      own("home", "/home/agent"),
      own("tmp", "/tmp"), // on disk rather than in memory: builds fill it
    ],
    readOnly: [
      own("etc/passwd", "/etc/passwd"),
      own("etc/group", "/etc/group"),
      { from: tools.node, to: "/threadbox/bin/node" },
      { from: tools.nodeModules, to: "/threadbox/node_modules" },
      { from: agentsFolder(home), to: AGENTS_INSIDE },
    ],
    // `pi` stands before the system's programs, the rest of node_modules/.bin behind them: it must not shadow a compiler.
    links: [{ to: "../node_modules/.bin/pi", at: "/threadbox/bin/pi" }],
    hidden: [home, tools.checkout],
    cwd: "/workspace",
  };
}

function withoutWalls(folder: string, tools: Tools, home: string): Inside {
  const programs = [join(agentsFolder(home), "bin"), dirname(tools.node), join(tools.nodeModules, ".bin")];
  return {
    workspace: join(folder, "workspace"),
    state: join(folder, "state"),
    env: {
      ...LOCALE,
      PATH: [...programs, SYSTEM_PATH, "/opt/homebrew/bin"].join(delimiter),
      HOME: join(folder, "home"),
      TMPDIR: join(folder, "tmp"),
    },
    cwd: join(folder, "workspace"),
    walled: false,
    wrap: (command) => command,
  };
}
