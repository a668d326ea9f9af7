/** Whether this host can run emulated machines. Containers and some distributions forbid what they need. */
import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { SYSTEM_PATH } from "../../../src/sandboxes/bubblewrap.ts";

const PROGRAMS = ["bwrap", "nsenter", "setpriv", "setsid", "script", "runuser"];

/** Null when it can, else the reason why not. */
export async function available(): Promise<string | null> {
  if (process.platform !== "linux") return "emulated machines exist on Linux only";
  // Another user's files and processes inside, as an image with a user of its own has them, need root outside.
  if (process.getuid?.() !== 0) return "emulated machines need root";
  try {
    const [bubblewrap] = PROGRAMS.map(findProgram);
    const walls = ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net", "--dev-bind", "/", "/"];
    await promisify(execFile)(bubblewrap ?? "", [...walls, "--proc", "/proc", "--", "/usr/bin/true"], {
      timeout: 120_000,
    });
    return null;
  } catch (error) {
    return `emulated machines do not work here: ${error instanceof Error ? error.message : error}`;
  }
}

/** In the system's folders, whatever the PATH of the tests is. */
export function findProgram(name: string): string {
  const paths = SYSTEM_PATH.split(":").map((folder) => join(folder, name));
  const found = paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!found) throw new Error(`${name} is not installed`);
  return found;
}
