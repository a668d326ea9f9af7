/**
 * What is written down of a local sandbox, so that a restarted bot finds it again: `<folder>/record.json`. It lies where
 * nothing inside the sandbox sees it.
 */
import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { bootId, isAlive, ProcessId } from "./local-process.ts";

export const SandboxRecord = z.discriminatedUnion("is", [
  z.strictObject({
    is: z.literal("running"),
    /** The boot of the machine that it was started in; processes and ports do not survive another one. */
    boot: z.string(),
    port: z.int(),
    /** Behind walls or not, so that paths inside are the same for every bot that finds it. */
    walled: z.boolean(),
    /** Empty between its start and the first launch. */
    processes: z.array(ProcessId),
  }),
  z.strictObject({ is: z.literal("asleep") }),
]);
export type SandboxRecord = z.infer<typeof SandboxRecord>;
export type RunningRecord = Extract<SandboxRecord, { is: "running" }>;

/** Null when there is no sandbox in that folder. */
export async function readRecord(folder: string): Promise<SandboxRecord | null> {
  try {
    return SandboxRecord.parse(JSON.parse(await readFile(join(folder, "record.json"), "utf8")));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/** In one step, so that a crash leaves the old one or the new one. */
export async function writeRecord(folder: string, record: SandboxRecord): Promise<void> {
  const draft = join(folder, `record.json.${process.pid}`);
  await writeFile(draft, JSON.stringify(record), { mode: 0o600 });
  await rename(draft, join(folder, "record.json"));
}

/** The record of a sandbox that runs: started and never launched, or with a process that lives. */
export async function readRunning(folder: string): Promise<RunningRecord | null> {
  const record = await readRecord(folder);
  if (record?.is !== "running" || record.boot !== bootId()) return null;
  return record.processes.length === 0 || record.processes.some(isAlive) ? record : null;
}

/** All that run, by name. */
export async function listRunning(root: string): Promise<Map<string, RunningRecord>> {
  const running = new Map<string, RunningRecord>();
  for (const entry of await readdir(root, { withFileTypes: true })) {
    const hidden = entry.name.startsWith("."); // under construction
    const record = entry.isDirectory() && !hidden ? await readRunning(join(root, entry.name)) : null;
    if (record) running.set(entry.name, record);
  }
  return running;
}
