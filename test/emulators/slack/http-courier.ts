/** Delivers over HTTP as Slack does: signed, answered with 2xx within three seconds, else tried up to three times more. */
import { createHmac } from "node:crypto";
import { request as startRequest } from "node:http";
import type { Clock } from "../../../src/clock.ts";
import type { Attempt, Courier, Delivery, DeliveryFault, RetryReason } from "./deliveries.ts";
import type { Faults } from "./faults.ts";
import type { RequestLog } from "./request-log.ts";
import type { Json, TheApp } from "./types.ts";

/** `immediate` for tests; `like-slack` waits on the emulator's clock: at once, a minute, five minutes. */
export type RetryStyle = "immediate" | "like-slack" | "never";

export interface HttpCourierOptions {
  app: TheApp;
  clock: Clock;
  faults: Faults;
  log: RequestLog;
  url(): string | undefined;
  retry: RetryStyle;
  ackWithinMs: number;
  /** Wakes those who wait for a condition. */
  changed(): void;
  /** Aborted when the emulator closes. */
  closing: AbortSignal;
}

interface Reply {
  status?: number;
  failure?: RetryReason;
  body: string;
  noRetry: boolean;
}

const retryDelaysMs = [0, 60_000, 300_000];

export function httpCourier(options: HttpCourierOptions): Courier {
  return {
    async carry(delivery) {
      // Only events are repeated; a press of a button shows the person a warning instead.
      const tries = delivery.kind === "event" && options.retry !== "never" ? 1 + retryDelaysMs.length : 1;
      for (let retryNum = 0; retryNum < tries && !options.closing.aborted; retryNum += 1) {
        const delayMs = options.retry === "like-slack" ? (retryDelaysMs[retryNum - 1] ?? 0) : 0;
        if (delayMs > 0) {
          delivery.waits = true;
          await pause(options, delayMs);
          delivery.waits = false;
        }
        const url = options.url();
        if (!url || options.closing.aborted) return;
        if (await attempt(options, url, delivery, retryNum)) return;
      }
    },
  };
}

/** Slack's question whether somebody at the address knows the app: true when the challenge came back. */
export async function verifyUrl(options: HttpCourierOptions, url: string): Promise<boolean> {
  const challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P";
  const payload = { token: options.app.verificationToken, challenge, type: "url_verification" };
  const reply = await send(
    options,
    url,
    { contentType: "application/json", body: JSON.stringify(payload), retry: {} },
    undefined,
  );
  note(options, "OUT POST url_verification", payload, reply);
  return reply.status === 200 && reply.body.includes(challenge);
}

/** One try. True when there is nothing more to do. */
async function attempt(
  options: HttpCourierOptions,
  url: string,
  delivery: Delivery,
  retryNum: number,
): Promise<boolean> {
  const before = delivery.attempts.at(-1);
  const retryReason = retryNum > 0 ? (before?.failure ?? "unknown_error") : undefined;
  const retry = retryReason ? { "x-slack-retry-num": String(retryNum), "x-slack-retry-reason": retryReason } : {};
  const fault = options.faults.takeDelivery();
  const startedAt = performance.now();
  const reply = await send(options, url, { ...encoded(delivery), retry }, fault);
  const failure = reply.failure ?? (isSuccess(reply.status) ? undefined : "http_error");
  const made: Attempt = { retryNum, ms: performance.now() - startedAt, body: reply.body };
  if (retryReason) made.retryReason = retryReason;
  if (reply.status !== undefined) made.status = reply.status;
  if (failure) made.failure = failure;
  delivery.attempts.push(made);
  delivery.acknowledged = !failure;
  note(options, `OUT POST ${delivery.kind}`, delivery.payload, reply);
  return !failure || reply.noRetry;
}

function encoded(delivery: Delivery): { contentType: string; body: string } {
  if (delivery.kind === "event") return { contentType: "application/json", body: JSON.stringify(delivery.payload) };
  const fields =
    delivery.kind === "command" ? strings(delivery.payload) : { payload: JSON.stringify(delivery.payload) };
  return { contentType: "application/x-www-form-urlencoded", body: new URLSearchParams(fields).toString() };
}

interface Parcel {
  contentType: string;
  body: string;
  retry: Record<string, string>;
}

function send(
  options: HttpCourierOptions,
  url: string,
  parcel: Parcel,
  fault: DeliveryFault | undefined,
): Promise<Reply> {
  if (fault && "lose" in fault) return Promise.resolve({ failure: "connection_failed", body: "", noRetry: false });
  return new Promise((resolve) => {
    // A connection for each: a kept one would outlive the app's server.
    const request = startRequest(url, { method: "POST", agent: false, signal: options.closing });
    const giveUp = options.clock.after(options.ackWithinMs, () =>
      finish({ failure: "http_timeout", body: "", noRetry: false }),
    );
    const finish = (reply: Reply): void => {
      giveUp();
      resolve(fault && "loseAnswer" in fault ? { failure: "http_timeout", body: "", noRetry: false } : reply);
      request.destroy();
    };
    request.on("error", () => finish({ failure: "connection_failed", body: "", noRetry: false }));
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", () => finish({ failure: "connection_failed", body: "", noRetry: false }));
      response.on("end", () => {
        const noRetry = response.headers["x-slack-no-retry"] === "1";
        finish({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString(), noRetry });
      });
    });
    for (const [name, value] of Object.entries(headers(options.app, parcel, fault))) request.setHeader(name, value);
    request.end(parcel.body);
  });
}

function headers(app: TheApp, parcel: Parcel, fault: DeliveryFault | undefined): Record<string, string> {
  const stale = fault && "staleBySeconds" in fault ? fault.staleBySeconds : 0;
  // Real time, whatever the emulator's clock says: the receiver compares it with its own.
  const timestamp = String(Math.floor(Date.now() / 1000) - stale);
  const secret = fault && "badSignature" in fault ? "somebody-else" : app.signingSecret;
  const signature = createHmac("sha256", secret).update(`v0:${timestamp}:${parcel.body}`).digest("hex");
  return {
    "content-type": parcel.contentType,
    "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
    "x-slack-request-timestamp": timestamp,
    "x-slack-signature": `v0=${signature}`,
    ...parcel.retry,
  };
}

function note(options: HttpCourierOptions, route: string, args: Json, reply: Reply): void {
  options.log.add({ route, args, atMs: options.clock.now(), status: reply.status ?? 0, ok: isSuccess(reply.status) });
}

function isSuccess(status: number | undefined): boolean {
  return status !== undefined && status >= 200 && status < 300;
}

function strings(fields: Json): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, String(value)]));
}

function pause(options: HttpCourierOptions, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const callOff = options.clock.after(ms, resolve);
    options.closing.addEventListener("abort", () => {
      callOff();
      resolve();
    });
    // Only now: who waits for an attempt to fail may wind the clock at once.
    options.changed();
  });
}
