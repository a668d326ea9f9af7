/**
 * Sandboxes on this machine: a folder and a process each, behind bubblewrap's walls where that works. The processes outlive
 * the bot; a record beside them says how to find them again.
 *
 *   <home>/sandboxes/<name>/  record.json  workspace/  state/  home/  tmp/
 *
 * Asleep means: no process, the folder kept. Its token is its name, so waking from another one's token copies that folder.
 */
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { ThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import { copyFolder, removeFolder } from "./local-folder.ts";
import { type Ground, prepareGround, wallsWarning } from "./local-ground.ts";
import { makeFolders } from "./local-inside.ts";
import { bootId, endTree } from "./local-process.ts";
import { listRunning, type RunningRecord, readRecord, readRunning, writeRecord } from "./local-record.ts";
import { localSandbox } from "./local-sandbox.ts";
import type { Sandbox, SandboxProvider } from "./provider.ts";

export interface LocalOptions {
  /** THREADBOX_HOME, absolute. */
  home: string;
  log: Log;
  /** `off` runs everything without walls, as happens by itself where bubblewrap does not work. */
  bubblewrap?: "auto" | "off";
}

/** The daemon ends its turn and the agent's processes in this time; what is left then is killed. */
const END_WITHIN_MS = 10_000;

/** Finds out at the first call what this machine can do; `warning` tells when that is less than it should. */
export function localProvider({ home, log, bubblewrap = "auto" }: LocalOptions): SandboxProvider {
  let ground: Promise<Ground> | null = null;
  const prepared = () => {
    ground ??= prepareGround(home, bubblewrap);
    return ground;
  };
  const inTurn = turnsByName();
  const givenPorts = new Set<number>();

  return {
    kind: "local",
    start: (name, from) =>
      inTurn(name, async () => {
        const started = await start(await prepared(), { name, from, givenPorts });
        log.info({ sandbox: name, url: started.url }, "sandbox.started");
        return started;
      }),
    async find(name) {
      const folder = folderOf(await prepared(), name);
      const running = await readRunning(folder);
      return running && localSandbox(name, folder, running, await prepared());
    },
    sleep: (name) =>
      inTurn(name, async () => {
        const folder = folderOf(await prepared(), name);
        if (!(await readRecord(folder))) throw new ThreadboxError("sandbox.lost", `There is no sandbox ${name}`);
        await endProcesses(folder);
        await writeRecord(folder, { is: "asleep" });
        log.info({ sandbox: name }, "sandbox.asleep");
        return name;
      }),
    destroy: (name) =>
      inTurn(name, async () => {
        const folder = folderOf(await prepared(), name);
        if (!existsSync(folder)) return;
        await endProcesses(folder);
        await removeFolder(folder);
        log.info({ sandbox: name }, "sandbox.destroyed");
      }),
    list: async () => [...(await listRunning((await prepared()).root)).keys()].sort(),
    warning: async () => wallsWarning(await prepared()),
  };
}

interface Start {
  name: string;
  from: string | null;
  /** Those of sandboxes that are just being started look free until they listen. */
  givenPorts: Set<number>;
}

async function start(ground: Ground, { name, from, givenPorts }: Start): Promise<Sandbox> {
  const folder = folderOf(ground, name);
  const running = await readRunning(folder);
  if (running) return localSandbox(name, folder, running, ground);
  // Files that a crash of the machine left under this name are gone on with, token or not: nobody wants them lost.
  if (from !== null && !existsSync(folder)) {
    const source = folderOf(ground, from);
    if (!(await readRecord(source))) throw new ThreadboxError("sandbox.lost", `The files of ${from} are gone`);
    await copyFolder(source, folder);
  }
  await makeFolders(folder);
  const others = [...(await listRunning(ground.root)).values()].map((other) => other.port);
  const port = await freePort([...others, ...givenPorts]);
  givenPorts.add(port);
  const walled = ground.walls.is === "working";
  const record: RunningRecord = { is: "running", boot: bootId(), port, walled, processes: [] };
  await writeRecord(folder, record);
  return localSandbox(name, folder, record, ground);
}

function folderOf({ root }: Ground, name: string): string {
  // Names become folders, so none may lead out of ours.
  if (/^[a-zA-Z0-9][\w.-]{0,120}$/.test(name)) return join(root, name);
  throw new ThreadboxError("internal", `This cannot be the name of a sandbox: ${name}`);
}

/** Calls for the same name wait for each other, or two starts at once would make two machines. */
function turnsByName() {
  const last = new Map<string, Promise<unknown>>();
  return async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const mine = (last.get(name) ?? Promise.resolve()).then(work, work);
    last.set(name, mine);
    try {
      return await mine;
    } finally {
      if (last.get(name) === mine) last.delete(name);
    }
  };
}

async function endProcesses(folder: string): Promise<void> {
  const running = await readRunning(folder);
  // Behind walls the recorded process is the first of its own process namespace: everything inside dies with it.
  const ask = running?.walled ? "its-children" : "itself";
  await Promise.all((running?.processes ?? []).map((id) => endTree(id, ask, END_WITHIN_MS)));
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
