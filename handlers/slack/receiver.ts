/** Slack, the way in: one Bolt app over HTTP or Socket Mode. Either way Slack is acknowledged only after `inbox.receive` has committed. */
import { App, type Receiver } from "@slack/bolt";
import type { Clock } from "../../src/clock.ts";
import type { FeedbackBook } from "../../src/core/feedback.ts";
import type { Inbox } from "../../src/core/incoming.ts";
import type { Places } from "../../src/core/places.ts";
import { ThreadboxError, toThreadboxError } from "../../src/errors.ts";
import type { InstallationBook } from "../../src/installation.ts";
import type { Log } from "../../src/log.ts";
import { isAdmin } from "../../src/surfaces/slack-admins.ts";
import { call, quietLogger, toSlackFailure } from "../../src/surfaces/slack-calls.ts";
import type { SlackInstallations } from "../../src/surfaces/slack-installations.ts";
import { isInChannel } from "../../src/surfaces/slack-place.ts";
import { type HomeDeps, type HomePorts, slackHome } from "./home.ts";
import { httpReceiver, type RequestListener } from "./http-receiver.ts";
import { type InstallOptions, installListener } from "./install.ts";
import { registerSlack, type SlackDeps } from "./register.ts";
import { ofSetting, socketReceiver } from "./socket-receiver.ts";
import { dropUninstalled, onUninstalled } from "./uninstalled.ts";
import { manyWorkspaces, oneWorkspace, type Workspaces } from "./workspaces.ts";

export interface SlackAppOptions {
  inbox: Inbox;
  places: Places;
  feedback: FeedbackBook;
  config: {
    /** Of the one workspace; null where there is `oauth`. */
    botToken: string | null;
    /** HTTP: what Slack signs its requests with. */
    signingSecret?: string | undefined;
    /** Socket Mode: with it nobody needs to reach us. It wins when both are given. */
    appToken?: string | undefined;
    apiUrl?: string | undefined;
    /** What people call the bot. */
    name: string;
  };
  /** Where several workspaces install the app, each by itself. */
  oauth?: SlackOAuth | undefined;
  /** Names of the repositories that can be chosen. */
  repositories?: readonly string[] | undefined;
  /** Left out where nothing is kept of people. */
  home?: HomePorts | undefined;
  log: Log;
  clock: Clock;
}

export interface SlackOAuth
  extends Pick<InstallOptions, "clientId" | "clientSecret" | "stateSecret" | "publicUrl" | "install" | "page"> {
  book: InstallationBook;
  installations: SlackInstallations;
}

export interface SlackApp {
  /** For `POST /slack/events`; the body must not have been read. Absent in Socket Mode. */
  listener?: RequestListener;
  /** For `GET /slack/install` and `GET /slack/oauth_redirect`. Absent with one workspace. */
  install?: RequestListener;
  /** Asks Slack who we are, and throws when the token is refused. In Socket Mode it connects. */
  start(): Promise<void>;
  /** Resolves when what came in is stored. */
  stop(): Promise<void>;
}

export function slackApp(options: SlackAppOptions): SlackApp {
  const { config, oauth, clock } = options;
  const log = options.log.child({ surface: "slack" });
  const workspaces = workspacesOf(options, log);
  const deps = depsOf(options, workspaces, log);
  const { home } = deps;
  if (config.appToken) {
    const receiver = socketReceiver({ appToken: config.appToken, apiUrl: config.apiUrl, clock, log });
    const app = boltApp(receiver, deps);
    return {
      async start() {
        await introduce(workspaces, log);
        await app.start();
      },
      async stop() {
        await app.stop();
        await home?.idle();
      },
    };
  }
  const { signingSecret } = config;
  if (!signingSecret) {
    throw new ThreadboxError("config.invalid", "Slack needs SLACK_SIGNING_SECRET, or SLACK_APP_TOKEN for Socket Mode");
  }
  const { receiver, listener } = httpReceiver(signingSecret, log);
  boltApp(receiver, deps, oauth ? dropUninstalled : undefined);
  if (!oauth) return { listener, start: () => introduce(workspaces, log), stop: async () => home?.idle() };
  const { apiUrl, name } = config;
  const install = installListener({ ...oauth, signingSecret, apiUrl, name, installed: workspaces.forget, log, clock });
  return { listener, install, start: () => countInstallations(oauth, log), stop: async () => home?.idle() };
}

