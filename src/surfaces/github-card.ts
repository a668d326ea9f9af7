/**
 * How a pull request stands: itself, the checks of its head, and the last word of each person who may write there. Everybody may review on a
 * public repository, so what others say there is left out. Where the App may not see checks, there are none on the card.
 */
import { z } from "zod";
import type { Card, Checks, Review } from "../core/card.ts";
import type { Repository } from "../core/types.ts";
import type { Log } from "../log.ts";
import type { GitHubAccess, RepositoryPlace } from "./github-access.ts";
import { isForeign, standingOf } from "./github-check-runs.ts";
import { githubFailure } from "./github-failure.ts";
import { askRole } from "./github-people.ts";
import { wherePermitted } from "./github-permitted.ts";

export type LookAt = (repository: Repository, place: RepositoryPlace, number: number) => Promise<Card>;

/** GitHub's own limit of a page. More reviews or checks than that are counted as far as they go. */
const PAGE = { per_page: 100 };
/** Each costs a request. */
const MAX_REVIEWERS = 10;

type Client = Awaited<ReturnType<GitHubAccess["client"]>>;

interface Where {
  owner: string;
  repo: string;
}

const Pull = z.object({
  html_url: z.string(),
  title: z.string(),
  state: z.string(),
  merged: z.boolean().nullish(),
  draft: z.boolean().nullish(),
  updated_at: z.string(),
  head: z.object({ sha: z.string() }),
  base: z.object({ ref: z.string() }),
  /** Null while it is computed, which asking for it begins. */
  mergeable: z.boolean().nullish(),
  changed_files: z.number(),
  additions: z.number(),
  deletions: z.number(),
});

export function cardsFrom({ access, log }: { access: GitHubAccess; log: Log }): LookAt {
  const permitted = wherePermitted({ access, log });
  return async (repository, place, number) => {
    try {
      const client = await access.client(place);
      const where = { owner: place.owner, repo: place.name };
      const pull = Pull.parse((await client.rest.pulls.get({ ...where, pull_number: number })).data);
      const head = pull.head.sha;
      const runs = await permitted(place, "checks", () => runsOf(client, { ...where, ref: head }, access.appId));
      const statuses = await permitted(place, "statuses", () => statusesOf(client, where, head));
      const reviews = await reviewsOf(client, where, number);
      return {
        ...{ number, url: pull.html_url, title: pull.title, repository: repository.name, head, base: pull.base.ref },
        ...(await conflictOf(client, where, pull)),
        state: pull.merged ? "merged" : pull.state === "closed" ? "closed" : "open",
        draft: pull.draft ?? false,
        changes: { files: pull.changed_files, insertions: pull.additions, deletions: pull.deletions },
        checks: runs || statuses ? together([...(runs ?? []), ...(statuses ?? [])]) : null,
        reviews: await ofWriters(access, { repository, place }, reviews),
        updatedAt: Date.parse(pull.updated_at) || 0,
      };
    } catch (thrown) {
      throw githubFailure(thrown, `look at ${repository.name}#${number}`, access.clock);
    }
  };
}

/** What the payload calls the base's commit may be an old one: it is that of the last push to the head. */
async function conflictOf(
  { rest }: Client,
  where: Where,
  { state, mergeable, base }: z.infer<typeof Pull>,
): Promise<Pick<Card, "conflict">> {
  if (state !== "open" || mergeable === true) return {};
  if (mergeable === null || mergeable === undefined) return { conflict: "unknown" };
  const { data } = await rest.git.getRef({ ...where, ref: `heads/${base.ref}` });
  return { conflict: { at: data.object.sha } };
}

interface Check {
  name: string;
  is: "passed" | "failed" | "running";
}

const Runs = z.object({
  check_runs: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      conclusion: z.string().nullish(),
      app: z.object({ id: z.number() }).nullish(),
    }),
  ),
});

/** The newest of each name. */
async function runsOf({ rest }: Client, at: Where & { ref: string }, ownApp: number | null): Promise<Check[]> {
  const { data } = await rest.checks.listForRef({ ...at, filter: "latest", ...PAGE });
  const foreign = Runs.parse(data).check_runs.filter((run) => isForeign(run, ownApp));
  return foreign.map((run) => ({ name: run.name, is: standingOf(run) }));
}

const Statuses = z.object({ statuses: z.array(z.object({ context: z.string(), state: z.string() })) });

/** Those of CIs that are no Apps. */
async function statusesOf({ rest }: Client, where: Where, ref: string): Promise<Check[]> {
  const { data } = await rest.repos.getCombinedStatusForRef({ ...where, ref, ...PAGE });
  return Statuses.parse(data).statuses.map(({ context: name, state }) => {
    if (state === "pending") return { name, is: "running" };
    return { name, is: state === "success" ? "passed" : "failed" };
  });
}

/** Named are more than anybody shows; a list of hundreds would be stored again and again. */
const MAX_FAILING = 10;

function together(checks: Check[]): Checks {
  const those = (is: Check["is"]): Check[] => checks.filter((check) => check.is === is);
  const failing = those("failed").map(({ name }) => name);
  return {
    passed: those("passed").length,
    failed: failing.length,
    running: those("running").length,
    failing: failing.toSorted().slice(0, MAX_FAILING),
  };
}

const Reviews = z.array(
  z.object({
    id: z.number(),
    user: z.object({ id: z.number(), login: z.string(), type: z.string() }).nullable(),
    state: z.string(),
    html_url: z.string(),
  }),
);
type Said = Review & { userId: number };

const SAYS: Readonly<Record<string, Review["says"] | null>> = {
  APPROVED: "approved",
  CHANGES_REQUESTED: "changes-requested",
  // It was taken back, and whatever that person had said before is not said again by that.
  DISMISSED: null,
};

/** GitHub lists them in the order in which they were given. */
async function reviewsOf({ rest }: Client, where: Where, number: number): Promise<Said[]> {
  const { data } = await rest.pulls.listReviews({ ...where, pull_number: number, ...PAGE });
  const last = new Map<number, Said | null>();
  for (const { id, user, state, html_url: url } of Reviews.parse(data)) {
    if (user?.type !== "User" || !(state in SAYS)) continue;
    const says = SAYS[state];
    last.delete(user.id);
    last.set(user.id, says ? { id, by: user.login, says, url, userId: user.id } : null);
  }
  return [...last.values()].filter((one) => one !== null).slice(-MAX_REVIEWERS);
}

async function ofWriters(
  access: GitHubAccess,
  { repository, place }: { repository: Repository; place: RepositoryPlace },
  reviews: Said[],
): Promise<Review[]> {
  const { owner, name, installation } = place;
  const repo = { id: Number(repository.id), owner, name };
  const known: Review[] = [];
  for (const { userId, ...review } of reviews) {
    const role = await askRole(access, { repo, installation, who: { id: String(userId), name: review.by } });
    if (role?.canWrite) known.push(review);
  }
  return known;
}
