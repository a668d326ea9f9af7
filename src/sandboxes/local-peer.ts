/**
 * Whether a connection to a port of ours comes out of a local sandbox. Sandboxes share the machine's network, so an agent
 * can open the bot's own page like anybody on this machine; but its processes stand below those that we have started, and
 * the kernel tells which process holds the other end of a connection.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { parentOf } from "./local-process.ts";
import { listStarted } from "./local-record.ts";

export interface Connection {
  /** The other side's port, and ours. */
  remotePort: number;
  localPort: number;
}

/**
 * False only when somebody outside of all sandboxes is found to hold the other end: an agent can fork and hang up faster than
 * we look, but it cannot make a process of somebody else's hold its connection.
 */
export async function isFromSandbox(home: string, connection: Connection): Promise<boolean> {
  if (process.platform !== "linux") return false;
  const started = new Set((await listStarted(join(home, "sandboxes")).catch(() => [])).map(({ pid }) => pid));
  if (started.size === 0) return false;
  const socket = socketOf(connection);
  if (socket === null) return true;
  // Sandboxes run under our own user. Of others' processes we may not see what they hold, and need not.
  if (socket.uid !== process.getuid?.()) return false;
  return !processes().some((pid) => holds(pid, socket.inode) && !isBelow(pid, started));
}

/** The other side's socket in the kernel's tables; null when it is closed or gone. */
function socketOf({ remotePort, localPort }: Connection): { uid: number; inode: string } | null {
  const port = (hex: string | undefined): number => Number.parseInt(hex?.split(":")[1] ?? "", 16);
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of readFileSync(table, "utf8").split("\n").slice(1)) {
      // sl local remote state queues timer retransmits uid timeout inode ... (proc_net_tcp.txt of the kernel)
      const [, local, remote, , , , , uid, , inode] = line.trim().split(/\s+/);
      if (port(local) !== remotePort || port(remote) !== localPort) continue;
      return inode && inode !== "0" ? { uid: Number(uid), inode } : null;
    }
  }
  return null;
}

const processes = (): number[] => readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));

function holds(pid: number, inode: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`);
  } catch {
    return false; // it ended in this moment, and its sockets with it
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // a file that was closed while we looked
  }
}

/** Orphans in a sandbox are adopted by its own init, so the way up always leads through what we have started. */
function isBelow(pid: number, started: Set<number>): boolean {
  for (let at: number | null = pid; at !== null && at > 0; at = parentOf(at)) if (started.has(at)) return true;
  return false;
}
