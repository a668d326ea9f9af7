/** Copies and removes the folders of local sandboxes, whatever an agent has left in them. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { identify, isAlive, type ProcessId } from "./local-process.ts";

const run = promisify(execFile);

/** What is kept of a sandbox. Its `tmp` is emptied at every start anyway, and a record would say that the copy runs. */
const KEPT = ["workspace", "state", "home"];

/** Under its new name once it is complete: what a crash leaves half-made is never taken for a copy. */
export async function copyFolder(from: string, to: string): Promise<void> {
  const draft = draftOf(to);
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  try {
    // Keeps links as links, times and modes. Where the file system can, no byte is copied before one of the two is changed.
    const options = process.platform === "linux" ? ["-a", "--reflink=auto"] : ["-a"];
    await run("cp", [...options, ...KEPT.map((name) => join(from, name)), draft]);
    await rename(draft, to);
  } catch (error) {
    await removeFolder(draft);
    throw error;
  }
}

/** It is gone under its name at once, so that nobody takes a half-removed one for whole. None there is fine. */
export async function removeFolder(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  const draft = draftOf(folder);
  if (draft !== folder) await rename(folder, draft);
  try {
    await rm(draft, { recursive: true, force: true });
  } catch {
    // Some package caches are read-only folders (Go's), and whoever is not root cannot empty those.
    await run("chmod", ["-R", "u+rwX", draft]);
    await rm(draft, { recursive: true, force: true });
  }
}

/** Removes what a bot that died was just making or removing here. */
export async function removeDrafts(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const maker = makerOf(name);
    if (maker && !isAlive(maker)) await removeFolder(join(root, name));
  }
}

/** Beside the folder, and under the name of this process: in a container every bot has the same number. */
function draftOf(folder: string): string {
  const name = basename(folder);
  if (makerOf(name)) return folder;
  const { pid, startedAt } = identify(process.pid) ?? { pid: process.pid, startedAt: "" };
  return join(dirname(folder), `.draft-${pid}.${Buffer.from(startedAt).toString("hex")}-${name}`);
}

function makerOf(name: string): ProcessId | null {
  const [, pid, startedAt = ""] = /^\.draft-(\d+)\.([0-9a-f]*)-/.exec(name) ?? [];
  return pid ? { pid: Number(pid), startedAt: Buffer.from(startedAt, "hex").toString() } : null;
}
