/** The vendor's own clients, set up against the emulator: what its tests drive it with. */
import type { TestContext } from "node:test";
import { App, HTTPReceiver, type HTTPReceiverOptions, type Logger, LogLevel, SocketModeReceiver } from "@slack/bolt";
import { WebClient, type WebClientOptions } from "@slack/web-api";
import { type SlackEmulator, type SlackOptions, startSlack } from "../slack.ts";

/** Bolt and the WebClient log what tests provoke on purpose; this keeps it off the screen. */
export const quiet: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  setLevel: () => {},
  getLevel: () => LogLevel.ERROR,
  setName: () => {},
};

/** What has to end before an emulator does: a Bolt that loses Slack for good tries for half a minute to come back. */
const clientsOf = new WeakMap<SlackEmulator, (() => Promise<unknown>)[]>();

/** Closed when the test ends. */
export async function startFor(t: TestContext, options: SlackOptions = {}): Promise<SlackEmulator> {
  const slack = await startSlack(options);
  const clients: (() => Promise<unknown>)[] = [];
  clientsOf.set(slack, clients);
  t.after(async () => {
    for (const stop of clients) await stop();
    await slack.close();
  });
  return slack;
}

/** Without retries, so that a test sees the first answer. */
export function clientOf(slack: SlackEmulator, options: WebClientOptions = {}, token = slack.app.botToken): WebClient {
  return new WebClient(token, { slackApiUrl: slack.apiUrl, logger: quiet, retryConfig: { retries: 0 }, ...options });
}

/** The error code of a refused call, or `ok`. */
export async function outcome(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => "ok",
    (error) => error.data?.error ?? error.code,
  );
}

/** Bolt behind an HTTP address that the emulator delivers to. */
export async function boltOverHttp(slack: SlackEmulator, options: Partial<HTTPReceiverOptions> = {}): Promise<App> {
  const receiver = new HTTPReceiver({ signingSecret: slack.app.signingSecret, logger: quiet, ...options });
  const app = new App({ ...appOptions(slack), receiver });
  // Bolt hands these to `listen` as they are; with a number alone it would be open to the network.
  const server = await receiver.start({ port: 0, host: "127.0.0.1" });
  clientsOf.get(slack)?.push(() => receiver.stop());
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("Bolt listens on no port");
  slack.deliverTo(`http://127.0.0.1:${address.port}/slack/events`);
  return app;
}

/** Bolt in Socket Mode. It waits as long as `clientPingTimeout` before it comes back after a lost line. */
export async function boltOverSocket(slack: SlackEmulator): Promise<App> {
  const receiver = new SocketModeReceiver({
    appToken: slack.app.appToken,
    logger: quiet,
    clientPingTimeout: 500,
    installerOptions: { clientOptions: { slackApiUrl: slack.apiUrl } },
  });
  const app = new App({ ...appOptions(slack), receiver });
  await app.start();
  clientsOf.get(slack)?.push(async () => {
    // Bolt does not wait for its own goodbye.
    await app.stop();
    await slack.until(() => slack.socket.connections() === 0);
  });
  return app;
}

/** With the bot's ids given Bolt asks nobody at its start. */
function appOptions(slack: SlackEmulator) {
  const { botToken: token, botId, botUserId } = slack.app;
  const clientOptions = { slackApiUrl: slack.apiUrl, logger: quiet };
  return { token, botId, botUserId, clientOptions, convoStore: false as const, logger: quiet };
}
