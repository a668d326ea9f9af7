/** The composition root: everything is built here, in order, and closed in reverse. Nothing builds itself. */
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { findMention } from "../handlers/github/mention.ts";
import { type AboutLine, aboutLines } from "./about.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Inbox } from "./core/incoming.ts";
import { NO_LIMITS } from "./core/limits.ts";
import { createEngine } from "./engine/engine.ts";
import type { Tell } from "./engine/happenings.ts";
import { type Jobs, startJobs } from "./engine/jobs.ts";
import type { EngineDeps } from "./engine/ports.ts";
import { createReconciler } from "./engine/reconcile.ts";
import { createRetention } from "./engine/retention.ts";
import { createSchedules } from "./engine/schedules.ts";
import type { Reached } from "./engine/steps.ts";
import { createStock } from "./engine/stock.ts";
import { forgeOf, githubOf } from "./forge.ts";
import { healthOf } from "./health.ts";
import { checkIdentities, openIdentities } from "./identities.ts";
import type { Log } from "./log.ts";
import { openMachines } from "./machines.ts";
import { ownSecrets } from "./own-secrets.ts";
import { commitRules, type TeamSettings } from "./repositories.ts";
import { daemonBundle } from "./sandboxes/bundle.ts";
import { type Listening, listen, type Routes } from "./server.ts";
import { openSlack } from "./slack.ts";
import { type OpenStore, openStore } from "./store/open.ts";
import { webThreads } from "./store/pages.ts";
import { createStore } from "./store/store.ts";
import type { Forge } from "./surfaces/forge.ts";
import { githubSurface } from "./surfaces/github.ts";
import type { GitHubAccess } from "./surfaces/github-access.ts";
import type { Surface, Surfaces } from "./surfaces/surface.ts";
import { terminalSurface } from "./surfaces/terminal.ts";
import { webSurface } from "./surfaces/web.ts";
import { chosenAgent } from "./team-agents.ts";
import { agentGuard } from "./team-permissions.ts";
import { DEFAULT_RETENTION_MS } from "./team-retention.ts";
import { openWatching } from "./watching.ts";
import { homeOf, metricsOf, replayOf, routesOf, type WaysIn } from "./ways-in.ts";
import { blankerOf } from "./wire/secrets.ts";
import { stopTogether } from "./workers.ts";

export interface BotOptions {
  config: Config;
  team: TeamSettings;
  log: Log;
  clock?: Clock;
  /** Where the terminal surface prints; nothing when it is left out. */
  write?: (text: string) => void;
  colour?: boolean;
  /** Without a listener nobody can reach it but whoever holds the `Bot`. */
  listening?: boolean;
  /** Keeps to the rates of Slack and GitHub by itself; off only where they are emulated. */
  paced?: boolean;
  /** Called at every step of its work; tests of crashes die there. */
  reached?: Reached;
}

export interface Bot {
  /** Null when it does not listen. */
  url: string | null;
  inbox: Inbox;
  store: OpenStore;
  /** What it runs on and how to switch each, one line each. */
  about: AboutLine[];
  /** What a person should know before trusting it. */
  warning: string | null;
  /** Sessions that it works on now. */
  working(): number;
  /** Ends every sandbox of this home with its files; for the demo and for tests, which leave nothing behind. */
  destroySandboxes(): Promise<void>;
  stop(): Promise<void>;
}

