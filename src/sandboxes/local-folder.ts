/** Copies and removes the folders of local sandboxes, whatever an agent has left in them. */
import { execFile } from "node:child_process";
import { rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Under its new name once it is complete; without the record, so the copy has never run. */
export async function copyFolder(from: string, to: string): Promise<void> {
  const draft = join(dirname(to), `.draft-${process.pid}-${basename(to)}`);
  await rm(draft, { recursive: true, force: true });
  await run("cp", ["-a", from, draft]); // keeps links as links, times and modes
  await rm(join(draft, "record.json"));
  await rename(draft, to);
}

export async function removeFolder(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch {
    // Some package caches are read-only folders (Go's), and whoever is not root cannot empty those.
    await run("chmod", ["-R", "u+rwX", folder]);
    await rm(folder, { recursive: true, force: true });
  }
}
