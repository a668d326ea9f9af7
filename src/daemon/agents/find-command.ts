/** Finds the agent's command along its own PATH, the one that its tools see too, not the daemon's. */
import { constants } from "node:fs";
import { access, open, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import type { Failure } from "./supervised.ts";

/** The command with its leading arguments; null when no folder of `path` has it. */
export async function findCommand(
  name: string,
  path: string | undefined,
): Promise<{ command: string; args: string[] } | null> {
  for (const folder of (path ?? "").split(delimiter)) {
    const file = join(folder, name);
    if (!isAbsolute(folder) || !(await isExecutable(file))) continue;
    // Run by the Node that runs us: the one that `env` finds may be older than the script needs.
    return (await isNodeScript(file)) ? { command: process.execPath, args: [file] } : { command: file, args: [] };
  }
  return null;
}

export const commandNotFound = (name: string): { failure: Failure } => ({
  failure: { code: "agent.not-found", detail: `There is no \`${name}\` on the agent's PATH.` },
});

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

async function isNodeScript(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(128), 0, 128, 0);
    const firstLine = buffer.toString("latin1", 0, bytesRead).split("\n")[0] ?? "";
    return /^#!.*\bnode\b/.test(firstLine);
  } finally {
    await handle.close();
  }
}
