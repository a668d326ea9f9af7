/**
 * Builds one layer: the Dockerfile lines on a copy of the image below. RUN lines are really run, inside and as root, without
 * a network; `apt-get` and `npm` are stand-ins, which say so in the log.
 */
import { posix } from "node:path";
import { finished } from "node:stream/promises";
import { expand, type Instruction, parseDockerfile } from "./image-dockerfile.ts";
import type { ImageFiles, LayerResult } from "./machine.ts";
import { startProcesses } from "./machine-start.ts";
import { STAND_INS, type View } from "./machine-view.ts";

export interface Build {
  /** Already a copy of the image below: what its folder holds is changed. */
  image: ImageFiles;
  lines: string[];
  log: (text: string) => void;
  /** Shown inside beside the system. */
  readOnly: View["readOnly"];
  signal: AbortSignal;
}

export async function buildLayer(build: Build): Promise<LayerResult> {
  let { image } = build;
  for (const instruction of parseDockerfile(build.lines)) {
    const result = await apply(instruction, { ...build, image });
    if (result.is === "failed") return result;
    image = result.image;
  }
  return { is: "built", image };
}

async function apply(instruction: Instruction, build: Build): Promise<LayerResult> {
  const { image } = build;
  switch (instruction.is) {
    case "run":
      build.log(`${instruction.line.slice(0, SHOWN_LENGTH)}\n`);
      return run(instruction.argv, build);
    case "env": {
      const pairs = instruction.pairs.map(([name, value]) => [name, expand(value, image.env)]);
      return { is: "built", image: { ...image, env: { ...image.env, ...Object.fromEntries(pairs) } } };
    }
    case "workdir": {
      const workdir = posix.resolve(image.workdir, expand(instruction.path, image.env));
      const made = await run(["/bin/mkdir", "-p", workdir], build);
      return made.is === "built" ? { is: "built", image: { ...image, workdir } } : made;
    }
    case "nothing":
      return { is: "built", image };
    case "unknown":
      return { is: "failed", exitcode: 1, exception: `the emulator does not know: ${instruction.line}` };
    default:
      return instruction satisfies never;
  }
}

/** A line may carry a whole program; the log shows how it begins. */
const SHOWN_LENGTH = 300;

async function run(argv: string[], { image, log, readOnly, signal }: Build): Promise<LayerResult> {
  if (signal.aborted) return { is: "failed", exitcode: 137, exception: "the emulator was closed meanwhile" };
  const env = { HOME: "/root", ...image.env, PATH: `${STAND_INS}:${image.env.PATH}` };
  const view = { folder: image.folder, readOnly, writable: [], cwd: image.workdir, env };
  const { entrypoint, ended, kill } = await startProcesses(view, { prefix: [], argv, before: "" });
  signal.addEventListener("abort", kill);
  entrypoint.stdin.end();
  for (const stream of [entrypoint.stdout, entrypoint.stderr]) stream.setEncoding("utf8").on("data", log);
  const exit = await entrypoint.exit;
  await Promise.all([ended, finished(entrypoint.stdout), finished(entrypoint.stderr)]);
  signal.removeEventListener("abort", kill);
  const exitcode = "code" in exit ? exit.code : 128 + exit.signal;
  const exception = `the command ended with exit code ${exitcode}: ${argv.at(-1)?.slice(0, SHOWN_LENGTH)}`;
  return exitcode === 0 ? { is: "built", image } : { is: "failed", exitcode, exception };
}
