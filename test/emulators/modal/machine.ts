/**
 * What the emulated Modal asks of the machines behind it. `machine-host.ts` has the true ones: process trees under bubblewrap
 * with a network of their own. The wire side (control plane, command router) knows only this.
 */
import type { Duplex, Readable, Writable } from "node:stream";

/** The files of an image or a snapshot, and what its Dockerfile said beside them. */
export interface ImageFiles {
  /** The root folder as the sandbox sees it, without the parts that come from the host. */
  folder: string;
  env: Record<string, string>;
  workdir: string;
}

export type LayerResult = { is: "built"; image: ImageFiles } | { is: "failed"; exitcode: number; exception: string };

export interface MachineHost {
  /** `FROM tag`: a Debian with Node, git and the usual tools, root's home, and nothing of ours. */
  base(tag: string): Promise<ImageFiles>;
  /** The Dockerfile lines of one layer (RUN, ENV, WORKDIR, USER) on top of another image. RUN lines are really run, but for those that would need the internet. */
  layer(from: ImageFiles, lines: string[], log: (text: string) => void): Promise<LayerResult>;
  start(spec: MachineSpec): Promise<Machine>;
  /** Ends every machine and removes every folder. */
  close(): Promise<void>;
}

export interface MachineSpec {
  id: string;
  image: ImageFiles;
  /** What runs as long as the machine; it is not its process 1. */
  entrypoint: string[];
  env: Record<string, string>;
  workdir: string;
  /** Mount path -> volume: as on Modal, a link at that path into a folder that belongs to root. */
  volumes: { id: string; path: string; readOnly: boolean }[];
  /** `open` reaches the loopback ports of the host that the emulator was told to let through; `blocked` nothing. */
  network: "open" | "blocked";
}

export interface Machine {
  readonly entrypoint: ExecProcess;
  exec(spec: ExecSpec): ExecProcess;
  /** A TCP connection to a port inside; rejects when nobody listens there. */
  connect(port: number): Promise<Duplex>;
  /** A copy of its files as they are now. */
  snapshot(): Promise<ImageFiles>;
  /** Ends every process of it at once. */
  kill(): Promise<void>;
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
}

export interface ExecSpec {
  argv: string[];
  env: Record<string, string>;
  cwd: string;
  terminal: { rows: number; columns: number } | null;
}

export interface ExecProcess {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  exit: Promise<{ code: number } | { signal: number }>;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}