function workspacesOf({ config, oauth, clock }: SlackAppOptions, log: Log): Workspaces {
  const { botToken: token, apiUrl, name } = config;
  if (oauth) return manyWorkspaces({ installations: oauth.installations, apiUrl, name, clock, log });
  if (!token) throw new ThreadboxError("config.invalid", "Slack needs SLACK_BOT_TOKEN, or SLACK_CLIENT_ID");
  return oneWorkspace({ token, apiUrl, name, clock, log });
}

function depsOf(options: SlackAppOptions, workspaces: Workspaces, log: Log): SlackDeps {
  const { inbox, places, feedback, config, oauth, repositories = [], clock } = options;
  // A page that could not be shown is shown when it is opened again, so nothing waits for Slack.
  const page: Pick<HomeDeps, "publish" | "isAdmin"> = {
    async publish(user, view, at) {
      const { progress } = await workspaces.at(at);
      await call(() => progress.views.publish({ user_id: user, view }));
    },
    isAdmin: async (person, at) => isAdmin((await workspaces.at(at)).reads, person, log),
  };
  return {
    ...{ inbox, places, feedback },
    us: async (at) => (await workspaces.at(at)).us,
    isInChannel: async (channel, at) => isInChannel((await workspaces.at(at)).reads, channel),
    async openForm(trigger, view, at) {
      const { progress } = await workspaces.at(at);
      await call(() => progress.views.open({ trigger_id: trigger, view }));
    },
    async uninstalled(body, at) {
      const ending = await onUninstalled(body, at, oauth?.book ?? null);
      workspaces.forget();
      return ending;
    },
    name: config.name,
    repositories,
    home: options.home && slackHome({ ...options.home, ...page, inbox, clock, log }),
    log,
  };
}

function boltApp(receiver: Receiver, deps: SlackDeps, before?: (app: App, deps: SlackDeps) => void): App {
  const app = new App({
    receiver,
    logger: quietLogger(deps.log),
    // Bolt's own check of the token keeps a failure for ever, and crashes the process when nobody waits for it. Our handlers ask who we
    // are, and Bolt's own client is not used.
    authorize: async () => ({}),
    convoStore: false, // an in-memory map that never forgets
    ignoreSelf: false, // the handlers do that, and say so
  });
  // Bolt's own handler logs, and then throws; the receivers log what reaches them.
  app.error(async (error) => {
    throw error;
  });
  before?.(app, deps);
  registerSlack(app, deps);
  return app;
}

async function introduce(workspaces: Workspaces, log: Log): Promise<void> {
  try {
    const { userId, teamId } = (await workspaces.at({})).us;
    log.info({ bot: userId, team: teamId }, "slack.ready");
  } catch (thrown) {
    const failure = toSlackFailure(thrown);
    if (failure.code === "surface.unauthorized") throw ofSetting("SLACK_BOT_TOKEN", failure);
    log.warn({ err: failure }, "slack.unreachable"); // each event asks again
  }
}

async function countInstallations({ book, install }: SlackOAuth, log: Log): Promise<void> {
  const installations = (await book.list()).map(({ key }) => key);
  log.info({ installations }, "slack.ready");
  for (const key of installations)
    await book.tokens(key).catch((thrown: unknown) => {
      const { code, detail, remedy } = toThreadboxError(thrown);
      log.error({ installation: key, code, detail, remedy }, "slack.not-served");
    });
  if (!install?.length) log.warn({ remedy: "slack.install in threadbox.yml" }, "slack.nobody-may-install");
}
