/**
 * Test files that share a process, by what they have in common: loading what they test takes most of them longer than the tests do.
 * Only files that change nothing of their process (environment, folder, timers) and end whatever they start may stand here; each is
 * a suite there, so that its hooks are its own, and they run one after the other. All others have a process for themselves.
 */
import { globSync } from "node:fs";
import { basename, relative, resolve } from "node:path";
import { describe } from "node:test";

const ROOT = resolve(import.meta.dirname, "..");

interface Group {
  files: string[];
  /** These look at processes that they did not start, or wind the clock of their process. */
  except?: string[];
}

/**
 * By the name of the file in `test/all-in-one` that runs them. Node begins files in the order of their names: these are the longest, and
 * the folder is called so that none of them goes on alone at the end.
 */
const GROUPS: Record<string, Group> = {
  "rules-and-words": {
    files: [
      "test/{core,wire,surfaces}/**/*.test.ts",
      "test/{agent-logins,api-tokens,batches,metrics,sealed,semaphore,server,team-*,workers}.test.ts",
    ],
    except: [
      "test/surfaces/{pace,github,github-card,github-check,github-context,github-contract,github-forge,github-jobs,github-pull,github-review}.test.ts",
    ],
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
  "github-with-git": {
    files: [
      "test/surfaces/{github,github-card,github-check,github-context,github-contract,github-forge,github-jobs,github-pull,github-review}.test.ts",
    ],
  },
  "journeys-in-slack": {
    files: ["test/journeys/{during-a-turn,slack-{commands,files,fork,home,links,news,questions}}.test.ts"],
  },
  "journeys-in-workspaces": {
    files: ["test/journeys/{slack,slack-*}.test.ts"],
    except: ["test/journeys/slack-{commands,files,fork,home,links,news,questions}.test.ts"],
  },
  "journeys-elsewhere": {
    files: [
      "test/journeys/{agent-stays-inside,agents,api,bad-input,broken-listener,github,github-review,limits,outside,permissions,restarts,silent-model,terminal}.test.ts",
    ],
  },
  "inside-the-daemon": {
    files: [
      "test/daemon/{attempts,config,git-failure,git-names,journal,permissions,recorder,server,stream,stream-slow,turns}.test.ts",
      "test/daemon/agents/{json-lines,model-failure}.test.ts",
    ],
  },
};

/**
 * The programs of a whole run, from the checkout's own folder: one for each group, and the files that stand in none. Those in `test/agents`
 * need programs of a gigabyte, and have a command of their own.
 */
export function allFiles(): string[] {
  const together = new Set(Object.values(GROUPS).flatMap(filesOf));
  return filesOf({ files: ["test/**/*.test.ts"], except: ["test/agents/**"] }).filter((file) => !together.has(file));
}

/**
 * `program` is the file in `test/all-in-one`. A file is loaded when the one before it is done: Node knows by what it is doing at the
 * moment which suite a test or a hook belongs to. Files that wait for the same module while they load go on in one go, as part of the
 * first one or of none, and what their hooks would close stays open until the very end: all bots, databases and sandboxes at once.
 */
export async function runTogether(program: string): Promise<void> {
  const group = GROUPS[basename(program, ".test.ts")];
  if (!group) throw new Error(`${relative(ROOT, program)} has no group in test/together.ts.`);
  // A worker that keeps no process alive is all that goes on at times, and a wait in a module keeps none alive either.
  const alive = setInterval(() => {}, 60_000);
  for (const file of filesOf(group))
    await describe(file, async () => {
      await import(resolve(ROOT, file));
    });
  clearInterval(alive);
}

function filesOf({ files, except = [] }: Group): string[] {
  return globSync(files, { cwd: ROOT, exclude: except }).sort();
}

if (import.meta.main) console.log(allFiles().join("\n"));
