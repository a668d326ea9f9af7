/**
 * Sandboxes on this machine: a folder and a process each, behind bubblewrap's walls where that works. The processes outlive
 * the bot; a record beside them says how to find them again.
 *
 *   <home>/sandboxes/<name>/  record.json  execs/  workspace/  state/  home/  tmp/
 *   <home>/snapshots/<id>/    workspace/  state/  home/
 *
 * Asleep means: no process, the folder kept. Its token is its name, so waking from another one's token copies that folder; that of
 * a snapshot is `snapshot:<id>`.
 */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { ThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import { destroyFolder, endLeftExecs, putToSleep } from "./local-end.ts";
import { folderOf, forgetSnapshot, isName, takeSnapshot } from "./local-files.ts";
import { type Ground, prepareGround, wallsWarning } from "./local-ground.ts";
import { listRunning, readRecord, readRunning } from "./local-record.ts";
import { localSandbox } from "./local-sandbox.ts";
import { startFolder } from "./local-start.ts";
import type { Listed, SandboxProvider } from "./provider.ts";
import { turnsByName } from "./turns-by-name.ts";

export interface LocalOptions {
  /** THREADBOX_HOME, absolute. */
  home: string;
  log: Log;
  /** Names this bot's database: what another one started is not in the list, and so is ended by nobody here. */
  instance?: string;
  /** `off` runs everything without walls, as happens by itself where bubblewrap does not work. */
  bubblewrap?: "auto" | "off";
}

/** Finds out at the first call what this machine can do; `warning` tells when that is less than it should. */
export function localProvider({ home, log, instance, bubblewrap = "auto" }: LocalOptions): SandboxProvider {
  let ground: Promise<Ground> | null = null;
  const prepared = () => {
    ground ??= prepareGround(home, bubblewrap);
    return ground;
  };
  const inTurn = turnsByName();
  const givenPorts = new Set<number>();

  return {
    kind: "local",
    keepsFilesMs: null,
    askEveryMs: 5_000, // a file and a look at /proc
    start: (name, { from }) =>
      inTurn(name, async () => {
        const folder = folderOf(await prepared(), name);
        await endLeftExecs(folder);
        const running = await startFolder(await prepared(), { name, from, instance, givenPorts });
        const started = localSandbox(name, folder, running, await prepared());
        log.info({ sandbox: name, url: started.url }, "sandbox.made");
        return started;
      }),
    async find(name) {
      const folder = folderOf(await prepared(), name);
      const running = await readRunning(folder);
      return running && localSandbox(name, folder, running, await prepared());
    },
    headers: async () => ({}),
    sleep: (name) =>
      inTurn(name, async () => {
        const slept = await putToSleep(folderOf(await prepared(), name));
        if (!slept) throw new ThreadboxError("sandbox.lost", `There is no sandbox ${name}`);
        log.info({ sandbox: name }, "sandbox.asleep");
        return name;
      }),
    snapshot: (name) =>
      inTurn(name, async () => {
        const token = await takeSnapshot(await prepared(), name);
        log.info({ sandbox: name, token }, "sandbox.snapshot-taken");
        return token;
      }),
    async forget(token) {
      const ground = await prepared();
      if ((await forgetSnapshot(ground, token)) || !isName(token)) return;
      const folder = folderOf(ground, token);
      // The files of one that runs are its own by now, whatever it was woken from.
      await inTurn(token, async () => (await readRecord(folder))?.is === "asleep" && destroyFolder(folder));
    },
    destroy: (name) =>
      inTurn(name, async () => {
        const folder = folderOf(await prepared(), name);
        if (!existsSync(folder)) return;
        await destroyFolder(folder);
        log.info({ sandbox: name }, "sandbox.destroyed");
      }),
    list: async () => listWithTimes(await prepared(), instance),
    warning: async () => wallsWarning(await prepared()),
  };
}

async function listWithTimes({ root }: Ground, instance: string | undefined): Promise<Listed[]> {
  const all = [...(await listRunning(root))];
  const running = all.filter(([, record]) => !instance || !record.instance || record.instance === instance);
  return Promise.all(
    running.map(async ([name, { createdAt }]) => ({
      name,
      createdAt: createdAt ?? (await stat(join(root, name))).birthtimeMs,
    })),
  );
}
