/**
 * The whole bot on emulators: real Postgres, git, daemon, agent and SDKs; Slack and GitHub are emulated at their network
 * boundary, and the language model is the only script.
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveGit } from "../src/cli/demo-git.ts";
import { DEMO_NAME, makeDemoRepository } from "../src/cli/demo-repository.ts";
import { type Script, type ScriptedModel, scriptedModel } from "../src/cli/scripted-model.ts";
import { readConfig, type Variables } from "../src/config.ts";
import type { TeamAgent } from "../src/core/agents.ts";
import { canonicalGitUrl } from "../src/core/correlation.ts";
import { type Limits, NO_LIMITS } from "../src/core/limits.ts";
import { sandboxName } from "../src/core/naming.ts";
import type { Repository } from "../src/core/types.ts";
import type { Log } from "../src/log.ts";
import { type Bot, startBot } from "../src/main.ts";
import type { TeamSettings } from "../src/repositories.ts";
import { readRunning } from "../src/sandboxes/local-record.ts";
import type { SandboxSettings } from "../src/sandboxes/settings.ts";
import { sessionPages } from "../src/store/pages.ts";
import { PI_ALONE } from "../src/team-agents.ts";
import { defaultSandboxes } from "../src/team-sandboxes.ts";
import { testDatabase } from "./database.ts";
import type { ModalEmulator } from "./emulators/modal.ts";
import { quiet } from "./quiet.ts";
import { isSettled } from "./settled.ts";

export interface WorldOptions {
  scripts: Script[];
  /** Variables beyond those of the world itself: tokens and URLs of emulators. */
  variables?: Variables;
  /** What the bot knows; the plain git remote of the demo alone when it is left out. */
  repositories?: Repository[] | ((own: Repository) => Repository[]);
  /** The team's agents; pi alone when they are left out. */
  agents?: readonly TeamAgent[];
  /** What threadbox.yml says of Slack; nothing when it is left out. */
  slack?: TeamSettings["slack"];
  /** What it says of GitHub; nothing when it is left out. */
  github?: TeamSettings["github"];
  /** Repositories whose commits GitHub signs; none when it is left out. */
  verifiedCommits?: Record<string, boolean>;
  schedules?: TeamSettings["schedules"];
  /** What threadbox.yml says of clients of the API; nothing when it is left out. */
  api?: TeamSettings["api"];
  /** What threadbox.yml says of what agents may do, and for how long they may be silent; nothing when they are left out. */
  permissions?: TeamSettings["permissions"];
  silence?: TeamSettings["silence"];
  log?: Log;
  idleAfterMs?: number;
  turnLimitMs?: number;
  /** None when they are left out. */
  limits?: Partial<Limits>;
  /** Sandboxes at the emulated Modal instead of on this machine. */
  modal?: ModalEmulator | undefined;
  /** What threadbox.yml says of sandboxes, by repository "own" for the world's own; the defaults when it is left out. */
  sandboxes?: (defaults: SandboxSettings, own: string) => SandboxSettings;
  /** Called with the address that the bot will answer on, before it starts. */
  port?: number;
}

export interface World {
  bot: Bot;
  /** Where the bot answers. */
  url: string;
  model: ScriptedModel;
  /** A plain git remote over HTTP with one repository whose test fails. */
  remote: { url: string; repository: Repository };
  sessions: ReturnType<typeof sessionPages>;
  /** What the terminal surface printed. */
  printed(): string;
  /** Resolves when nothing is left to do: no effect, no turn, nothing that waits for a vendor. */
  settled(): Promise<void>;
  /** Resolves as soon as the condition holds. */
  until(holds: () => Promise<boolean>): Promise<void>;
  /** The workspace of a session's sandbox, seen from outside. */
  folderOf(session: string): string;
  /** Kills every process of every sandbox, as a machine that loses its power does. */
  killSandbox(): Promise<void>;
  /** Stops the bot and starts it again on the same database and folders, with variables of its own from then on. */
  restart(changed?: Variables): Promise<void>;
  /** The team's agents, from the next start. */
  withAgents(agents: TeamAgent[]): void;
  /** What threadbox.yml says of schedules, from the next start. */
  schedule(schedules: NonNullable<TeamSettings["schedules"]>): void;
  stop(): Promise<void>;
}

