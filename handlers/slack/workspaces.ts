/** The workspaces that we are in, and who we are in each, as `auth.test` tells it: the one of the bot token, or all that have installed the app. */
import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import { bounded } from "../../src/bounded.ts";
import type { Clock } from "../../src/clock.ts";
import type { Ms } from "../../src/core/types.ts";
import { installationKey, type Where } from "../../src/installation.ts";
import type { Log } from "../../src/log.ts";
import { call, type SlackAccess, slackClients, toSlackFailure } from "../../src/surfaces/slack-calls.ts";
import type { SlackInstallations } from "../../src/surfaces/slack-installations.ts";
import type { Us } from "./envelope.ts";

export interface Here {
  us: Us;
  reads: WebClient;
  progress: WebClient;
}

export interface Workspaces {
  /** Throws `surface.not-installed` where several workspaces are served and this is none of them. */
  at(where: Where): Promise<Here>;
  /** Something was uninstalled, or installed anew. */
  forget(): void;
}

interface WorkspacesOptions {
  apiUrl?: string | undefined;
  /** What people call the bot. */
  name: string;
  clock: Clock;
  log: Log;
}

/** Asked once, kept when it was answered. */
export function oneWorkspace(options: WorkspacesOptions & Pick<SlackAccess, "token">): Workspaces {
  let known: Promise<Here> | null = null;
  return {
    at() {
      known ??= ask(options).catch((thrown) => {
        known = null;
        throw toSlackFailure(thrown);
      });
      return known;
    },
    forget() {
      known = null;
    },
  };
}

/** Another bot on the database may have heard that one was uninstalled, or moved to another installation. */
const REMEMBERED_MS: Ms = 60_000;
/** Workspaces, not installations: an organisation's may have many. */
const MAX_REMEMBERED = 5_000;

/** What is not installed is never remembered, so that it works at once when it is. */
export function manyWorkspaces(options: WorkspacesOptions & { installations: SlackInstallations }): Workspaces {
  const { installations, clock } = options;
  const answers = bounded<string, Promise<Here>>(MAX_REMEMBERED);
  // Forgotten all at once: an installation comes or goes rarely, and looking anew costs one question to the database for each workspace.
  let known = bounded<string, { until: Ms; here: Promise<Here> }>(MAX_REMEMBERED);
  const askAt = async (where: Where): Promise<Here> => {
    const { key, installedAt } = await installations.at(where);
    // Who we are there stays what it is while it is installed.
    const name = `${key} ${installedAt.getTime()}`;
    const asked = answers.get(name) ?? ask({ ...options, token: () => installations.tokenOf(key) });
    answers.set(name, asked);
    asked.catch(() => answers.get(name) === asked && answers.delete(name));
    const here = await asked;
    // The token of an organisation is of no workspace; what happened is.
    return where.teamId ? { ...here, us: { ...here.us, teamId: where.teamId } } : here;
  };
  return {
    at(where) {
      const key = `${installationKey(where)} ${where.teamId ?? ""}`;
      const entry = known.get(key);
      if (entry && entry.until > clock.now()) return entry.here;
      const here = askAt(where);
      const memory = known;
      memory.set(key, { until: clock.now() + REMEMBERED_MS, here });
      here.catch(() => memory.get(key)?.here === here && memory.delete(key));
      return here;
    },
    forget() {
      known = bounded(MAX_REMEMBERED);
    },
  };
}

const Answer = z.object({ user_id: z.string(), bot_id: z.string(), team_id: z.string(), url: z.string() });

async function ask({ name, log, ...access }: WorkspacesOptions & Pick<SlackAccess, "token">): Promise<Here> {
  const { reads, progress } = slackClients(access, log);
  const { user_id, bot_id, team_id, url } = Answer.parse(await call(() => reads.auth.test()));
  return { us: { userId: user_id, botId: bot_id, teamId: team_id, url, name }, reads, progress };
}
