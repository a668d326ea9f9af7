/** What has to be found out about this machine once, before the first local sandbox: where its folder is, and whether walls stand. */
import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Bubblewrap, readSystem, tryBubblewrap } from "./bubblewrap.ts";
import { agentsFolder } from "./local-agents.ts";
import { removeDrafts } from "./local-folder.ts";
import { findTools, makeFolders, type Tools, viewOf } from "./local-inside.ts";

export interface Ground {
  /** THREADBOX_HOME without links in its path. */
  home: string;
  /** The folder of all sandboxes. */
  root: string;
  /** The folder of all snapshots. */
  snapshots: string;
  walls: Bubblewrap;
  tools: Tools;
}

export async function prepareGround(home: string, bubblewrap: "auto" | "off"): Promise<Ground> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const real = await realpath(home);
  const root = join(real, "sandboxes");
  const snapshots = join(real, "snapshots");
  for (const folder of [root, snapshots]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await removeDrafts(folder);
  }
  // What is installed there later is seen by sandboxes that run already.
  await mkdir(agentsFolder(real), { recursive: true, mode: 0o700 });
  const ground: Ground = {
    home: real,
    root,
    snapshots,
    tools: findTools(),
    walls: { is: "missing", reason: "it is switched off" },
  };
  return bubblewrap === "off" ? ground : { ...ground, walls: await tryWalls(ground) };
}

/** With the very folders and programs of a sandbox: one of them may be what does not work. */
async function tryWalls({ home, root, tools }: Ground): Promise<Bubblewrap> {
  const probe = await mkdtemp(join(root, ".probe-")); // several may try at once, in one process even
  await makeFolders(probe);
  try {
    return await tryBubblewrap(viewOf(probe, tools, home), readSystem(), ["/threadbox/bin/node", "--version"]);
  } finally {
    await rm(probe, { recursive: true });
  }
}

/** Null when there is nothing to warn of. */
export function wallsWarning({ walls }: Ground): string | null {
  if (walls.is === "working") return null;
  return (
    `Sandboxes on this machine have no walls, because bubblewrap does not work: ${walls.reason}. ` +
    "The agent can read and change everything that you can, the bot's own secrets too. " +
    "Install bubblewrap (Debian: apt-get install bubblewrap) or allow it what it needs, and start again."
  );
}
