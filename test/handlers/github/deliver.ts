/** Signed deliveries to the real route, made like GitHub's, and an inbox that writes down what it gets. */
import { Webhooks } from "@octokit/webhooks";
import { pino } from "pino";
import { type GitHubWebhookOptions, githubWebhooks } from "../../../handlers/github/webhooks.ts";
import type { KeyLink, Receipt } from "../../../src/core/incoming.ts";
import type { NewMention } from "../../../src/core/types.ts";
import { handWoundClock } from "../../clock.ts";

export const SECRET = "it is a secret to everybody";

export interface Door {
  /** Status and body of the answer. */
  deliver(event: string, payload: unknown, wish?: DeliveryWish): Promise<[number, unknown]>;
  send(request: Request): Promise<[number, unknown]>;
  mentions: NewMention[];
  links: KeyLink[];
  /** Keys of pull requests that may have changed. */
  stirs: string[][];
  lines: Record<string, unknown>[];
}

export interface DeliveryWish {
  /** Instead of the true headers; null leaves one out. */
  headers?: Record<string, string | null>;
  /** The body as it is sent, when it is not the payload's JSON. */
  raw?: string;
  /** Signed with this instead of the true secret. */
  secret?: string;
}

export function openDoor(
  options: Partial<GitHubWebhookOptions> & { receipt?: Receipt | Error; follows?: string | null } = {},
): Door {
  const { receipt = { is: "accepted", session: "s1", mention: "m1" }, follows = null, ...more } = options;
  const stirs: string[][] = [];
  const [mentions, links, lines]: [NewMention[], KeyLink[], Record<string, unknown>[]] = [[], [], []];
  const take = async <T>(into: T[], what: T): Promise<Receipt> => {
    into.push(what);
    if (receipt instanceof Error) throw receipt;
    return receipt;
  };
  const handle = githubWebhooks({
    inbox: { receive: (mention) => take(mentions, mention), link: (link) => take(links, link) },
    pullRequests: {
      async stirred(keys, onto) {
        stirs.push(onto ? [...keys, `onto ${onto.repository}:${onto.name}`] : keys);
        return follows;
      },
    },
    secret: SECRET,
    name: "threadbox",
    self: async () => ({ id: 78, login: "acme-coder[bot]" }),
    log: pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
    clock: handWoundClock(),
    ...more,
  });
  const send = async (request: Request): Promise<[number, unknown]> => {
    const response = await handle(request);
    return [response.status, await response.json()];
  };
  return {
    ...{ mentions, links, stirs, lines, send },
    deliver: async (event, payload, wish = {}) => send(await requestFor(event, payload, wish)),
  };
}

export async function requestFor(event: string, payload: unknown, wish: DeliveryWish = {}): Promise<Request> {
  const raw = wish.raw ?? JSON.stringify(payload);
  const signer = new Webhooks({ secret: wish.secret ?? SECRET });
  const headers = new Headers({
    "content-type": "application/json",
    "x-github-event": event,
    "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    "x-hub-signature-256": raw === "" ? "sha256=0" : await signer.sign(raw),
  });
  for (const [name, value] of Object.entries(wish.headers ?? {})) {
    if (value === null) headers.delete(name);
    else headers.set(name, value);
  }
  return new Request("http://bot/github/webhooks", { method: "POST", headers, body: raw });
}
