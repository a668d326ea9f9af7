/** Files of this machine into a sandbox: packed here by tar, unpacked there by tar. */
import { spawn } from "node:child_process";
import { lstat, readdir, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { PassThrough, type Readable, Transform } from "node:stream";
import { noteText } from "../surfaces/terminal-render.ts";
import type { Copied, Copying } from "./cp.ts";
import { Refused } from "./failure.ts";
import { connect } from "./sandbox-streams.ts";

/**
 * Unpacked beside its place and moved there when it is complete. Into a folder that is there; else under this very name. A folder
 * of that name gets what is new in it, as with `cp -r`.
 */
const UNPACK = `set -e
to=$1 packed=$2 name=$3
case $to in */) mkdir -p "$to" ;; esac
if [ -d "$to" ]; then to=\${to%/}/$name; fi
mkdir -p "$(dirname "$to")"
draft=$(mktemp -d "$(dirname "$to")/.threadbox-cp-XXXXXX")
trap 'rm -rf "$draft"' EXIT
tar -C "$draft" -xf - --no-same-owner
if [ -d "$to" ] && [ -d "$draft/$packed" ]; then cp -a "$draft/$packed/." "$to/"; else mv -f "$draft/$packed" "$to"; fi
printf %s "$to"`;

export async function copyIn({ sandbox, here, there, signal, passed }: Copying): Promise<Copied> {
  // A link that is named is followed; links inside a folder are copied as links.
  const real = await realpath(here).catch(() => {
    throw new Refused(`There is no ${here} here.`, "Check the path.");
  });
  const [packed, name] = [basename(real), basename(resolve(here))];
  if (packed === "" || name === "") throw new Refused("The whole file system cannot be copied.", "Name a folder.");
  const unpacking = await sandbox.exec(["sh", "-c", UNPACK, "sh", there, packed, name], { cwd: sandbox.workspace });
  const packing = spawn("tar", ["-C", dirname(real), "-cf", "-", "--", `./${packed}`], {
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  const counted = counting(passed);
  // In this same moment: Node drops what a process has written that ends before anybody reads it.
  packing.stdout.pipe(counted);
  const [ended, complaint] = [exitOf(packing), beginningOf(packing.stderr)];
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const said = Promise.all([beginningOf(stdout), beginningOf(stderr)]);
  const code = await connect(unpacking, { stdin: counted, stdout, stderr });
  stdout.end();
  stderr.end();
  const [to, why] = await said;
  if (code !== 0)
    throw new Refused(`It could not be written there: ${firstLine(why)}`, "Check the path in the sandbox.");
  if ((await ended) !== 0)
    throw new Refused(`Not everything could be read: ${firstLine(await complaint)}`, "Check the files.");
  // Other processes of the agent can write to where this one writes.
  return { to: firstLine(to), bytes: await bytesIn(real), leftOut: [] };
}

/** Passes everything through, and tells how much that was. */
export function counting(passed: (bytes: number) => void): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      passed(bytes);
      done(null, chunk);
    },
  });
}

/** Of all files in it, as they would be counted by hand: an archive has more. */
export async function bytesIn(path: string): Promise<number> {
  const found = await lstat(path);
  if (!found.isDirectory()) return found.isFile() ? found.size : 0;
  let bytes = 0;
  for (const entry of await readdir(path)) bytes += await bytesIn(join(path, entry));
  return bytes;
}

/** Null when a signal ended it. Rejects where there is no such program. */
export function exitOf(child: ReturnType<typeof spawn>): Promise<number | null> {
  const ended = Promise.withResolvers<number | null>();
  child.once("error", (cause) => {
    ended.reject(new Refused(`The program tar could not be run here: ${cause.message}.`, "Install tar."));
  });
  child.once("close", (code) => ended.resolve(code));
  ended.promise.catch(() => undefined); // met where it is awaited, which may be later
  return ended.promise;
}

/** Far more than a program has to say that fails. */
const MAX_SAID_CHARS = 4_000;

/** The rest passes into nothing, however much it is. */
export async function beginningOf(stream: Readable): Promise<string> {
  let said = "";
  for await (const piece of stream.setEncoding("utf8")) said = (said + piece).slice(0, MAX_SAID_CHARS);
  return said;
}

/** Programs say first what is wrong, and then what follows from it. Without what could steer the terminal. */
export const firstLine = (text: string): string => noteText(text.trim().split("\n")[0] || "it did not say why", false);
