/** `threadbox cp`: files and folders into a sandbox and out of it. */
import { posix } from "node:path";
import type { Command } from "commander";
import { ThreadboxError } from "../errors.ts";
import type { Sandbox } from "../sandboxes/provider.ts";
import { noteText } from "../surfaces/terminal-render.ts";
import { command, run } from "./command.ts";
import { Interrupted, Refused } from "./failure.ts";
import type { Output } from "./output.ts";
import { copyIn } from "./sandbox-copy-in.ts";
import { copyOut } from "./sandbox-copy-out.ts";
import { findSandbox, runningOne } from "./sandbox-find.ts";
import { shortName } from "./sandbox-names.ts";
import { openSandboxes } from "./sandbox-open.ts";
import { size } from "./sandbox-words.ts";
import { onInterrupt } from "./signals.ts";

export function cpCommand(): Command {
  return command({
    name: "cp",
    summary: "Copy files and folders into a sandbox, or out of it. One side is SANDBOX:PATH.",
    examples: [
      ["cp notes.txt calm-otter:", "into the folder of repositories"],
      ["cp ./fixtures calm-otter:api/test", "a folder, to a path below the folder of repositories"],
      ["cp calm-otter:/workspace/api/report.html .", "out of it"],
      ["cp s1a2:api/dist ./dist", "from the sandbox of a session"],
    ],
  })
    .argument("<from>", "a path here, or SANDBOX:PATH")
    .argument("<to>", "a path here, or SANDBOX:PATH; into a folder that is there already, else under this name")
    .action((from: string, to: string, options: { json?: boolean }) => run(options, (output) => cp(from, to, output)));
}

/** One copy under way. */
export interface Copying {
  sandbox: Sandbox;
  /** In the sandbox, absolute. A slash at the end says that it is a folder. */
  there: string;
  here: string;
  signal: AbortSignal;
  /** Bytes that have passed so far. */
  passed(bytes: number): void;
}

export interface Copied {
  /** Where it lies now. */
  to: string;
  bytes: number;
  /** What was not copied, and why. */
  leftOut: string[];
}

async function cp(from: string, to: string, output: Output): Promise<number> {
  const [source, target] = [sideOf(from), sideOf(to)];
  if (Boolean(source.sandbox) === Boolean(target.sandbox))
    throw new Refused(
      source.sandbox ? "Both sides are in a sandbox." : "Neither side is in a sandbox.",
      "One of them is SANDBOX:PATH, the other a path here.",
    );
  const sandbox = await reach(source.sandbox ?? target.sandbox ?? "");
  const left = new AbortController();
  const giveBack = onInterrupt(() => left.abort());
  const counter = createCounter();
  const copying = { sandbox, signal: left.signal, passed: counter.passed };
  try {
    const copied = source.sandbox
      ? await copyOut({ ...copying, there: pathIn(sandbox, source.path), here: target.path })
      : await copyIn({ ...copying, here: source.path, there: pathIn(sandbox, target.path) });
    counter.clear();
    tell(copied, { from, name: target.sandbox ? shortName(sandbox.name) : null }, output);
    return 0;
  } catch (thrown) {
    counter.clear();
    if (left.signal.aborted) throw new Interrupted("Interrupted.", "Run it again to copy all of it.");
    throw refusalOf(thrown);
  } finally {
    giveBack();
  }
}

/** What this machine's file system says, in its own words. */
function refusalOf(thrown: unknown): unknown {
  const isOurs = thrown instanceof Refused || thrown instanceof ThreadboxError;
  if (isOurs || !(thrown instanceof Error && "code" in thrown)) return thrown;
  return new Refused(`It could not be copied: ${thrown.message}`, "Check the paths, and what you may do there.");
}

/** `name:path`; a path that has a colon further behind, or begins with ./, is one here. */
function sideOf(text: string): { sandbox: string | null; path: string } {
  const [, sandbox, path] = /^([a-z0-9-]+):(.*)$/is.exec(text) ?? [];
  return sandbox ? { sandbox, path: path ?? "" } : { sandbox: null, path: text };
}

async function reach(wanted: string): Promise<Sandbox> {
  const sandboxes = await openSandboxes();
  return findSandbox(sandboxes, wanted)
    .then((found) => runningOne(sandboxes, found))
    .finally(sandboxes.close);
}

/** From the folder of repositories, as commands run. */
function pathIn({ workspace }: Sandbox, path: string): string {
  const full = posix.resolve(workspace, path);
  return (path === "" || path.endsWith("/")) && full !== "/" ? `${full}/` : full;
}

function tell({ to, bytes, leftOut }: Copied, { from, name }: { from: string; name: string | null }, output: Output) {
  const where = name ? `${name}:${to}` : to;
  for (const one of leftOut.slice(0, TOLD)) output.warn(noteText(`Left out: ${one.replaceAll(/\s+/g, " ")}`, false));
  if (leftOut.length > TOLD) output.warn(`Left out: ${leftOut.length - TOLD} more; --json lists them.`);
  output.say(`Copied ${from} to ${where} (${size(bytes)}).`);
  output.result({ ok: true, from, to: where, bytes, leftOut });
}

/** A folder of programs can be links for the most part. */
const TOLD = 5;

/** A line that counts, where somebody looks. */
const SHOW_EVERY_BYTES = 1_000_000;

function createCounter(): { passed(bytes: number): void; clear(): void } {
  const shown = process.stderr.isTTY === true;
  let at = 0;
  return {
    passed(bytes) {
      if (!shown || bytes - at < SHOW_EVERY_BYTES) return;
      at = bytes;
      process.stderr.write(`\r${size(bytes)} `);
    },
    clear() {
      if (at > 0) process.stderr.write("\r\u001b[K");
    },
  };
}