/** Resolves when it takes mentions; throws a ThreadboxError with a remedy when it cannot start. */
export async function startBot(options: BotOptions): Promise<Bot> {
  const { config, team, log, clock = systemClock, listening = true } = options;
  checkIdentities(config, team);
  chosenAgent(config, team.agents);
  // Closes what is open already when a later step fails: a port that is taken must leave no Postgres behind.
  await using opened = new AsyncDisposableStack();
  const store = opened.adopt(await openStore({ ...config, log }), ({ close }) => close());
  const jobs = opened.adopt(await startJobs({ connection: store.connection, log }), ({ stop }) => stop());
  const github = githubOf({ ...options, clock, kept: createStore(store.db).setting });
  const { pendingNow, dollarsSince } = createStore(store.inbox);
  const dollarsPerDay = team.limits?.perDay.dollars ?? null;
  const asked = { sessionsHeld: () => engine.working(), pendingNow, dollarsSince, dollarsPerDay };
  const watched = { ...asked, bot: ownerOf(config), log };
  const watching = opened.adopt(await openWatching(config, watched), (one) => one.close());
  const slackParts = openSlack({ config, team, db: store.db, paced: options.paced ?? true, log, clock });
  const surfaces = watching.metrics.counting(surfacesOf(options, store, { github, slack: slackParts?.surface }, clock));
  const identities = await openIdentities({ config, team, store: createStore(store.db), github, clock, log });
  const built = { store, jobs, surfaces, forge: forgeOf(github, log, options.team.github), clock, tell: watching.tell };
  const base = await engineDeps(options, built);
  const daemon = async () => (await daemonBundle()).sha256;
  const stock = createStock({ ...base, sandboxes: team.sandboxes, daemon });
  const { retentionMs = DEFAULT_RETENTION_MS } = team;
  const reconciler = createReconciler({ ...base, retentionMs });
  const retention = createRetention({ ...base, retentionMs });
  const engine = createEngine({ ...base, stock, identities: identities?.book });
  const home = homeOf({ config, team, store, identities: identities?.book });
  const slack = (await slackParts?.app({ ...engine, home })) ?? null;

  // Asked once before the first webhook comes: until it is known only the name calls the bot, not the App's slug.
  void github?.self().catch((error: unknown) => log.warn({ err: error }, "github.unreachable"));
  const { inbox, pullRequests } = engine;
  const ways = { config, team, log, clock, store, github, inbox, pullRequests };
  const replay = replayOf(ways);
  const workers = [engine, reconciler, stock, retention, schedulesOf(ways, jobs), ...(replay ? [replay] : [])];
  opened.defer(() => stopTogether(workers));
  for (const worker of workers) await worker.start();
  let stopping = false;
  const routes: Routes = {
    ...routesOf(ways, { slack, connect: identities?.routes(engine.connect) ?? null }),
    metrics: metricsOf(config, watching.metrics),
    health: healthOf({ clock, lookedAt: engine.lookedAt, isStopping: () => stopping, databaseAnswers: store.answers }),
  };
  const server: Listening | null = listening ? await listen(routes, { host: config.host, port: config.port }) : null;
  opened.defer(async () => server?.close());
  opened.defer(async () => slack?.stop());
  await slack?.start();
  const warning = await base.provider.warning();
  const running = opened.move();
  return {
    url: server?.url ?? null,
    inbox: engine.inbox,
    store,
    about: aboutLines(config, team, { surfaces: Object.keys(surfaces), database: store.where }),
    warning,
    working: engine.working,
    async destroySandboxes() {
      for (const { name } of await base.provider.list()) await base.provider.destroy(name);
    },
    stop() {
      stopping = true;
      return running.disposeAsync();
    },
  };
}

const schedulesOf = ({ team, store, inbox, log }: WaysIn, jobs: Jobs) =>
  createSchedules({ jobs, inbox, threads: webThreads(store.db), schedules: team.schedules ?? [], log });

function surfacesOf(
  { config, team, log, write, colour }: BotOptions,
  store: OpenStore,
  { github, slack }: { github: GitHubAccess | null; slack: Surface | undefined },
  clock: Clock,
): Surfaces {
  return {
    web: webSurface({ threads: webThreads(store.db), log, clock }),
    terminal: terminalSurface({ write: write ?? (() => {}), colour: colour ?? false }),
    ...(slack ? { slack } : {}),
    ...(github
      ? { github: githubSurface({ access: github, name: config.name, findMention, ...whoMay(team), log }) }
      : {}),
  };
}

const whoMay = ({ github: { bots: allowedBots = [], people }, people: byRepository }: TeamSettings) => ({
  ...{ allowedBots, allow: { people, byRepository } },
});

interface Built {
  store: OpenStore;
  jobs: Jobs;
  surfaces: Surfaces;
  forge: Forge;
  clock: Clock;
  tell: Tell;
}

async function engineDeps(
  { config, team, log, reached, paced }: BotOptions,
  built: Built,
): Promise<Omit<EngineDeps, "stock" | "inbox">> {
  const store = createStore(built.store.db);
  const { agents } = team;
  const machines = await openMachines({ config, team, store, log });
  // Made ready before the first sandbox needs it; a failure is told there, to whoever asked.
  void daemonBundle().catch(() => undefined);
  return {
    ...built,
    store,
    inboxStore: createStore(built.store.inbox),
    ...machines,
    repositories: team.repositories,
    settings: {
      name: config.name,
      owner: ownerOf(config),
      agent: chosenAgent(config, agents).name,
      agents,
      model: config.model,
      channelAgents: team.slack.agents,
      models: machines.models,
      logins: machines.logins,
      idleAfterMs: team.idleAfterMs,
      turnLimitMs: team.turnLimitMs,
      limits: team.limits ?? NO_LIMITS,
      prices: team.prices,
      maxSessions: MAX_SESSIONS,
      // What is not paced is emulated, and shows at once what it has told.
      lookEveryMs: paced === false ? 0 : undefined,
      fixChecks: team.github.fixChecks,
      permalinks: team.slack.permalinks,
      commits: commitRules(team),
      guard: agentGuard(team),
      blank: blankerOf(ownSecrets(config)),
      page: (session) => (config.publicUrl ? `${config.publicUrl}/sessions/${session}` : null),
    },
    log,
    reached,
    onWake: (fn) => built.store.listener.on("threadbox_wake", fn),
  };
}

/** At once, in one process: far more than one machine has sandboxes for. What is beyond waits in the database. */
const MAX_SESSIONS = 1_000;
/** The same after a restart, another for every bot: what it held is taken back at once then. */
function ownerOf(config: Config): string {
  const place = createHash("sha256").update(config.home).digest("hex").slice(0, 8);
  return config.port === 0 ? `${hostname()}/${place}/${process.pid}` : `${hostname()}/${place}/${config.port}`;
}
