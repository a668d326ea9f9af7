/**
 * Slack over Socket Mode, for machines that nobody can reach. Bolt's own receiver acknowledges events before the listener runs, and its
 * client gives up for good, with an unhandled rejection, when one attempt to reconnect meets a closed network. This one acknowledges after
 * the mention is stored, leaves what failed for Slack to deliver again, and comes back for as long as it lives.
 */
import type { App, Receiver, ReceiverEvent } from "@slack/bolt";
import { SocketModeClient } from "@slack/socket-mode";
import type { Clock } from "../../src/clock.ts";
import { ThreadboxError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import { quietLogger, toSlackFailure } from "../../src/surfaces/slack-calls.ts";

export interface SocketOptions {
  appToken: string;
  apiUrl?: string | undefined;
  clock: Clock;
  log: Log;
}

export function socketReceiver(options: SocketOptions): Receiver {
  const { clock, log } = options;
  const client = socketClient(options);
  const underWay = new Set<Promise<void>>();
  let app: App | null = null;
  let isConnected = false;
  let isStopping = false;
  let failures = 0;
  let callOff = () => {};

  client.on("slack_event", (delivery: Delivery) => {
    if (isStopping || app === null) return; // not acknowledged: Slack hands it to the next connection
    const done = handle(app, delivery, log).finally(() => underWay.delete(done));
    underWay.add(done);
  });
  // Slack asks every connection to come back anew after some hours; that is this event too.
  client.on("disconnected", () => {
    if (isConnected && !isStopping) comeBack();
    isConnected = false;
  });

  function comeBack(): void {
    callOff = clock.after(failures === 0 ? 0 : Math.min(MAX_PAUSE_MS, 1_000 * 2 ** (failures - 1)), () => {
      connect().catch((thrown) => {
        log.warn({ err: toSlackFailure(thrown), failures }, "slack.unreachable");
        if (!isStopping) comeBack();
      });
    });
  }

  async function connect(): Promise<void> {
    failures++;
    await client.start();
    failures = 0;
    isConnected = true;
    log.info("slack.connected");
  }

  return {
    init(itsApp) {
      app = itsApp;
    },
    /** Throws when the token is refused. Slack being down is no reason not to start: it comes back. */
    async start() {
      await connect().catch((thrown) => {
        const failure = toSlackFailure(thrown);
        if (failure.code === "surface.unauthorized") throw ofSetting("SLACK_APP_TOKEN", failure);
        log.warn({ err: failure, failures }, "slack.unreachable");
        comeBack();
      });
    },
    async stop() {
      isStopping = true;
      callOff();
      await Promise.all(underWay);
      await client.disconnect();
    },
  };
}

/** Whoever starts the bot has two tokens, and one of them is to be replaced. */
export const ofSetting = (name: string, { code, detail }: ThreadboxError): ThreadboxError =>
  new ThreadboxError(code, `${name}: ${detail}`);

/** However long Slack has been down: half a minute after it is back, so are we. */
const MAX_PAUSE_MS = 30_000;

/** One attempt each time; when to try again is decided above. */
function socketClient({ appToken, apiUrl, log }: SocketOptions): SocketModeClient {
  return new SocketModeClient({
    appToken,
    autoReconnectEnabled: false,
    logger: quietLogger(log),
    clientOptions: { ...(apiUrl ? { slackApiUrl: apiUrl } : {}), timeout: 10_000, retryConfig: { retries: 0 } },
  });
}

interface Delivery {
  body: Record<string, unknown>;
  ack(response?: unknown): Promise<void>;
  retry_num?: number;
}

async function handle(app: App, delivery: Delivery, log: Log): Promise<void> {
  let response: unknown;
  const event: ReceiverEvent = {
    body: delivery.body,
    // Bolt calls this before the listener; Slack hears of it when the listener is through.
    ack: async (given: unknown) => {
      response = given;
    },
    ...(delivery.retry_num ? { retryNum: delivery.retry_num } : {}),
  };
  try {
    await app.processEvent(event);
  } catch (thrown) {
    log.error({ err: thrown }, "slack.not-stored");
    return;
  }
  // Stored, but the line broke: Slack delivers it again, and the second one is a duplicate.
  await delivery.ack(response).catch((thrown) => log.info({ err: thrown }, "slack.not-acknowledged"));
}
