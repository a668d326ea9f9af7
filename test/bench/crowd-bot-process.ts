/**
 * A bot whose sandboxes are all there already: real engine, store, Slack and clients of daemons; only the machines are a list of
 * addresses. So its figures are its own, and not those of a thousand processes beside it.
 */
import { setTimeout as pause } from "node:timers/promises";
import { pino } from "pino";
import { systemClock } from "../../src/clock.ts";
import { NO_LIMITS } from "../../src/core/limits.ts";
import type { NewMention, Repository } from "../../src/core/types.ts";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import { startJobs } from "../../src/engine/jobs.ts";
import { createLog } from "../../src/log.ts";
import { daemonClient } from "../../src/sandboxes/daemon-client.ts";
import type { Sandbox, SandboxProvider } from "../../src/sandboxes/provider.ts";
import { openStore } from "../../src/store/open.ts";
import { createStore } from "../../src/store/store.ts";
import { plainForge } from "../../src/surfaces/plain-forge.ts";
import { slackSurface } from "../../src/surfaces/slack.ts";
import { PI_ALONE } from "../../src/team-agents.ts";
import { answerParent } from "./child.ts";
import { type Load, loadMeter } from "./load.ts";

export interface CrowdBotWish {
  databaseUrl: string;
  /** Unique for each bot. */
  owner: string;
  slack: { apiUrl: string; token: string };
  daemons: { urls: string[]; token: string };
}

const REPOSITORY: Repository = { id: "git.test/web", name: "web", url: "https://git.test/web", base: "main" };
const MAX_SESSIONS = 1_000;

let engine: Engine | null = null;
const closing: (() => Promise<unknown>)[] = [];
const measureLoad = loadMeter();

const tasks = {
  async start({ databaseUrl, owner, slack, daemons }: CrowdBotWish): Promise<void> {
    const log = createLog("info", pino.destination({ dest: "/dev/null", sync: true }));
    const store = await openStore({ home: "", databaseUrl, log });
    const jobs = await startJobs({ connection: store.connection, log });
    // What Slack would allow for a thousand turns in one workspace is another question than what the bot can do.
    const own = { allow: {}, name: "threadbox", log, clock: systemClock, paced: false };
    // Live, so that what is measured is the way and not the pauses on it.
    const surface = { ...slackSurface({ ...slack, ...own }), pace: "live" as const };
    engine = createEngine({
      store: createStore(store.db),
      inboxStore: createStore(store.inbox),
      jobs,
      surfaces: { slack: surface },
      forge: plainForge,
      provider: machinesAt(daemons.urls),
      stock: { take: async () => ({ is: "cold" }), lost: async () => {} },
      boot: async (sandbox) => sandbox,
      connect: ({ url }) => daemonClient({ url, token: async () => daemons.token }),
      repositories: [REPOSITORY],
      settings: {
        ...{ name: "threadbox", owner, agent: "pi", agents: PI_ALONE, model: undefined, models: {} },
        ...{
          idleAfterMs: 3_600_000,
          turnLimitMs: 3_600_000,
          limits: NO_LIMITS,
          maxSessions: MAX_SESSIONS,
          page: () => null,
        },
      },
      clock: systemClock,
      log,
      onWake: (fn) => store.listener.on("threadbox_wake", fn),
    });
    await engine.start();
    closing.push(engine.stop, jobs.stop, store.close);
  },

  async receive(mentions: NewMention[]): Promise<number> {
    let accepted = 0;
    for (const mention of mentions) if ((await engine?.inbox.receive(mention))?.is === "accepted") accepted += 1;
    return accepted;
  },

  load: (_: null): Load => measureLoad(),

  async memory(_: null): Promise<{ rssBytes: number; heapUsedBytes: number; externalBytes: number }> {
    for (let round = 0; round < 3; round++) {
      globalThis.gc?.();
      await pause(100);
    }
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rssBytes: rss, heapUsedBytes: heapUsed, externalBytes: external };
  },
};

/** Each new name gets the next address; whoever asks for one that runs is told that it does. */
function machinesAt(urls: string[]): SandboxProvider {
  const left = [...urls];
  const given = new Map<string, string>();
  const machine = (name: string, url: string): Sandbox => ({
    ...{
      name,
      url,
      endsAt: null,
      listen: { host: "127.0.0.1", port: 1 },
      workspace: "/w",
      state: "/s",
      agentUser: null,
    },
    put: unasked,
    launch: unasked,
    exec: unasked,
    tail: async () => "",
  });
  return {
    kind: "local",
    keepsFilesMs: null,
    askEveryMs: 60_000,
    async start(name) {
      const url = given.get(name) ?? left.shift() ?? "";
      given.set(name, url);
      return machine(name, url);
    },
    find: async (name) => machine(name, given.get(name) ?? ""),
    headers: async () => ({}),
    sleep: unasked,
    snapshot: unasked,
    forget: async () => {},
    destroy: async () => {},
    list: async () => [],
    warning: async () => null,
  };
}

const unasked = async (): Promise<never> => {
  throw new Error("Nobody should ask that of these machines.");
};

export type CrowdBotTasks = typeof tasks;

answerParent(tasks, async () => {
  for (const close of closing) await close();
});
