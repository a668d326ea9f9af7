/**
 * Test files that share a process, by what they have in common: loading what they test takes most of them longer than the tests do.
 * Only files that start no process and change nothing of their own (environment, folder, timers) may stand here; each is a suite
 * there, so that its hooks are its own. All others have a process for themselves.
 */
import { globSync } from "node:fs";
import { basename, relative, resolve } from "node:path";
import { describe } from "node:test";

const ROOT = resolve(import.meta.dirname, "..");

interface Group {
  files: string[];
  /** These start processes, or wind the clock of their process. */
  except?: string[];
}

/** By the name of the file in `test/together` that runs them. */
const GROUPS: Record<string, Group> = {
  "rules-and-words": {
    files: [
      "test/{core,wire,surfaces}/**/*.test.ts",
      "test/{batches,metrics,places,sealed,server,team-*,workers}.test.ts",
    ],
    except: ["test/surfaces/{pace,github,github-card,github-context,github-contract,github-forge}.test.ts"],
  },
  "handlers-and-database": {
    files: [
      "test/{engine,handlers}/**/*.test.ts",
      "test/store/{connections,feedback,sandboxes,slack-installations,usage}.test.ts",
    ],
    except: ["test/engine/{follow,stock,stock-warm}.test.ts", "test/handlers/github/replay.test.ts"],
  },
  "emulators-and-pages": {
    files: ["test/emulators/{slack,github}{,/**/*}.test.ts", "test/web/{guard,pages}.test.ts"],
    except: ["test/emulators/github/git.test.ts"],
  },
  "inside-the-daemon": {
    files: [
      "test/daemon/{attempts,config,git-failure,git-names,journal,recorder,server,stream,stream-slow,turns}.test.ts",
      "test/daemon/agents/{json-lines,pi-failure}.test.ts",
    ],
  },
};

/** The programs of a whole run, from the checkout's own folder: one for each group, and the files that stand in none. */
export function allFiles(): string[] {
  const together = new Set(Object.values(GROUPS).flatMap(filesOf));
  return filesOf({ files: ["test/**/*.test.ts"] }).filter((file) => !together.has(file));
}

/** `program` is the file in `test/together`. */
export function runTogether(program: string): void {
  const group = GROUPS[basename(program, ".test.ts")];
  if (!group) throw new Error(`${relative(ROOT, program)} has no group in test/together.ts.`);
  for (const file of filesOf(group)) describe(file, () => import(resolve(ROOT, file)).then(() => undefined));
}

function filesOf({ files, except = [] }: Group): string[] {
  return globSync(files, { cwd: ROOT, exclude: except }).sort();
}

if (import.meta.main) console.log(allFiles().join("\n"));
