/** A part of the composition root: Slack both ways, for the one workspace of SLACK_BOT_TOKEN or for all that have installed the app. */
import type { SlackApp, SlackOAuth as SlackAppOAuth, SlackAppOptions } from "../handlers/slack/receiver.ts";
import type { Clock } from "./clock.ts";
import type { Config, SlackOAuth } from "./config.ts";
import type { InstallationBook } from "./installation.ts";
import type { Log } from "./log.ts";
import type { TeamSettings } from "./repositories.ts";
import { createSealer, type Sealer } from "./sealed.ts";
import type { Database } from "./store/database.ts";
import { installationBook } from "./store/slack-installations.ts";
import { slackSurface } from "./surfaces/slack.ts";
import { type SlackInstallations, slackInstallations } from "./surfaces/slack-installations.ts";
import { slackWorkspaces } from "./surfaces/slack-workspaces.ts";
import type { Surface } from "./surfaces/surface.ts";
import { htmlPages } from "./web/assets.ts";

export interface SlackParts {
  config: Config;
  team: Pick<TeamSettings, "slack">;
  db: Database;
  log: Log;
  clock: Clock;
}

/** Where what comes in leads. */
type SlackWays = Pick<SlackAppOptions, "inbox" | "places" | "feedback" | "home">;

interface Slack {
  surface: Surface;
  app(ways: SlackWays): Promise<SlackApp>;
}

/** Null where it is not set up. */
export function openSlack(
  parts: SlackParts & { team: Pick<TeamSettings, "slack" | "repositories">; paced: boolean },
): Slack | null {
  const { team, log, clock, paced } = parts;
  const { slack, name } = parts.config;
  if (!slack) return null;
  const at = slack.apiUrl ? { apiUrl: slack.apiUrl } : {};
  const repositories = team.repositories.map((repository) => repository.name);
  const options = { ...at, allow: team.slack, name, repositories, paced, log, clock };
  const several = installationsOf(parts);
  // Loaded only where it is wanted: Bolt is half of what a bot without Slack would load at every start.
  const app = async ({ inbox, places, feedback, home }: SlackWays, oauth?: SlackAppOAuth): Promise<SlackApp> => {
    const { slackApp } = await import("../handlers/slack/receiver.ts");
    return slackApp({ inbox, places, feedback, home, config: { ...slack, name }, repositories, oauth, log, clock });
  };
  if (!several) {
    const surface = slackSurface({ ...options, token: slack.botToken ?? "" });
    return { surface, app: (ways) => app(ways) };
  }
  const { installations } = several;
  const surface = slackWorkspaces({ ...options, installations });
  return { surface, app: (ways) => app(ways, oauthOf(parts, several)) };
}

export interface SlackWorkspaces {
  oauth: SlackOAuth;
  sealer: Sealer;
  book: InstallationBook;
  installations: SlackInstallations;
}

/** Null with one workspace. */
export function installationsOf({ config, team, db, log, clock }: SlackParts): SlackWorkspaces | null {
  if (!config.slack?.oauth) return null;
  const { oauth, apiUrl } = config.slack;
  const sealer = createSealer(config.secretKeys);
  const book = installationBook(db, { sealer, clock });
  const { install } = team.slack;
  return { oauth, sealer, book, installations: slackInstallations({ ...oauth, book, install, apiUrl, clock, log }) };
}

function oauthOf({ config, team }: SlackParts, { oauth, sealer, book, installations }: SlackWorkspaces): SlackAppOAuth {
  const html = htmlPages();
  return {
    ...{ ...oauth, book, installations, install: team.slack.install },
    stateSecret: sealer.derive("slack oauth state"),
    publicUrl: config.publicUrl ?? "",
    page: (words) => html("install.html", { ...words, name: config.name }),
  };
}
