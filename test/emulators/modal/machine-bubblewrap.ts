/** One machine: its processes, its network and its files together. */

import type { Socket } from "node:net";
import { posix } from "node:path";
import { quoted } from "../../../src/sandboxes/shell.ts";
import type { ExecProcess, ImageFiles, Machine, MachineSpec } from "./machine.ts";
import { copyLivingFolder, type MachineFiles, unlinkVolumes } from "./machine-files.ts";
import { type MachineNetwork, machineNetwork } from "./machine-network.ts";
import { enter } from "./machine-process.ts";
import { startProcesses } from "./machine-start.ts";
import { type View, VOLUMES } from "./machine-view.ts";

export interface BubblewrapMachine extends Machine {
  readonly spec: MachineSpec;
  readonly network: MachineNetwork;
}

export interface Place {
  files: MachineFiles;
  /** Shown inside beside the system. */
  readOnly: View["readOnly"];
  /** Where each of its volumes lies on this host. */
  volumes: Map<string, string>;
  /** A new folder for a snapshot. */
  snapshotFolder(): string;
}

export async function startMachine(spec: MachineSpec, place: Place): Promise<BubblewrapMachine> {
  const env = { HOME: "/root", ...spec.image.env, ...spec.env };
  const cwd = spec.workdir || spec.image.workdir || "/";
  const processes = await startProcesses(
    { ...viewOf(spec, place), cwd, env },
    {
      prefix: place.files.prefix,
      argv: spec.entrypoint,
      before: spec.volumes.map(linkLine).join("\n"),
    },
  );
  const network = machineNetwork(processes.init);
  let isOver = false;
  const ended = processes.ended.then(() => {
    isOver = true;
    network.close();
  });
  const living = () => {
    if (isOver) throw new Error(`machine ${spec.id} has ended`);
  };
  return {
    ...{ spec, network, ended, entrypoint: processes.entrypoint },
    exec(wanted): ExecProcess {
      living();
      return enter(processes.init, { ...wanted, env: { ...env, ...wanted.env }, cwd: wanted.cwd || cwd });
    },
    async connect(port): Promise<Socket> {
      living();
      return network.connect(port);
    },
    async snapshot(): Promise<ImageFiles> {
      living();
      const copy = place.snapshotFolder();
      await copyLivingFolder(place.files.seenBy(processes.outside), copy);
      await unlinkVolumes(
        copy,
        spec.volumes.map(({ path }) => path),
      );
      return { ...spec.image, folder: copy };
    },
    async kill() {
      processes.kill();
      await ended;
    },
  };
}

function viewOf(spec: MachineSpec, { files, readOnly, volumes: lies }: Place): Omit<View, "cwd" | "env"> {
  const volumes = spec.volumes.map(({ id, readOnly }) => ({
    readOnly,
    from: lies.get(id) ?? "",
    to: `${VOLUMES}/${id}`,
  }));
  return {
    folder: files.folder,
    readOnly: [...readOnly, ...volumes.filter(({ readOnly }) => readOnly)],
    writable: volumes.filter(({ readOnly }) => !readOnly),
  };
}

/** An empty folder that the image has there gives way; one with files in it stops the start. */
function linkLine({ id, path }: { id: string; path: string }): string {
  const at = quoted(path);
  return [
    `mkdir -p -- ${quoted(posix.dirname(path))}`,
    `if [ -d ${at} ] && [ ! -L ${at} ]; then rmdir -- ${at}; fi`,
    `ln -sfn -- ${VOLUMES}/${id} ${at}`,
  ].join("\n");
}
