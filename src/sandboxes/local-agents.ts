/**
 * Agents that are installed for the sandboxes of this machine: a folder of npm's own, with exact versions and a lockfile, and links to
 * the agents' programs and no others, which stand first on the PATH of every local sandbox.
 *
 *   <home>/agents/  package.json  package-lock.json  node_modules/  bin/
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import type { Installation } from "../agent-packages.ts";
import { ThreadboxError } from "../errors.ts";

/** Below THREADBOX_HOME; `PI_CODING_AGENT_DIR` and the like are elsewhere, in the sandboxes. */
export const agentsFolder = (home: string): string => join(home, "agents");
/** Where sandboxes with walls see it. */
export const AGENTS_INSIDE = "/threadbox/agents";

/** `said` hears what npm says meanwhile. Throws `agent.not-installed` with the end of that. */
export async function installAgent(
  home: string,
  { agent, packages, program, file }: Installation,
  { said, signal }: { said: (line: string) => void; signal: AbortSignal },
): Promise<void> {
  const folder = agentsFolder(home);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const manifest = join(folder, "package.json");
  // Without one npm would take the next one above for its project: the checkout's.
  if (!existsSync(manifest))
    await writeFile(manifest, `${JSON.stringify({ name: "threadbox-agents", private: true })}\n`);
  await npm(folder, packages, { agent, said, signal });
  const installed = file ?? (await fileOf(folder, packages, program));
  if (!installed) throw failed(agent, `None of ${packages.join(", ")} brings a program ${program}.`);
  await link(join(folder, "node_modules", installed), join(folder, "bin"), program);
}

const QUIET = ["--no-audit", "--no-fund", "--no-update-notifier"];
/** Enough to see what npm complains of. */
const LINES_KEPT = 20;

async function npm(
  folder: string,
  packages: string[],
  { agent, said, signal }: { agent: string; said: (line: string) => void; signal: AbortSignal },
): Promise<void> {
  const args = ["install", "--save-exact", "--ignore-scripts", ...QUIET, `--prefix=${folder}`, "--", ...packages];
  const child = spawn("npm", args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"], signal });
  const last: string[] = [];
  const hear = (line: string): void => {
    last.splice(0, last.length - LINES_KEPT + 1);
    last.push(line);
    said(line);
  };
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on("line", hear);
  const [code] = await once(child, "close").catch((cause: unknown) => {
    if (signal.aborted) throw signal.reason;
    throw failed(agent, "npm cannot be started; it comes with Node.", cause);
  });
  if (code !== 0) throw failed(agent, [`npm ended with ${code}:`, ...last].join("\n"));
}

const failed = (agent: string, detail: string, cause?: unknown): ThreadboxError =>
  new ThreadboxError("agent.not-installed", `The agent ${agent} could not be installed. ${detail}`, { cause });

const Manifest = z.object({ bin: z.union([z.string(), z.record(z.string(), z.string())]).optional() });

/** Where the program lies that one of them declares: not everything of `node_modules/.bin`, where a `tsc` or a `node` may be as well. */
async function fileOf(folder: string, packages: string[], program: string): Promise<string | null> {
  for (const wanted of packages) {
    const name = wanted.slice(0, wanted.lastIndexOf("@"));
    const text = await readFile(join(folder, "node_modules", name, "package.json"), "utf8");
    const { bin } = Manifest.parse(JSON.parse(text));
    const file = typeof bin === "string" ? (name.split("/").at(-1) === program ? bin : undefined) : bin?.[program];
    if (file) return join(name, file);
  }
  return null;
}

/** In place of an older one at once: sandboxes look at it meanwhile. Relative, so that it leads to the same place behind walls. */
async function link(file: string, bin: string, program: string): Promise<void> {
  await mkdir(bin, { recursive: true, mode: 0o755 });
  const draft = join(bin, `.${program}-${process.pid}`);
  await rm(draft, { force: true });
  await symlink(relative(bin, file), draft);
  await rename(draft, join(bin, program));
}
