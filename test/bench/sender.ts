/**
 * Sends on a fixed schedule, whatever comes back when (open loop): a bot that stalls does not slow its sender down, and every
 * request that had to wait meanwhile counts with its wait. So each time is taken from when the request was due.
 */
import { createHmac } from "node:crypto";
import { Agent, request as startRequest } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { answerParent } from "./child.ts";

export interface Parcel {
  headers: Record<string, string>;
  body: string;
}

export interface Order {
  /** In turns, where there are several. */
  urls: string[];
  parcels: Parcel[];
  perSecond: number;
  /** Slack's signature holds the time, so it is made when the request goes out. GitHub's is in the headers already. */
  slackSecret: string | null;
}

export interface Sent {
  /** From when each was due to the first byte of its answer. */
  ackedAfterMs: number[];
  /** From when each was due to when it went out: how good the sender itself is. */
  lateMs: number[];
  /** How often each status was answered; 0 stands for no answer. */
  statuses: Record<number, number>;
}

/** For the timers of the first requests to be set before they are due. */
const LEAD_MS = 50;

async function send({ urls, parcels, perSecond, slackSecret }: Order): Promise<Sent> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const sent: Sent = { ackedAfterMs: [], lateMs: [], statuses: {} };
  const beginAt = performance.now() + LEAD_MS;
  const underWay: Promise<void>[] = [];
  for (const [index, parcel] of parcels.entries()) {
    const dueAt = beginAt + (index * 1_000) / perSecond;
    // Behind schedule nothing waits: what is due goes out at once.
    const waitMs = dueAt - performance.now();
    if (waitMs > 0) await pause(waitMs);
    // Timers fire a fraction of a millisecond early, too.
    const from = Math.min(dueAt, performance.now());
    sent.lateMs.push(performance.now() - from);
    underWay.push(
      post(urls[index % urls.length] ?? "", agent, slackSecret === null ? parcel : signed(parcel, slackSecret)).then(
        (status) => {
          sent.ackedAfterMs.push(performance.now() - from);
          sent.statuses[status] = (sent.statuses[status] ?? 0) + 1;
        },
      ),
    );
  }
  await Promise.all(underWay);
  agent.destroy();
  return sent;
}

function signed({ headers, body }: Parcel, secret: string): Parcel {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex");
  const own = { "x-slack-request-timestamp": timestamp, "x-slack-signature": `v0=${signature}` };
  return { headers: { ...headers, ...own }, body };
}

/** Resolves with the status as soon as it is there. */
function post(url: string, agent: Agent, { headers, body }: Parcel): Promise<number> {
  return new Promise((resolve) => {
    const request = startRequest(url, { method: "POST", agent, headers });
    request.on("response", (response) => {
      resolve(response.statusCode ?? 0);
      response.resume();
    });
    request.on("error", () => resolve(0));
    request.end(body);
  });
}

const tasks = { send };
export type SenderTasks = typeof tasks;
answerParent(tasks);
