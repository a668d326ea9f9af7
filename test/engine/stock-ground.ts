/** What the tests of the stock stand on: a true database, true local sandboxes with true daemons, and a git host that asks for a password. */

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as moment } from "node:timers/promises";
import { promisify } from "node:util";
import { DEMO_NAME, makeDemoRepository } from "../../src/cli/demo-repository.ts";
import { systemClock } from "../../src/clock.ts";
import { newSession } from "../../src/core/decide.ts";
import { NO_LIMITS } from "../../src/core/limits.ts";
import type { Repository } from "../../src/core/types.ts";
import { createStock, type Stock } from "../../src/engine/stock.ts";
import type { StockDeps } from "../../src/engine/stock-keeping.ts";
import { createLog } from "../../src/log.ts";
import { boot } from "../../src/sandboxes/boot.ts";
import { daemonBundle } from "../../src/sandboxes/bundle.ts";
import { daemonClient } from "../../src/sandboxes/daemon-client.ts";
import { localProvider } from "../../src/sandboxes/local.ts";
import { createSigner, newSigningKey } from "../../src/sandboxes/tokens.ts";
import { plainForge } from "../../src/surfaces/plain-forge.ts";
import { PI_ALONE } from "../../src/team-agents.ts";
import { defaultSandboxes, plainRepository } from "../../src/team-sandboxes.ts";
import { type HandWoundClock, handWoundClock } from "../clock.ts";
import { slackThread } from "../core/story.ts";
import { startGitHost } from "../daemon/git-host.ts";
import { storeSession, testStore } from "../database.ts";

export const GIT_PASSWORD = "ghs_NobodyMayFindThisInAFile";
export const MODEL_KEY = "sk-ant-NorThisOneEither";
export const HOUR_MS = 3_600_000;
/** What was made just now is left alone that long, although it is out of date. */
export const SETTLED_MS = 10 * 60_000 + 1;
export const LABEL = `golden/${DEMO_NAME}`;

export interface Wish {
  goldenEveryMs?: number | null;
  warm?: number;
  setup?: string;
}

export async function stockGround() {
  const home = await mkdtemp(join(tmpdir(), "threadbox-stock-"));
  const { store, empty, close } = await testStore();
  makeDemoRepository(join(home, "git"));
  const git = await startGitHost(join(home, "git"), (login) => login === `x:${GIT_PASSWORD}`);
  const lines: Record<string, unknown>[] = [];
  const log = createLog("info", { write: (line) => void lines.push(JSON.parse(line)) });
  const provider = localProvider({ home: join(home, "bot"), log: createLog("silent") });
  const { privateJwk, publicJwk } = await newSigningKey();
  const signer = await createSigner(privateJwk);
  const bundle = await daemonBundle();
  const clock: HandWoundClock = handWoundClock(Date.now());
  const repository: Repository = {
    id: "calculator",
    name: DEMO_NAME,
    url: `${git.origin}/${DEMO_NAME}.git`,
    base: "main",
    setup: "echo once >> prepared.txt",
  };
  const deps: StockDeps = {
    store,
    provider,
    clock,
    log,
    boot: (sandbox) => boot(sandbox, { provider, bundle, publicJwk, clock: systemClock }),
    connect: ({ name, url }) => daemonClient({ url, token: () => signer.control(name) }),
    forge: {
      ...plainForge,
      credential: async () => ({ origin: git.origin, username: "x", password: GIT_PASSWORD }),
    },
    repositories: [repository],
    settings: {
      name: "threadbox",
      owner: "test",
      agent: "pi",
      agents: PI_ALONE,
      model: undefined,
      models: { anthropicApiKey: MODEL_KEY },
      idleAfterMs: 1_000,
      turnLimitMs: 1_000,
      limits: NO_LIMITS,
      maxSessions: 1,
      page: () => null,
    },
    sandboxes: defaultSandboxes,
    daemon: async () => bundle.sha256,
  };
  const stocks: Stock[] = [];
  return {
    home,
    store,
    provider,
    clock,
    deps,
    git,
    repository,
    rows: () => store.knownSandboxes(),
    running: async () => (await provider.list()).map(({ name }) => name),
    goldenToken: async () => (await store.snapshotOf(LABEL))?.token ?? null,
    /** What a file in the clone of a sandbox says. */
    inClone: (name: string, file: string) =>
      readFile(join(home, "bot", "sandboxes", name, "workspace", "calculator", file), "utf8"),
    /** Files of all sandboxes and snapshots in which these words stand. */
    async filesWith(words: string): Promise<string[]> {
      const found = promisify(execFile)("grep", ["-rlF", words, join(home, "bot")]);
      // It ends with 1 when there are none.
      const { stdout } = await found.catch((ended: { stdout: string }) => ended);
      return stdout.split("\n").filter(Boolean);
    },
    /** Everything that was logged under that name. */
    logged: (name: string) => lines.filter((line) => line.msg === name),
    /** One bot's stock; not started. */
    stock(wish: Wish, change: Partial<StockDeps> = {}): Stock {
      const { setup = repository.setup, goldenEveryMs = null, warm = 0 } = wish;
      const repositories = [{ ...repository, ...(setup === undefined ? {} : { setup }) }];
      const wished = { ...plainRepository, goldenEveryMs, warm };
      const sandboxes = { ...defaultSandboxes, repositories: { [repository.name]: wished } };
      const stock = createStock({ ...deps, repositories, sandboxes, ...change });
      stocks.push(stock);
      return stock;
    },
    /** A session whose sandbox is being started, as it is when the stock is asked. */
    async session(id: string): Promise<string> {
      const state = newSession(id, slackThread, "Untitled", 0);
      const starting = { ...state, sandbox: { is: "starting" as const, since: 0, from: null } };
      await storeSession(store, starting);
      return id;
    },
    /** Winds the clock on until it is so. */
    async until(isSo: () => Promise<boolean> | boolean): Promise<void> {
      while (!(await isSo())) {
        clock.advance(2_000);
        await moment(10);
      }
    },
    /** Ends all bots and all sandboxes, and forgets everything, for the next story. */
    async clear(): Promise<void> {
      await Promise.all(stocks.splice(0).map((stock) => stock.stop()));
      for (const { name } of await provider.list()) await provider.destroy(name);
      for (const { token } of await store.knownSnapshots()) await provider.forget(token);
      await empty();
      lines.length = 0;
    },
    async close(): Promise<void> {
      await this.clear();
      await git.close();
      await close();
      await rm(home, { recursive: true, force: true });
    },
  };
}