export async function startWorld(options: WorldOptions): Promise<World> {
  const home = await mkdtemp(join(tmpdir(), "threadbox-world-"));
  const database = await testDatabase();
  const model = await scriptedModel(options.scripts);
  makeDemoRepository(join(home, "git"));
  const git = await serveGit(join(home, "git"));
  const url = `${git.url}/${DEMO_NAME}.git`;
  const repository: Repository = { id: canonicalGitUrl(url), name: DEMO_NAME, url, base: "main" };
  const { host, user, database: name } = database.connection as { host: string; user: string; database: string };
  const variables: Variables = {
    PORT: String(options.port ?? 0),
    THREADBOX_HOME: join(home, "bot"),
    DATABASE_URL: `postgres:///${name}?user=${user}&host=${encodeURIComponent(host)}`,
    ANTHROPIC_API_KEY: "scripted",
    ANTHROPIC_BASE_URL: model.url,
    ...(options.modal ? { THREADBOX_PROVIDER: "modal", ...options.modal.environment } : {}),
    ...options.variables,
  };
  let config = readConfig(variables);
  // What is the internet to a sandbox at Modal.
  for (const reached of [model.url, git.url]) await options.modal?.allowHostPort(Number(new URL(reached).port));
  let printed = "";
  let { schedules, agents = PI_ALONE } = options;
  const start = (): Promise<Bot> =>
    startBot({
      config,
      team: {
        repositories:
          typeof options.repositories === "function"
            ? options.repositories(repository)
            : (options.repositories ?? [repository]),
        labels: {},
        agents: agents.map((agent) => ({ version: null, packages: [], env: {}, ...agent })),
        verifiedCommits: options.verifiedCommits ?? {},
        slack: options.slack ?? {},
        github: options.github ?? {},
        api: options.api,
        schedules,
        permissions: options.permissions,
        silence: options.silence,
        idleAfterMs: options.idleAfterMs ?? 3_600_000,
        turnLimitMs: options.turnLimitMs ?? 3_600_000,
        limits: { ...NO_LIMITS, ...options.limits },
        sandboxes: options.sandboxes?.(defaultSandboxes, repository.name) ?? defaultSandboxes,
        found: true,
      },
      log: options.log ?? quiet,
      paced: false,
      write: (text) => {
        printed += text;
      },
    });
  let bot = await start();
  const world: World = {
    get bot() {
      return bot;
    },
    get url() {
      return bot.url ?? "";
    },
    model,
    remote: { url, repository },
    get sessions() {
      return sessionPages(bot.store.db);
    },
    printed: () => printed,
    settled: () => until(bot, () => isSettled(bot.store.db)),
    until: (holds) => until(bot, holds),
    folderOf: (session) => join(home, "bot", "sandboxes", sandboxName(session), "workspace"),
    killSandbox: () => (options.modal ? killMachines(options.modal) : killSandboxes(join(home, "bot", "sandboxes"))),
    withAgents: (changed) => {
      agents = changed;
    },
    schedule: (changed) => {
      schedules = changed;
    },
    async restart(changed = {}) {
      await bot.stop();
      config = readConfig(Object.assign(variables, changed));
      bot = await start();
    },
    async stop() {
      await bot.destroySandboxes();
      await bot.stop();
      await git.close();
      await model.close();
      await database.drop();
      await rm(home, { recursive: true, force: true });
    },
  };
  return world;
}

/** Looks at what is stored whenever there is news, and from time to time for what makes none. */
async function until({ store: { listener } }: Bot, holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) {
    await new Promise<void>((resolve) => {
      const unsubscribe = [listener.on("threadbox_wake", done), listener.on("threadbox_news", done)];
      const timer = setTimeout(done, 50);
      function done(): void {
        clearTimeout(timer);
        for (const off of unsubscribe) off();
        resolve();
      }
    });
  }
}

async function killMachines(modal: ModalEmulator): Promise<void> {
  for (const { name, state } of modal.sandboxes()) if (name && state.is === "running") await modal.kill(name);
}

async function killSandboxes(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const record = await readRunning(join(root, name));
    for (const { pid } of record?.processes ?? []) process.kill(pid, "SIGKILL");
  }
}
