/** A part of the composition root: where the outside comes in. Slack is made elsewhere, because it is started and stopped like the rest. */
import type { Hono } from "hono";
import { type GitHubEventOptions, githubEvents } from "../handlers/github/events.ts";
import { githubReplay, type Replay } from "../handlers/github/replay.ts";
import { githubWebhooks } from "../handlers/github/webhooks.ts";
import { API_PATH, apiRoutes } from "../handlers/http/mentions.ts";
import type { HomePorts } from "../handlers/slack/home.ts";
import type { SlackApp } from "../handlers/slack/receiver.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Hints, Inbox } from "./core/incoming.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import type { TeamSettings } from "./repositories.ts";
import { type Connection, isFromSandbox as isFromLocalSandbox } from "./sandboxes/local-peer.ts";
import type { Routes } from "./server.ts";
import { apiMentions } from "./store/api-mentions.ts";
import { homeRecords } from "./store/home.ts";
import type { OpenStore } from "./store/open.ts";
import { newsFrom, sessionPages, webThreads } from "./store/pages.ts";
import { replayBook } from "./store/replay.ts";
import type { GitHubAccess } from "./surfaces/github-access.ts";
import { CONNECT_PATH } from "./web/connect-link.ts";
import { metricsRoute } from "./web/metrics-route.ts";
import { pages } from "./web/pages.ts";

export interface WaysIn {
  config: Config;
  team: TeamSettings;
  log: Log;
  clock: Clock;
  store: OpenStore;
  /** Null where it is not set up. */
  github: GitHubAccess | null;
  /** Where all of them lead. */
  inbox: Inbox;
  pullRequests: Hints;
}

/** `connect`: the pages on which people say who they are on GitHub. */
export function routesOf(
  ways: WaysIn,
  { slack, connect }: { slack: Pick<SlackApp, "listener" | "install"> | null; connect: Hono | null },
): Pick<Routes, "slack" | "slackInstall" | "github" | "pages"> {
  const pages = pagesOf(ways);
  if (connect) pages.route(CONNECT_PATH, connect);
  if (ways.config.apiClients.length > 0) pages.route(API_PATH, apiOf(ways));
  return { slack: slack?.listener ?? null, slackInstall: slack?.install, github: webhooksOf(ways), pages };
}

function apiOf({ config, team, store, inbox, log, clock }: WaysIn): Hono {
  const { apiClients: clients, publicUrl } = config;
  const page = (session: string) => (publicUrl ? `${publicUrl}/sessions/${session}` : null);
  const rights = team.api?.clients ?? {};
  const { received } = apiMentions(store.inbox);
  return apiRoutes({ inbox, threads: webThreads(store.db), clients, rights, received, page, publicUrl, log, clock });
}

function webhooksOf(ways: WaysIn): Routes["github"] {
  if (!ways.config.github?.webhookSecret || !ways.github) return null;
  const { webhookSecret: secret, previousWebhookSecret: previousSecret } = ways.config.github;
  return githubWebhooks({ ...githubEventsOf(ways, ways.github), secret, previousSecret });
}

/** Where GitHub is to tell us, and an App may read what it could not. */
export function replayOf(ways: WaysIn): Replay | null {
  const { config, github, store, log, clock } = ways;
  if (!config.github?.webhookSecret || !github?.deliveries) return null;
  const handle = githubEvents(githubEventsOf(ways, github));
  return githubReplay({ deliveries: github.deliveries, handle, book: replayBook(store.db), log, clock });
}

function githubEventsOf(
  { config, team, inbox, pullRequests, log, clock }: WaysIn,
  { self }: GitHubAccess,
): GitHubEventOptions {
  const { bots: allowedBots = [], organisations: owners, apps = [] } = team.github;
  const { labels, assignees = {} } = team;
  return { inbox, pullRequests, name: config.name, labels, assignees, allowedBots, owners, apps, self, log, clock };
}

function pagesOf({ config, store: { db, listener }, inbox, log, clock }: WaysIn): Routes["pages"] {
  const { home, name, publicUrl } = config;
  const read = { threads: webThreads(db), sessions: sessionPages(db), news: newsFrom(listener) };
  return pages({ inbox, ...read, name, publicUrl, isFromSandbox: isFromSandboxOf(home), log, clock });
}

export function metricsOf({ home, metricsToken: token }: Config, { page }: Metrics): Routes["metrics"] {
  return metricsRoute({ token, page, isFromSandbox: isFromSandboxOf(home) });
}

/** What App Home in Slack reads and changes. */
export function homeOf({
  config,
  team,
  store,
  identities,
}: Pick<WaysIn, "config" | "team" | "store"> & Pick<HomePorts, "identities">): HomePorts {
  const { publicUrl } = config;
  return {
    // What somebody chooses there is stored before Slack is acknowledged, so not behind the work of the bot.
    records: homeRecords(store.inbox),
    identities,
    repositories: team.repositories,
    agents: team.agents.map(({ name }) => name),
    turnsPerDay: team.limits?.turnsPerDay.organisation ?? null,
    page: (session) => (publicUrl ? `${publicUrl}/sessions/${session}` : null),
  };
}

const isFromSandboxOf =
  (home: string) =>
  (connection: Connection): Promise<boolean> =>
    isFromLocalSandbox(home, connection);
