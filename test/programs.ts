/**
 * The two programs that tests start hundreds of times, the command line and the bot that dies, put together into few files: Node
 * reads thirteen hundred for a bot, and takes two thirds of a second of processor time before it does anything. `npm test` makes
 * them once, of the sources as they stand; a file that is run by itself starts the sources, and so do tests that say so.
 */
import { readFileSync } from "node:fs";
import { chmod, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Plugin, stop } from "esbuild";

const ROOT = resolve(import.meta.dirname, "..");
const PROGRAMS = ["src/cli/main.ts", "test/chaos/bot-process.ts"] as const;
type Program = (typeof PROGRAMS)[number];

/** Inherited by the processes of the test files: where the programs are. */
const VARIABLE = "THREADBOX_TEST_PROGRAMS";

/** What `node` is given to start it. */
export const programFile = (program: Program): string => {
  const made = process.env[VARIABLE];
  return made ? join(made, `${basename(program, ".ts")}.mjs`) : sourceFile(program);
};

export const sourceFile = (program: Program): string => join(ROOT, program);

/** Where Node keeps what it compiled of them and of the sources: hundreds of processes start, and each would do it anew. */
export const compiledFolder = (): string => join(process.env[VARIABLE] ?? tmpdir(), "threadbox-test-compiled");

/** Until they are removed, `programFile` names them in this process and in those that it starts. */
export async function makePrograms(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "threadbox-programs-"));
  // Packages that stay as they are (esbuild, those that are only asked where they lie) are found as from the checkout.
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  await build({
    absWorkingDir: ROOT,
    entryPoints: [...PROGRAMS],
    entryNames: "[name]",
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    // What a command loads only when it needs it stays apart.
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    // Its own program beside it; two that few need, with a thousand files; one that is not installed.
    external: ["esbuild", "modal", "@copilotkit/aimock", "pg-native"],
    // Packages that are no ECMAScript modules ask for Node's own with it.
    banner: {
      js: 'import { createRequire as requireFor } from "node:module"; const require = requireFor(import.meta.url);',
    },
    define: { "import.meta.main": "false" },
    plugins: [whereTheyStood],
    logLevel: "silent",
  });
  await stop();
  // Some children are other users.
  await chmod(folder, 0o755);
  process.env[VARIABLE] = folder;
}

export async function removePrograms(): Promise<void> {
  const folder = process.env[VARIABLE];
  delete process.env[VARIABLE];
  if (folder) await rm(folder, { recursive: true, force: true });
}

/** Our sources find the files beside them (migrations, pages, the daemon) from where they stand, not from where they were put. */
const whereTheyStood: Plugin = {
  name: "where-they-stood",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      loader: "ts",
      contents: readFileSync(path, "utf8")
        .replaceAll("import.meta.dirname", JSON.stringify(dirname(path)))
        .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)),
    }));
  },
};
