/**
 * The daemon as one file that any Node from 22 on runs from an empty folder: what `boot.ts` puts into a sandbox.
 * Built when it is first needed (about a quarter of a second), so that the bot itself needs no build step, and kept for the next bot.
 */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { build, stop, version } from "esbuild";
import { kept, type Made } from "./kept.ts";

export interface DaemonBundle {
  bytes: Uint8Array;
  /** Hex digest of the bytes: tells whether a sandbox has this very daemon already. */
  sha256: string;
}

const ENTRY = join(import.meta.dirname, "../daemon/main.ts");
const DEFAULT_OUTPUT = join(import.meta.dirname, "../../dist/daemon.mjs");

let built: Promise<DaemonBundle> | null = null;

/** The bundle, built once per process. */
export function daemonBundle(): Promise<DaemonBundle> {
  built ??= bundle().catch((error: unknown) => {
    built = null;
    throw error;
  });
  return built;
}

export async function writeDaemonBundle(path = DEFAULT_OUTPUT): Promise<DaemonBundle> {
  const result = await daemonBundle();
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, result.bytes);
  return result;
}

async function bundle(): Promise<DaemonBundle> {
  const text = await kept(KEPT, JSON.stringify([version, OPTIONS]), make);
  const bytes = new TextEncoder().encode(text);
  return { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}

const ROOT = join(import.meta.dirname, "../..");
/** Where tools keep such things; whoever installs the packages owns it, as he owns the sources. */
const KEPT = join(ROOT, "node_modules/.cache/threadbox/daemon");

const OPTIONS = {
  bundle: true,
  platform: "node",
  format: "esm",
  // The oldest Node that has SQLite without a flag; Deno runs the same file.
  target: "node22.13",
  // Names are kept: the daemon's log is read by people. Only the white space goes, which is a third of it.
  minifyWhitespace: true,
  legalComments: "none",
  logLevel: "silent",
} as const;

async function make(): Promise<Made> {
  const made = await build({ ...OPTIONS, entryPoints: [ENTRY], absWorkingDir: ROOT, write: false, metafile: true });
  // esbuild's own process would stay beside the bot for its whole life.
  await stop();
  const [file] = made.outputFiles;
  if (!file) throw new Error("esbuild made no file for the daemon.");
  return { text: file.text, of: Object.keys(made.metafile.inputs).map((path) => join(ROOT, path)) };
}

if (import.meta.main) {
  const path = process.argv[2] ?? DEFAULT_OUTPUT;
  const { bytes, sha256 } = await writeDaemonBundle(path);
  process.stdout.write(`${path} ${bytes.length} bytes sha256:${sha256}\n`);
}
