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

/** `npm test`, and what takes longer by its nature and has a script of its own; `.ci/run` runs all of them. */
export const RUNS = ["parts", "stories", "chaos", "agents"] as const;
type Run = (typeof RUNS)[number];

/** Told in every `npm test`: what most people do, on each of the two surfaces, and what must never break. */
const MAIN_STORIES = "test/journeys/{agent-stays-inside,during-a-turn,github,slack,terminal}.test.ts";

/** What is no part of `npm test`, which has to be done in five minutes on two processors. */
const LATER: Record<Exclude<Run, "parts">, Group> = {
  /** Whole bots and command lines, with sandboxes, databases and browsers of their own, from outside. */
  stories: {
    files: [
      "test/journeys/*.test.ts",
      "test/all-in-one/journeys-*.test.ts",
      "test/cli/{demo,doctor*,logs-attacks,sandboxes,sandboxes-{cp,modal,refusals,sessions,shell},say,sessions,start,stop,why}.test.ts",
      "test/daemon/whole-daemon.test.ts",
      "test/engine/{stock,stock-warm}.test.ts",
      "test/smoke/smoke.test.ts",
      "test/store/{backup,embedded-postgres}.test.ts",
      "test/web/{browser,slow}.test.ts",
    ],
    except: [MAIN_STORIES],
  },
  /** Bots, databases and machines that are killed. */
  chaos: { files: ["test/chaos/*.test.ts"], except: ["test/chaos/many-deaths.test.ts"] },
  /** They need programs of a gigabyte. */
  agents: { files: ["test/agents/*.test.ts"] },
};

/**
 * By the name of the file in `test/all-in-one` that runs them. Node begins files in the order of their names: these are the longest, and
 * the folder is called so that none of them goes on alone at the end. All files of one are of the same run.
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
  "main-stories": { files: [MAIN_STORIES] },
  "journeys-in-slack": {
    files: ["test/journeys/slack-{commands,files,fork,home,links,news,questions}.test.ts"],
  },
  "journeys-in-workspaces": {
    files: ["test/journeys/slack-*.test.ts"],
    except: ["test/journeys/slack-{commands,files,fork,home,links,news,questions}.test.ts"],
  },
  "journeys-elsewhere": {
    files: [
      "test/journeys/{agents,api,bad-input,broken-listener,costs,github-review,limits,outside,permissions,restarts,silent-model}.test.ts",
    ],
  },
  "inside-the-daemon": {
    files: [
      "test/daemon/{attempts,config,git-failure,git-names,journal,permissions,recorder,server,stream,stream-slow,turns}.test.ts",
      "test/daemon/agents/{json-lines,model-failure}.test.ts",
    ],
  },
};

/** The programs of a run, from the checkout's own folder: one for each group, and the files that stand in none. */
function programsOf(run: Run): string[] {
  const together = new Set(Object.values(GROUPS).flatMap(filesOf));
  return filesOfRun(run).filter((file) => !together.has(file));
}

/** Every file is of one run and no other. */
function filesOfRun(run: Run): string[] {
  if (run !== "parts") return filesOf(LATER[run]);
  const later = new Set(Object.values(LATER).flatMap(filesOf));
  return filesOf({ files: ["test/**/*.test.ts"] }).filter((file) => !later.has(file));
}

/** The files of the programs of a run, with those that each group runs. */
export const testsOf = (run: Run): string[] =>
  programsOf(run).flatMap((program) => {
    const group = GROUPS[basename(program, ".test.ts")];
    return group && program.startsWith("test/all-in-one/") ? filesOf(group) : [program];
  });

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

if (import.meta.main) {
  const run = RUNS.find((name) => name === process.argv[2]);
  if (!run) throw new Error(`Which run: ${RUNS.join(", ")}?`);
  console.log(programsOf(run).join("\n"));
}
