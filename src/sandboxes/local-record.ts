/**
 * What is written down of a local sandbox, so that a restarted bot finds it again: `<folder>/record.json`, and a file below
 * `<folder>/execs` for each command that somebody runs in it. Nothing inside the sandbox sees them.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { bootId, isAlive, ProcessId } from "./local-process.ts";

export const SandboxRecord = z.discriminatedUnion("is", [
  z.strictObject({
    is: z.literal("running"),
    /** The boot of the machine that it was started in; processes and ports do not survive another one. */
    boot: z.string(),
    port: z.int(),
    /** Whose it is: several bots with databases of their own may share a folder. */
    instance: z.string().optional(),
    /** When it was started, in milliseconds since the Unix epoch. Missing where an older version wrote the record. */
    createdAt: z.number().optional(),
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
    if (isMissing(error)) return null;
    throw error;
  }
}

/** In one step, so that a crash leaves the old one or the new one. */
export async function writeRecord(folder: string, record: SandboxRecord): Promise<void> {
  const draft = join(folder, `record.json.${process.pid}`);
  await writeFile(draft, JSON.stringify(record), { mode: 0o600 });
  await rename(draft, join(folder, "record.json"));
}

/** Whether it is still the same start of that sandbox, rather than one after a sleep. */
export async function runsOn(folder: string, { createdAt, port }: RunningRecord): Promise<boolean> {
  const now = await readRunning(folder);
  return now?.createdAt === createdAt && now?.port === port;
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
  for (const name of await namesIn(root)) {
    const record = await readRunning(join(root, name));
    if (record) running.set(name, record);
  }
  return running;
}

/** Whatever we have started in any sandbox: everything else that runs inside stands below one of these. */
export async function listStarted(root: string): Promise<ProcessId[]> {
  const launched = [...(await listRunning(root)).values()].flatMap(({ processes }) => processes);
  const execs = await Promise.all((await namesIn(root)).map((name) => readExecs(join(root, name))));
  return [...launched, ...execs.flat().filter(isAlive)];
}

/** A file each, because several programs (the bot, the command line) run commands in one sandbox at the same time. */
export async function writeExec(folder: string, id: ProcessId): Promise<void> {
  // Not its parents: the folder of a sandbox that was destroyed meanwhile must not come back.
  if (!existsSync(join(folder, "execs"))) await mkdir(join(folder, "execs"), { mode: 0o700 }).catch(() => {});
  const draft = join(folder, "execs", `.${id.pid}`);
  await writeFile(draft, JSON.stringify(id), { mode: 0o600 });
  await rename(draft, execFile(folder, id));
}

export const forgetExec = (folder: string, id: ProcessId): Promise<void> => rm(execFile(folder, id), { force: true });

export async function readExecs(folder: string): Promise<ProcessId[]> {
  const names = await orNone(readdir(join(folder, "execs")));
  const files = names.filter((name) => !name.startsWith("."));
  const ids = await Promise.all(files.map((name) => orNone(readExec(join(folder, "execs", name)))));
  return ids.flat();
}

const readExec = async (file: string) => [ProcessId.parse(JSON.parse(await readFile(file, "utf8")))];

const execFile = (folder: string, { pid }: ProcessId) => join(folder, "execs", `${pid}`);

/** Hidden ones are under construction. */
async function namesIn(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith(".")).map(({ name }) => name);
}

/** What is not there, or was removed while we looked, is nothing. */
async function orNone<T>(list: Promise<T[]>): Promise<T[]> {
  try {
    return await list;
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

const isMissing = (error: unknown) => error instanceof Error && "code" in error && error.code === "ENOENT";
