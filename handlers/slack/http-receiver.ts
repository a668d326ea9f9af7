/** Slack over HTTP: Bolt checks the signature, and answers only after the mention is stored. What fails is answered 500, and Slack asks again. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { HTTPReceiver, HTTPReceiverDeferredRequestError } from "@slack/bolt";
import type { Log } from "../../src/log.ts";
import { quietLogger } from "../../src/surfaces/slack-calls.ts";

export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

const PATH = "/slack/events";
/** Slack's largest payloads are a few hundred kilobytes. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** How far Slack's clock and ours may be apart. Bolt holds the same against the past. */
const MAX_AHEAD_SECONDS = 5 * 60;

export function httpReceiver(signingSecret: string, log: Log): { receiver: HTTPReceiver; listener: RequestListener } {
  const receiver = new HTTPReceiver({
    signingSecret,
    endpoints: PATH,
    bodyLimit: MAX_BODY_BYTES,
    logger: quietLogger(log),
    // Bolt acknowledges events before the listener runs, so a crash would lose the mention for good. This holds the 200 until it is done.
    processBeforeResponse: true,
    async processEventErrorHandler({ error, response }) {
      if (response.headersSent) return true; // too late for this one, see below
      log.error({ err: error }, "slack.not-stored");
      response.writeHead(500).end();
      return true;
    },
    // Three seconds are over: Slack has shown the person a warning already, and a button is not delivered again.
    unhandledRequestHandler({ response }) {
      log.warn("slack.not-acknowledged");
      if (!response.headersSent) response.writeHead(503).end();
    },
  });
  return { receiver, listener: (request, response) => listen(receiver, log, request, response) };
}

function listen(receiver: HTTPReceiver, log: Log, request: IncomingMessage, response: ServerResponse): void {
  if (isFromTheFuture(request)) {
    log.warn({ says: "the timestamp lies in the future" }, "slack.unsigned");
    response.writeHead(401).end();
    return;
  }
  try {
    receiver.requestListener(request, response);
  } catch (thrown) {
    // Bolt throws on other paths and methods, for the sake of routers that try the next one.
    if (!(thrown instanceof HTTPReceiverDeferredRequestError)) throw thrown;
    response.writeHead(404).end();
  }
}

/** Bolt refuses old timestamps only: a request signed for tomorrow could be replayed until tomorrow. In real time, as Bolt does. */
function isFromTheFuture(request: IncomingMessage): boolean {
  const seconds = Number(request.headers["x-slack-request-timestamp"]);
  return seconds > Date.now() / 1_000 + MAX_AHEAD_SECONDS;
}
