/**
 * Pipes for what a process writes. Those that Node makes are sockets, and a socket cannot be opened by its name: with them
 * `echo >/dev/stderr` fails. For what it reads they are no remedy: a pipe whose writer has gone cannot be opened by name either.
 */
import { execFile } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Pipe {
  /** Our end. */
  read: Socket;
  /** The process's end. */
  write: number;
}

/** Two of them. `folder` holds their names for a moment; nobody else may write there. */
export async function openPipes(folder: string): Promise<[Pipe, Pipe]> {
  const names = await mkdtemp(join(folder, ".pipes-"));
  try {
    const paths = [join(names, "1"), join(names, "2")] as const;
    await promisify(execFile)("mkfifo", ["-m", "600", ...paths]);
    return [openPipe(paths[0]), openPipe(paths[1])];
  } finally {
    await rm(names, { recursive: true });
  }
}

/** To be called once the process has its ends: while we hold them too, what it writes never ends. */
export function handOver(pipes: Pipe[]): void {
  for (const { write } of pipes) closeSync(write);
}

/** A reader opens at once, a writer only when there is a reader. */
function openPipe(path: string): Pipe {
  const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const write = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  return { read: new Socket({ fd: read, readable: true, writable: false }), write };
}
