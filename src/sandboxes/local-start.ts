/** Gives a name its folder, its files and its port: all that a local sandbox is before something runs in it. */
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { ThreadboxError } from "../errors.ts";
import { copyStill, folderOf, sourceOf } from "./local-files.ts";
import type { Ground } from "./local-ground.ts";
import { makeFolders } from "./local-inside.ts";
import { bootId } from "./local-process.ts";
import { listRunning, type RunningRecord, readRunning, writeRecord } from "./local-record.ts";
import type { WakeToken } from "./provider.ts";

interface Starting {
  name: string;
  from: WakeToken | null;
  instance: string | undefined;
  /** Those of sandboxes that are just being started look free until they listen. */
  givenPorts: Set<number>;
}

/** The record of the one that runs already, or of the new one. */
export async function startFolder(
  ground: Ground,
  { name, from, instance, givenPorts }: Starting,
): Promise<RunningRecord> {
  const folder = folderOf(ground, name);
  const running = await readRunning(folder);
  if (running) return running;
  // Files that a crash of the machine left under this name are gone on with, token or not: nobody wants them lost.
  if (from !== null && !existsSync(folder)) await copyFrom(ground, from, folder);
  await makeFolders(folder);
  const others = [...(await listRunning(ground.root)).values()].map((other) => other.port);
  const port = await freePort([...others, ...givenPorts]);
  givenPorts.add(port);
  const walled = ground.walls.is === "working";
  const record: RunningRecord = {
    is: "running",
    boot: bootId(),
    port,
    walled,
    createdAt: Date.now(),
    ...(instance === undefined ? {} : { instance }),
    processes: [],
  };
  await writeRecord(folder, record);
  return record;
}

async function copyFrom(ground: Ground, from: WakeToken, folder: string): Promise<void> {
  const source = await sourceOf(ground, from);
  if (!source) throw new ThreadboxError("sandbox.lost", `The files of ${from} are gone`);
  try {
    await copyStill(source, folder);
  } catch (cause) {
    throw new ThreadboxError("sandbox.unavailable", `The files of ${from} could not be copied`, { cause });
  }
}

async function freePort(taken: number[]): Promise<number> {
  for (;;) {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    const address = server.address();
    await new Promise((resolve) => server.close(resolve));
    if (typeof address === "object" && address && !taken.includes(address.port)) return address.port;
  }
}
