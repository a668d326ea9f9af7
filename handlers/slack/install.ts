/**
 * Several workspaces: people install the app at GET /slack/install, and Slack sends them back to GET /slack/oauth_redirect with a code for
 * a token. Slack's own library speaks with both; here stands who may install, where the token goes, and what people read.
 */
import { HTTPReceiver, type HTTPReceiverOptions, type Installation as SlackInstallation } from "@slack/bolt";
import { WebClient } from "@slack/web-api";
import type { Clock } from "../../src/clock.ts";
import { ThreadboxError } from "../../src/errors.ts";
import {
  INSTALL_PATH,
  type Installation,
  type InstallationBook,
  installationKey,
  REDIRECT_PATH,
  type Tokens,
} from "../../src/installation.ts";
import type { Log } from "../../src/log.ts";
import { quietLogger, toSlackFailure } from "../../src/surfaces/slack-calls.ts";
import { mayInstall } from "../../src/surfaces/slack-installations.ts";
import type { RequestListener } from "./http-receiver.ts";
import * as pages from "./install-pages.ts";
import { BOT_SCOPES } from "./scopes.ts";

export interface InstallOptions {
  clientId: string;
  clientSecret: string;
  signingSecret: string;
  /** Signs what says that an answer belongs to a question of ours. */
  stateSecret: string;
  publicUrl: string;
  apiUrl?: string | undefined;
  /** See `mayInstall`. */
  install: readonly string[] | undefined;
  book: Pick<InstallationBook, "save">;
  /** Called after a workspace was stored. */
  installed(): void;
  page(words: pages.Words): string;
  /** What people call the bot. */
  name: string;
  log: Log;
  clock: Clock;
}

/** For both paths. */
export function installListener(options: InstallOptions): RequestListener {
  const { page, log } = options;
  const installer = installerOf(options);
  const callbacks = callbacksOf(options);
  const asked = { scopes: BOT_SCOPES, redirectUri: `${options.publicUrl}${REDIRECT_PATH}` };
  return (request, response) => {
    for (const [name, value] of Object.entries(pages.HEADERS)) response.setHeader(name, value);
    const path = request.url?.split("?")[0];
    if (request.method !== "GET") return void response.writeHead(405, { allow: "GET" }).end();
    const handled =
      path === INSTALL_PATH
        ? installer.handleInstallPath(request, response, undefined, asked)
        : installer.handleCallback(request, response, callbacks);
    handled.catch((thrown: unknown) => {
      log.error({ err: thrown }, "slack.install-failed");
      if (!response.headersSent) pages.send(response, 500, page(pages.failed("")));
    });
  };
}

/** Bolt makes it of these options; it is `InstallProvider` of `@slack/oauth`. */
function installerOf(options: InstallOptions) {
  const { clientId, clientSecret, signingSecret, stateSecret, apiUrl, name, log, page } = options;
  const installerOptions: HTTPReceiverOptions["installerOptions"] = {
    authVersion: "v2",
    authorizationUrl: new URL("/oauth/v2/authorize", apiUrl ?? "https://slack.com").href,
    clientOptions: { ...(apiUrl ? { slackApiUrl: apiUrl } : {}), timeout: 10_000, retryConfig: { retries: 0 } },
    renderHtmlForInstallPath: (address) => page(pages.invitation(name, address)),
  };
  const installationStore = {
    storeInstallation: (given: SlackInstallation) => store(options, given),
    fetchInstallation: () => Promise.reject(new ThreadboxError("internal", "Installations are read elsewhere")),
  };
  const secrets = { clientId, clientSecret, signingSecret, stateSecret };
  const { installer } = new HTTPReceiver({
    ...{ ...secrets, installationStore, installerOptions, scopes: BOT_SCOPES, logger: quietLogger(log) },
  });
  if (!installer) throw new ThreadboxError("internal", "Bolt made no installer");
  return installer;
}

type Callbacks = NonNullable<NonNullable<HTTPReceiverOptions["installerOptions"]>["callbackOptions"]>;

function callbacksOf(options: InstallOptions): Callbacks {
  const { page, log, name } = options;
  return {
    async afterInstallation(given, _asked, _request, response) {
      const { installation, tokens } = read(given, options.clock);
      if (mayInstall(installation, options.install)) return true;
      await revoke(options, tokens.token);
      log.warn({ installation: installation.key, name: installation.name }, "slack.install-refused");
      pages.send(response, 403, page(pages.refused(installation)));
      return false;
    },
    success(given, _asked, _request, response) {
      const { installation } = read(given, options.clock);
      const { key: installed, installedBy: person } = installation;
      log.info({ installation: installed, name: installation.name, person }, "slack.installed");
      pages.send(response, 200, page(pages.installed(name, installation)));
    },
    failure(error, _asked, _request, response) {
      const { status, words } = pages.failure(error);
      log.warn({ code: error.code, detail: detailOf(error) }, "slack.install-failed");
      pages.send(response, status, page(words));
    },
  };
}

async function store({ book, clock, installed }: InstallOptions, given: SlackInstallation): Promise<void> {
  const { installation, tokens } = read(given, clock);
  await book.save(installation, tokens);
  installed();
}

/** What Slack granted, as we keep it. */
function read(given: SlackInstallation, clock: Clock): { installation: Installation; tokens: Tokens } {
  const { team, enterprise, bot, user, appId, isEnterpriseInstall = false } = given;
  const ids = { teamId: team?.id, enterpriseId: enterprise?.id, isEnterpriseInstall };
  const key = installationKey(ids);
  if (!bot || key === null) throw new ThreadboxError("surface.refused", "Slack gave no token for a bot");
  const { token, refreshToken = null, expiresAt } = bot;
  const installation: Installation = {
    ...{ key, team: isEnterpriseInstall ? null : (team?.id ?? null), enterprise: enterprise?.id ?? null },
    name: (isEnterpriseInstall ? enterprise?.name : team?.name) ?? team?.name ?? key,
    ...{ app: appId ?? null, botUser: bot.userId, scopes: bot.scopes, installedBy: user.id },
    installedAt: new Date(clock.now()),
  };
  return { installation, tokens: { token, refreshToken, expiresAt: expiresAt ? new Date(expiresAt * 1_000) : null } };
}

/** Nothing of it is kept in any case; without this the app would stand in their list of apps, and answer nobody. */
async function revoke({ apiUrl, log }: InstallOptions, token: string): Promise<void> {
  const at = apiUrl ? { slackApiUrl: apiUrl } : {};
  const client = new WebClient(token, {
    ...at,
    timeout: 10_000,
    retryConfig: { retries: 0 },
    logger: quietLogger(log),
  });
  await client.auth.revoke().catch((thrown: unknown) => {
    log.warn({ err: toSlackFailure(thrown) }, "slack.token-not-revoked");
  });
}

/** One line, and never what the browser has sent. */
function detailOf(error: Error): string {
  return error instanceof ThreadboxError ? error.detail : error.name;
}
