/** Which programs a local sandbox finds, and what they say of themselves: asked inside, as only there the walls and the PATH are those of the agent. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { AGENTS_INSIDE, agentsFolder } from "./local-agents.ts";
import { type Ground, prepareGround } from "./local-ground.ts";
import { type Inside, insideOf, makeFolders } from "./local-inside.ts";

export interface FoundProgram {
  /** On this machine. */
  path: string;
  /** As it answers to `--version`; null when it does not, or not in time. */
  version: string | null;
}

/** Null for each that is not there. `bubblewrap` as for the provider. */
export async function findPrograms(
  { home, bubblewrap = "auto" }: { home: string; bubblewrap?: "auto" | "off" },
  programs: string[],
): Promise<(FoundProgram | null)[]> {
  const ground = await prepareGround(home, bubblewrap);
  const probe = await mkdtemp(join(ground.root, ".probe-"));
  try {
    await makeFolders(probe);
    const inside = insideOf(probe, ground.tools, ground.home, ground.walls);
    return await Promise.all(programs.map((program) => find(ground, inside, program)));
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}

/** The first line of what it prints is where it was found. */
const LOOK = 'path=$(command -v "$1") || exit 127; echo "$path"; exec "$1" --version </dev/null';

/** Under load opencode takes ten seconds; one that reads its input instead of answering gets none, and ends or is ended. */
const ANSWERS_WITHIN_MS = 30_000;

async function find(ground: Ground, inside: Inside, program: string): Promise<FoundProgram | null> {
  const [command = "", ...args] = inside.wrap(["/bin/sh", "-c", LOOK, "sh", program]);
  const env = { ...inside.env, PI_OFFLINE: "1" };
  const options = { cwd: inside.cwd, env, timeout: ANSWERS_WITHIN_MS, killSignal: "SIGKILL" } as const;
  const said = await promisify(execFile)(command, args, options).catch((thrown: unknown) => Said.parse(thrown));
  const [path = "", ...rest] = said.stdout.trimEnd().split("\n");
  if (path === "") return null;
  const answer = [...rest, said.stderr].join("\n");
  return { path: outside(ground, path), version: /\d+\.\d+\.\d+(?:-[\dA-Za-z.-]+)?/.exec(answer)?.[0] ?? null };
}

/** Also what a program that failed has said. */
const Said = z.object({ stdout: z.string().catch(""), stderr: z.string().catch("") });

function outside({ home, tools, walls }: Ground, path: string): string {
  if (walls.is === "missing") return path;
  if (path.startsWith(`${AGENTS_INSIDE}/`)) return join(agentsFolder(home), path.slice(AGENTS_INSIDE.length));
  return path === "/threadbox/bin/pi" ? join(tools.nodeModules, ".bin", "pi") : path;
}

const Manifest = z.object({ dependencies: z.record(z.string(), z.string()).default({}) });

/** What `installAgent` has installed: versions by name of the package. */
export async function installedPackages(home: string): Promise<Record<string, string>> {
  const text = await readFile(join(agentsFolder(home), "package.json"), "utf8").catch(() => "{}");
  return Manifest.parse(JSON.parse(text)).dependencies;
}
