/** What is done with an event of GitHub's, whether it was just delivered or is fetched from the App's log: outcome -> inbox -> verdict. */
import { ZodError, z } from "zod";
import type { Clock } from "../../src/clock.ts";
import type { Hints, Inbox, Receipt } from "../../src/core/incoming.ts";
import type { Log } from "../../src/log.ts";
import { guarded, whyNotHere } from "./guard.ts";
import { type Bot, type IgnoredReason, ignored as noted, type Opened, type Outcome, type Stir } from "./outcome.ts";
import { shapeOf } from "./payloads.ts";
import { type GitHubHandler, githubHandlers, handlerOf } from "./register.ts";

export interface GitHubEventOptions {
  inbox: Inbox;
  /** Where hints of changes go; nowhere when it is left out. */
  pullRequests?: Hints;
  /** What people call us, without the `@`. */
  name: string;
  /** Our account, whose login people may write instead of the name: `slug[bot]` of the App. */
  self?: () => Promise<{ id: number; login: string }>;
  /** See `Bot`. */
  labels?: Readonly<Record<string, string>>;
  allowedBots?: readonly string[];
  assignees?: Readonly<Record<string, string>>;
  owners?: readonly string[] | undefined;
  apps?: readonly string[];
  log: Log;
  clock: Clock;
}

/** What is answered, and what the one log line says. */
export interface Verdict {
  status: number;
  body: Record<string, unknown>;
  log: Record<string, unknown>;
}

/** Rejects when the inbox did not take it; a 202 means that it has committed. */
export type HandleEvent = (event: string, body: Record<string, unknown>) => Promise<Verdict>;

export function githubEvents(options: GitHubEventOptions): HandleEvent {
  return handle;

  async function handle(event: string, body: Record<string, unknown>): Promise<Verdict> {
    const action = typeof body.action === "string" ? body.action : null;
    if (event === "ping") return ignored("ping", action);
    if (event === "installation" || event === "installation_repositories") return ignored("installation", action);
    if (HANDLED_EVENTS.has(event) && shapeOf(body) !== event) return refused(400, "event-mismatch");
    const handler = handlerOf(event, action);
    if (handler === null) return ignored("event-unsupported", action);
    const outcome = outcomeOf(handler, body, { bot: await knownBot(options), now: options.clock.now() });
    return outcome instanceof ZodError
      ? refused(400, "fields-missing", z.prettifyError(outcome))
      : settle(outcome, action);
  }

  async function settle(outcome: Outcome, action: string | null): Promise<Verdict> {
    switch (outcome.is) {
      case "ignored":
        return ignored(outcome.reason, action);
      case "mention":
        return received(await options.inbox.receive(outcome.mention), action, outcome.mention.dedupe);
      case "link":
        return opened(outcome, action);
      case "stir":
        return stir(outcome, action);
      default:
        return outcome satisfies never;
    }
  }

  /** First whose it is, so that what it asks for finds that session. A second delivery of what broke off in between asks again. */
  async function opened({ link, said }: Opened, action: string | null): Promise<Verdict> {
    const verdict = received(await options.inbox.link(link), action, link.dedupe);
    return said && said.is !== "ignored" ? settle(said, action) : verdict;
  }

  /** What is said with it counts as if it stood alone. */
  async function stir({ keys, onto, said }: Stir, action: string | null): Promise<Verdict> {
    const session = (await options.pullRequests?.stirred(keys, onto)) ?? null;
    if (said && (said.is !== "ignored" || session === null)) return settle(said, action);
    if (session === null) return ignored("nobody-follows", action);
    return { status: 202, body: { stirred: true }, log: { action, outcome: "stirred", session } };
  }
}

const HANDLED_EVENTS = new Set(Object.keys(githubHandlers).map((name) => name.split(".")[0] ?? name));

/** Only what the body lacks is the sender's fault; what fails later is ours. */
function outcomeOf(handler: GitHubHandler, body: unknown, by: { bot: Bot; now: number }): Outcome | ZodError {
  try {
    const reason = whyNotHere(body, by.bot);
    return reason ? noted(reason) : guarded(handler(body, by.bot), body, by);
  } catch (thrown) {
    if (thrown instanceof ZodError) return thrown;
    throw thrown;
  }
}

export const failed = (thrown: unknown): Verdict => ({
  status: 500,
  body: { error: "internal" },
  log: { outcome: "failed", err: thrown },
});

/** GitHub waits ten seconds for us; when it cannot tell meanwhile who we are, the name has to do. */
const SELF_WITHIN_MS = 3_000;

async function knownBot({ name, self, clock, log, ...settings }: GitHubEventOptions): Promise<Bot> {
  const account = await within(clock, SELF_WITHIN_MS, async () => (await self?.()) ?? null).catch((err) => {
    log.warn({ err }, "github.self-unknown");
    return null;
  });
  // A person's token makes us that person: neither a name that calls us nor a sender to be left out.
  const app = account?.login.endsWith("[bot]") ? account : null;
  const { labels = {}, allowedBots = [], assignees = {}, owners, apps = [] } = settings;
  return {
    ...{ names: app ? [name, app.login.slice(0, -"[bot]".length)] : [name], logins: app ? [app.login] : [] },
    ...{ account: app?.id ?? null, labels, allowedBots, assignees, owners, apps },
  };
}

function within<T>(clock: Clock, ms: number, work: () => Promise<T>): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const stop = clock.after(ms, () => resolve(null));
    work().then(resolve, reject).finally(stop);
  });
}

function received(receipt: Receipt, action: string | null, dedupe: string): Verdict {
  switch (receipt.is) {
    case "accepted": {
      const { session, mention } = receipt;
      return {
        status: 202,
        body: { accepted: mention },
        log: { action, outcome: "accepted", session, mention, dedupe },
      };
    }
    case "looking-up": {
      const { mention } = receipt;
      return { status: 202, body: { accepted: mention }, log: { action, outcome: "looking-up", mention, dedupe } };
    }
    case "linked": {
      const { session } = receipt;
      return { status: 202, body: { linked: true }, log: { action, outcome: "linked", session, dedupe } };
    }
    case "duplicate":
      return ignored("duplicate", action);
    case "ignored":
      return ignored(receipt.reason, action);
    default:
      return receipt satisfies never;
  }
}

function ignored(reason: IgnoredReason, action: string | null): Verdict {
  return { status: 202, body: { ignored: reason }, log: { action, outcome: "ignored", ignored: reason } };
}

/** `docs/github.md` explains each of these, under this name. */
export const REFUSED_REASONS = [
  "unsigned",
  "signature-wrong",
  "headers-missing",
  "event-mismatch",
  "fields-missing",
  "not-json",
  "too-large",
] as const;
type RefusedReason = (typeof REFUSED_REASONS)[number];

export function refused(status: 400 | 401 | 413, reason: RefusedReason, detail?: string): Verdict {
  const log = { outcome: "refused", refused: reason, ...(detail === undefined ? {} : { detail }) };
  return { status, body: { error: reason }, log };
}
