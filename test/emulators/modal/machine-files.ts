/** The files of machines and images: what is copied, and what is laid over something that stays as it is. */
import { execFile } from "node:child_process";
import { mkdir, readlink, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { VOLUMES } from "./machine-view.ts";

const execute = promisify(execFile);

export interface MachineFiles {
  /** The root folder, as bubblewrap finds it. */
  folder: string;
  /** The command before bubblewrap, in whose view alone the folder is filled. */
  prefix: string[];
  /** The root folder as everybody finds it, while the process outside (bubblewrap's) runs. */
  seenBy(bubblewrap: number): string;
}

/**
 * A machine's own files on top of an image. Laid over it where the kernel can: a copy of a few hundred files takes longer
 * than all the rest of a start. Else a copy.
 */
export async function filesOf(image: string, place: string, canLayOver: boolean): Promise<MachineFiles> {
  const folder = join(place, "files");
  if (!canLayOver) {
    await mkdir(place);
    await copyFolder(image, folder);
    return { folder, prefix: [], seenBy: () => folder };
  }
  for (const path of [place, folder, join(place, "changes"), join(place, "work")]) await mkdir(path);
  return { folder, prefix: layOver(image, place), seenBy: (bubblewrap) => `/proc/${bubblewrap}/root${folder}` };
}

/** Mounted in a view of its own, so that the mount goes with the last process that has it. */
function layOver(image: string, place: string): string[] {
  const options = `lowerdir=${image},upperdir=${place}/changes,workdir=${place}/work,redirect_dir=on`;
  const script = `/usr/bin/mount -t overlay overlay -o "$0" "$1" && shift && exec "$@"`;
  return ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", script, options, `${place}/files`];
}

/** Not on top of another overlay, as in many containers. `place` is a folder to try it in. */
export async function canLayOver(place: string): Promise<boolean> {
  // The options of a mount are separated by these.
  if (/[,:\\\s]/.test(place)) return false;
  try {
    await mkdir(place);
    await mkdir(join(place, "image"));
    const { prefix } = await filesOf(join(place, "image"), join(place, "machine"), true);
    const [program = "", ...rest] = prefix;
    await execute(program, [...rest, "/usr/bin/true"]);
    return true;
  } catch {
    return false;
  }
}

/** With owners, times and links; where the file system can, without a copy of the content. */
export async function copyFolder(from: string, to: string): Promise<void> {
  await execute("/usr/bin/cp", ["-a", "--reflink=auto", "--no-target-directory", from, to]);
}

/** How often a folder is copied whose files come and go meanwhile. */
const ATTEMPTS = 3;

/** While processes work on it, a file that goes away between two looks makes `cp` fail; then it is copied once more. */
export async function copyLivingFolder(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await copyFolder(from, to);
    } catch (error) {
      await removeFolder(to);
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

/** Volumes are no part of a snapshot, nor are the links that stand for them. */
export async function unlinkVolumes(folder: string, paths: string[]): Promise<void> {
  for (const path of paths) {
    const at = join(folder, path);
    // Whoever was inside could have made a folder above it a link to anywhere; only our own link is ever removed.
    const to = await readlink(at).catch(() => "");
    if (to.startsWith(`${VOLUMES}/`)) await unlink(at);
  }
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** Folders with numbers for names, in one folder. */
export function folderNames(parent: string): (kind: string) => string {
  let count = 0;
  return (kind) => join(parent, `${kind}-${++count}`);
}
