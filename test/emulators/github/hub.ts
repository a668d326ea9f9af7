/** The one object that every part of the emulator is handed: its state, its clock, and the way out for webhooks. */
import type { WebhookEventMap, WebhookEventName } from "@octokit/webhooks-types";
import type { Clock } from "../../../src/clock.ts";
import type { FaultBook } from "./faults.ts";
import type { Limits } from "./limits.ts";
import type { ManifestCodes } from "./manifest.ts";
import type { SignIns } from "./sign-in.ts";
import type {
  Account,
  App,
  By,
  Comment,
  Delivery,
  Hook,
  Installation,
  Issue,
  PullIssue,
  Repository,
  ReviewComment,
  Token,
} from "./state.ts";

export interface Hub {
  /** Where people and git go, without a slash at the end. */
  url: string;
  apiUrl: string;
  clock: Pick<Clock, "now">;
  /** App JWTs are made by libraries that read the wall clock, so they are held against this one. */
  jwtNow: () => number;
  /** Holds the bare repositories; gone after `close`. */
  directory: string;
  accounts: Map<string, Account>;
  repositories: Repository[];
  apps: App[];
  repositoryHooks: Hook[];
  tokens: Map<string, Token>;
  signIns: SignIns;
  manifestCodes: ManifestCodes;
  webhooks: Webhooks;
  faults: FaultBook;
  limits: Limits;
  nextId(kind: IdKind): number;
  /** Told after every change, so that whoever waits for something looks again. */
  changed(): void;
}

/** What every payload has, whatever it tells of. */
type Shared = "repository" | "sender" | "installation" | "organization";
/** What an event adds to that. */
export type Own<E> = E extends unknown ? Omit<E, Shared> : never;

export interface Webhooks {
  /** Tells every hook that wants it. Rendered now, delivered in the background. */
  emit<E extends WebhookEventName>(
    event: E,
    about: { repository: Repository; by: By },
    own: Own<WebhookEventMap[E]>,
  ): void;
  /** To one hook, whatever it is subscribed to: ping, installation. */
  send(hook: Hook, event: string, payload: Record<string, unknown>, installation: Installation | null): void;
  redeliver(delivery: Delivery): Promise<Delivery>;
  /** Every attempt that is over, oldest first. */
  deliveries: Delivery[];
  /** Runs something and waits for the deliveries that it caused, and only those. */
  during<T>(work: () => Promise<T> | T): Promise<{ result: T; deliveries: Delivery[] }>;
  settled(): Promise<void>;
  close(): Promise<void>;
}

// Comment ids start beyond 32 bits, as on GitHub today. Issue comments and review comments count in the same range
// on purpose: whoever mixes the two id spaces up finds the wrong comment here.
const FIRST_ID = {
  account: 5_000_001,
  app: 1_200_001,
  installation: 60_000_001,
  repository: 900_000_001,
  issue: 2_500_000_001,
  pull: 2_300_000_001,
  comment: 3_100_000_001,
  reviewComment: 3_100_000_001,
  review: 2_900_000_001,
  label: 7_000_000_001,
  reaction: 250_000_001,
  event: 15_000_000_001,
  suite: 40_000_000_001,
  run: 41_000_000_001,
  status: 42_000_000_001,
  hook: 520_000_001,
  delivery: 190_000_000_001,
};
export type IdKind = keyof typeof FIRST_ID;

export function idCounter(): (kind: IdKind) => number {
  const next = new Map<IdKind, number>();
  return (kind) => {
    const id = next.get(kind) ?? FIRST_ID[kind];
    next.set(kind, id + 1);
    return id;
  };
}

/** GitHub's times have whole seconds. */
export function timestamp(hub: Hub): string {
  return new Date(hub.clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
}

export function fullName(repository: Repository): string {
  return `${repository.owner.login}/${repository.name}`;
}

export function findRepository(hub: Hub, name: string): Repository | undefined {
  const wanted = name.toLowerCase();
  return hub.repositories.find((repository) => fullName(repository).toLowerCase() === wanted);
}

/** A renamed repository still answers to its old name. */
export function formerly(hub: Hub, name: string): Repository | undefined {
  return hub.repositories.find((one) => one.formerNames.includes(name.toLowerCase()));
}

export function findAccount(hub: Hub, login: string): Account | undefined {
  return hub.accounts.get(login.toLowerCase());
}

export function isPull(issue: Issue): issue is PullIssue {
  return issue.pull !== null;
}

export function openPulls(repository: Repository): PullIssue[] {
  return [...repository.issues.values()].filter(isPull).filter((issue) => issue.state === "open");
}

/** The comment, with the issue that it stands in. */
export function findComment(repository: Repository, id: number): { issue: Issue; comment: Comment } | undefined {
  for (const issue of repository.issues.values()) {
    const comment = issue.comments.find((one) => one.id === id);
    if (comment) return { issue, comment };
  }
  return undefined;
}

export function findReviewComment(
  repository: Repository,
  id: number,
): { issue: PullIssue; comment: ReviewComment } | undefined {
  for (const issue of [...repository.issues.values()].filter(isPull)) {
    const comment = issue.pull.reviewComments.find((one) => one.id === id);
    if (comment) return { issue, comment };
  }
  return undefined;
}

export function asUser(account: Account): By {
  return { account, app: null };
}
