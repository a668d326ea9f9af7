/**
 * Machines for the emulated Modal that are as true as this host can make them: process trees under bubblewrap, each with
 * files, processes and a network of its own.
 */
import { rmSync } from "node:fs";
import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeBase } from "./image-base.ts";
import { buildLayer } from "./image-layer.ts";
import { writeStandIns } from "./image-stand-ins.ts";
import type { ImageFiles, MachineHost, MachineSpec } from "./machine.ts";
import { type BubblewrapMachine, startMachine } from "./machine-bubblewrap.ts";
import { canLayOver, copyFolder, filesOf, folderNames, removeFolder } from "./machine-files.ts";
import { PACKAGES, type View } from "./machine-view.ts";

export { available } from "./machine-available.ts";

export interface MachineHostOptions {
  /** Loopback ports of this host that the inside of an `open` machine finds at the same address: its internet. */
  hostPorts?: number[];
  /** Debian packages that do not exist. All others do, without being installed. */
  missingPackages?: string[];
  /** Files are copied for each machine even where the kernel could lay them over the image's. */
  isCopying?: boolean;
  /** Where `npm install -g` inside finds packages. */
  packages?: string;
}

export interface BubblewrapHost extends MachineHost {
  /** One more port, for the machines that run already, too. */
  allow(port: number): Promise<void>;
}

const OUR_PACKAGES = fileURLToPath(new URL("../../../node_modules", import.meta.url));

/** Call `available` first: elsewhere than under root on a Linux with bubblewrap there are none. */
export async function machineHost(options: MachineHostOptions = {}): Promise<BubblewrapHost> {
  const ground = await makeGround(options);
  const ports = new Set(options.hostPorts);
  const machines = new Set<BubblewrapMachine>();
  const closing = new AbortController();
  const underWay = new Set<Promise<unknown>>();
  let base: Promise<ImageFiles> | undefined;
  return {
    base() {
      base ??= makeBase(ground.newFolder("base"));
      return base;
    },
    layer(from, lines, log) {
      const { readOnly, standIns } = ground;
      const build = (async () => {
        closing.signal.throwIfAborted();
        const folder = ground.newFolder("image");
        await copyFolder(from.folder, folder);
        const image = { ...from, folder };
        const result = await buildLayer({
          image,
          lines,
          log,
          readOnly: [...readOnly, ...standIns],
          signal: closing.signal,
        });
        if (result.is === "failed") await removeFolder(folder);
        return result;
      })();
      return tracked(build, underWay);
    },
    async start(spec) {
      closing.signal.throwIfAborted();
      const started = startIn(ground, spec).then((machine) => {
        machines.add(machine);
        machine.ended.then(() => machines.delete(machine));
        return machine;
      });
      const machine = await tracked(started, underWay);
      if (closing.signal.aborted) await machine.kill();
      if (spec.network === "open") await Promise.all([...ports].map((port) => allowIn(machine, port)));
      return machine;
    },
    async allow(port) {
      if (ports.has(port)) return;
      ports.add(port);
      const open = [...machines].filter(({ spec }) => spec.network === "open");
      await Promise.all(open.map((machine) => allowIn(machine, port)));
    },
    async close() {
      closing.abort();
      await Promise.allSettled(underWay);
      await Promise.all([...machines].map((machine) => machine.kill()));
      await ground.remove();
    },
  };
}

/** The folders of all images and machines, and what every machine is shown. */
interface Ground {
  readOnly: View["readOnly"];
  standIns: View["readOnly"];
  newFolder(kind: string): string;
  canLayOver: boolean;
  volumeFolder(id: string): Promise<string>;
  remove(): Promise<void>;
}

async function makeGround(options: MachineHostOptions): Promise<Ground> {
  const { missingPackages = [], packages = OUR_PACKAGES, isCopying = false } = options;
  const root = await mkdtemp(join(tmpdir(), "threadbox-modal-"));
  // Tests that fail do not always close what they opened.
  const removeAtExit = () => {
    try {
      rmSync(root, { recursive: true, force: true });
    } catch {
      // a machine that is only about to die has written once more; how the tests ended matters more
    }
  };
  process.once("exit", removeAtExit);
  return {
    readOnly: [
      { from: process.execPath, to: "/usr/local/bin/node" },
      { from: packages, to: PACKAGES },
    ],
    standIns: await writeStandIns(join(root, "stand-ins"), missingPackages),
    newFolder: folderNames(root),
    canLayOver: !isCopying && (await canLayOver(join(root, "trial"))),
    async volumeFolder(id) {
      if (!/^[\w-]+$/.test(id)) throw new Error(`${id} is no name of a volume`);
      const folder = join(root, "volumes", id);
      await mkdir(folder, { recursive: true });
      return folder;
    },
    async remove() {
      await removeFolder(root);
      process.off("exit", removeAtExit);
    },
  };
}

async function startIn(ground: Ground, spec: MachineSpec): Promise<BubblewrapMachine> {
  const place = ground.newFolder("machine");
  const volumes = await Promise.all(spec.volumes.map(async ({ id }) => [id, await ground.volumeFolder(id)] as const));
  const files = await filesOf(spec.image.folder, place, ground.canLayOver);
  const snapshotFolder = () => ground.newFolder("snapshot");
  try {
    const machine = await startMachine(spec, {
      files,
      readOnly: ground.readOnly,
      volumes: new Map(volumes),
      snapshotFolder,
    });
    // What is left of it goes with the host's folder, if not before.
    machine.ended.then(() => removeFolder(place)).catch(() => {});
    return machine;
  } catch (error) {
    await removeFolder(place);
    throw error;
  }
}

/** A machine that has ended meanwhile has no network to open; one that runs and cannot have its ports is of no use. */
async function allowIn(machine: BubblewrapMachine, port: number): Promise<void> {
  try {
    await machine.network.allow(port);
  } catch (error) {
    await machine.kill();
    if (error instanceof Error && "code" in error) throw error;
  }
}

async function tracked<Result>(work: Promise<Result>, all: Set<Promise<unknown>>): Promise<Result> {
  all.add(work);
  try {
    return await work;
  } finally {
    all.delete(work);
  }
}
