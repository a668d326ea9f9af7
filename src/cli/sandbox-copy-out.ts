/**
 * Files of a sandbox to this machine. What comes was packed by somebody who may mean no good: it is unpacked in an empty folder, where tar
 * itself refuses what leads out of it, looked through, and only then moved to its place.
 */
import { spawn } from "node:child_process";
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, readlink, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, posix, relative, resolve } from "node:path";
import { PassThrough } from "node:stream";
import type { Copied, Copying } from "./cp.ts";
import { Refused } from "./failure.ts";
import { beginningOf, bytesIn, counting, exitOf, firstLine } from "./sandbox-copy-in.ts";
import { connect } from "./sandbox-streams.ts";

/** A link that is named is followed; links inside a folder are copied as links. */
const PACK = `set -e
real=$(readlink -f -- "$1") && [ -e "$real" ] || { echo "there is no $1" >&2; exit 1; }
[ "$real" != / ] || { echo "the whole file system is too much" >&2; exit 1; }
exec tar -C "$(dirname "$real")" -cf - -- "./$(basename "$real")"`;

export async function copyOut({ sandbox, there, here, signal, passed }: Copying): Promise<Copied> {
  const name = posix.basename(there);
  const to = await targetFor(here, name);
  await mkdir(dirname(to), { recursive: true });
  const draft = await mkdtemp(join(dirname(to), ".threadbox-cp-"));
  try {
    await unpackInto(draft, { sandbox, there, signal, passed });
    const from = join(draft, await onlyEntry(draft));
    const leftOut = await cleanOf(from, from);
    const bytes = await bytesIn(from);
    await moveTo(from, to);
    return { to, bytes, leftOut };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function targetFor(here: string, name: string): Promise<string> {
  const into = here.endsWith("/") || (await stat(here).catch(() => null))?.isDirectory() === true;
  if (into && name === "") throw new Refused("The whole file system cannot be copied.", "Name a folder.");
  return into ? join(resolve(here), name) : resolve(here);
}

async function unpackInto(draft: string, { sandbox, there, signal, passed }: Omit<Copying, "here">): Promise<void> {
  const packing = await sandbox.exec(["sh", "-c", PACK, "sh", there], { cwd: sandbox.workspace });
  const unpacking = spawn("tar", ["-C", draft, "-xf", "-", "--no-same-owner", "--no-same-permissions"], {
    stdio: ["pipe", "ignore", "pipe"],
    signal,
  });
  const ended = exitOf(unpacking);
  const complaint = beginningOf(unpacking.stderr);
  const counted = counting(passed);
  counted.pipe(unpacking.stdin);
  // It refused the archive and ended; its exit code tells, and the rest passes into nothing.
  unpacking.stdin.on("error", () => counted.resume());
  const stderr = new PassThrough();
  const said = beginningOf(stderr);
  const passing = connect(packing, { stdin: null, stdout: counted, stderr });
  const code = await Promise.race([passing, left(signal)]);
  counted.end();
  stderr.end();
  const why = firstLine(await said);
  const refused = await ended;
  if (code !== 0) throw new Refused(`It could not be read there: ${why}`, "Check the path in the sandbox.");
  if (refused !== 0)
    throw new Refused(`What came was refused: ${firstLine(await complaint)}`, "Look at the files in the sandbox.");
}

/** Rejects when somebody presses ctrl-c: what still comes is of no interest then. */
function left(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Refused("Interrupted.", "")), { once: true });
  });
}

async function onlyEntry(draft: string): Promise<string> {
  const [entry, another] = await readdir(draft);
  if (entry !== undefined && another === undefined) return entry;
  throw new Refused("What came was refused: it is not what was asked for.", "Look at the files in the sandbox.");
}

/** Takes out what may do harm here: links that lead out of the copied folder, devices, pipes; and the right to run as somebody else. */
async function cleanOf(path: string, root: string): Promise<string[]> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) {
    const target = await readlink(path);
    if (path !== root && staysBelow(root, dirname(path), target)) return [];
    return leaveOut(path, root, `it is a link to ${JSON.stringify(target)}, outside of what is copied`);
  }
  if (found.isFile()) {
    if (found.mode & 0o7000) await chmod(path, found.mode & 0o777);
    return [];
  }
  if (!found.isDirectory()) return leaveOut(path, root, "it is neither a file nor a folder");
  await chmod(path, (found.mode & 0o777) | 0o700);
  const leftOut: string[] = [];
  for (const entry of await readdir(path)) leftOut.push(...(await cleanOf(join(path, entry), root)));
  return leftOut;
}

/**
 * Upwards only at its beginning: behind another link `..` would lead somewhere else than it looks. And never above the copy, not even to
 * come back by its name: it is about to get another one.
 */
function staysBelow(root: string, folder: string, target: string): boolean {
  const [up = ""] = /^(\.{1,2}(\/+|$))*/.exec(target) ?? [];
  if (isAbsolute(target) || target.slice(up.length).split("/").includes("..")) return false;
  return relative(root, resolve(folder, up)).split("/")[0] !== "..";
}

async function leaveOut(path: string, root: string, why: string): Promise<string[]> {
  if (path === root) throw new Refused(`It was not copied: ${why}.`, "Name a file or a folder.");
  await rm(path);
  return [`${relative(dirname(root), path)}: ${why}`];
}

/** A folder that is there gets what is new in it, as with `cp -r`; links in it are not followed. */
async function moveTo(from: string, to: string): Promise<void> {
  const [ours, theirs] = [await lstat(from), await lstat(to).catch(() => null)];
  if (theirs && ours.isDirectory() !== theirs.isDirectory())
    throw new Refused(
      `${basename(to)} is ${theirs.isDirectory() ? "a folder" : "no folder"} here, and what was copied is not.`,
      "Choose another name, or remove it.",
    );
  if (theirs?.isDirectory()) await cp(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  else await rename(from, to);
}
