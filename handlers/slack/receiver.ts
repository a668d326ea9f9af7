/** Slack, the way in: one Bolt app over HTTP or Socket Mode. Either way Slack is acknowledged only after `inbox.receive` has committed. */
import { App, type Receiver } from "@slack/bolt";
import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import type { Clock } from "../../src/clock.ts";
import type { FeedbackBook } from "../../src/core/feedback.ts";
import type { Places } from "../../src/core/places.ts";
import type { Inbox } from "../../src/core/types.ts";
import { ThreadboxError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import { call, quietLogger, slackClients, toSlackFailure } from "../../src/surfaces/slack-calls.ts";
import { isInChannel } from "../../src/surfaces/slack-place.ts";
import type { Us } from "./envelope.ts";
import { httpReceiver, type RequestListener } from "./http-receiver.ts";
import { registerSlack, type SlackDeps } from "./register.ts";
import { socketReceiver } from "./socket-receiver.ts";

export interface SlackAppOptions {
  inbox: Inbox;
  places: Places;
  feedback: FeedbackBook;
  config: {
    botToken: string;
    /** HTTP: what Slack signs its requests with. */
    signingSecret?: string | undefined;
    /** Socket Mode: with it nobody needs to reach us. It wins when both are given. */
    appToken?: string | undefined;
    apiUrl?: string | undefined;
    /** What people call the bot. */
    name: string;
  };
  log: Log;
  clock: Clock;
}

export interface SlackApp {
  /** For `POST /slack/events`; the body must not have been read. Absent in Socket Mode. */
  listener?: RequestListener;
  /** Asks Slack who we are, and throws when the token is refused. In Socket Mode it connects. */
  start(): Promise<void>;
  /** Resolves when what came in is stored. */
  stop(): Promise<void>;
}

export function slackApp({ inbox, places, feedback, config, log: parentLog, clock }: SlackAppOptions): SlackApp {
  const log = parentLog.child({ surface: "slack" });
  const { reads, progress } = slackClients({ token: config.botToken, apiUrl: config.apiUrl }, log);
  const us = identity(config, reads);
  const deps: SlackDeps = {
    ...{ inbox, places, feedback },
    us,
    isInChannel: (channel) => isInChannel(reads, channel),
    openForm: async (trigger, view) => void (await call(() => progress.views.open({ trigger_id: trigger, view }))),
    name: config.name,
    log,
  };
  if (config.appToken) {
    const receiver = socketReceiver({ appToken: config.appToken, apiUrl: config.apiUrl, clock, log });
    const app = boltApp(receiver, deps);
    return {
      async start() {
        await introduce(us, log);
        await app.start();
      },
      stop: async () => void (await app.stop()),
    };
  }
  if (!config.signingSecret) {
    throw new ThreadboxError("config.invalid", "Slack needs SLACK_SIGNING_SECRET, or SLACK_APP_TOKEN for Socket Mode");
  }
  const { receiver, listener } = httpReceiver(config.signingSecret, log);
  boltApp(receiver, deps);
  return { listener, start: () => introduce(us, log), async stop() {} };
}

function boltApp(receiver: Receiver, deps: SlackDeps): App {
  const app = new App({
    receiver,
    logger: quietLogger(deps.log),
    // Bolt's own check of the token keeps a failure for ever, and crashes the process when nobody waits for it.
    authorize: async () => {
      const { botId, userId } = await deps.us();
      return { botId, botUserId: userId };
    },
    convoStore: false, // an in-memory map that never forgets
    ignoreSelf: false, // the handlers do that, and say so
  });
  // Bolt's own handler logs, and then throws; the receivers log what reaches them.
  app.error(async (error) => {
    throw error;
  });
  registerSlack(app, deps);
  return app;
}

const Identity = z.object({ user_id: z.string(), bot_id: z.string(), team_id: z.string(), url: z.string() });

/** Asked once, kept when it was answered. */
function identity(config: SlackAppOptions["config"], reads: WebClient): () => Promise<Us> {
  let known: Promise<Us> | null = null;
  const ask = async (): Promise<Us> => {
    const { user_id, bot_id, team_id, url } = Identity.parse(await call(() => reads.auth.test()));
    return { userId: user_id, botId: bot_id, teamId: team_id, url, name: config.name };
  };
  return () => {
    known ??= ask().catch((thrown) => {
      known = null;
      throw toSlackFailure(thrown);
    });
    return known;
  };
}

async function introduce(us: () => Promise<Us>, log: Log): Promise<void> {
  try {
    const { userId, teamId } = await us();
    log.info({ bot: userId, team: teamId }, "slack.ready");
  } catch (thrown) {
    const failure = toSlackFailure(thrown);
    if (failure.code === "surface.unauthorized") throw failure;
    log.warn({ err: failure }, "slack.unreachable"); // each event asks again
  }
}
