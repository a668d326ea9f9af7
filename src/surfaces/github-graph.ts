/**
 * What GitHub tells and does in GraphQL alone: when a text was last edited, inline threads that are resolved, reactions to a review. A
 * token that may not do it, or a server without it, is told in the log once; nothing that people wait for depends on it.
 */
import type { Octokit } from "octokit";
import { z } from "zod";
import { bounded } from "../bounded.ts";
import type { Ms } from "../core/types.ts";
import type { Log } from "../log.ts";
import { blankTokens } from "../wire/secrets.ts";
import type { GitHubAccess } from "./github-access.ts";
import type { GitHubPlace } from "./github-comments.ts";
import { githubFailure } from "./github-failure.ts";

export interface GitHubGraph {
  /**
   * When these were edited last, null for never, by their node ids. Null as a whole where we may not ask; throws where GitHub is away, so
   * that it is asked again.
   */
  editedAt(place: GitHubPlace, nodes: string[]): Promise<Map<string, Ms | null> | null>;
  /** Marks the inline thread as resolved, where the place is one. Never throws. */
  resolve(place: GitHubPlace): Promise<void>;
  /** False where it cannot be done. */
  react(place: GitHubPlace, node: string, content: "EYES" | "CONFUSED"): Promise<boolean>;
}

export function githubGraph({ access, log }: { access: GitHubAccess; log: Log }): GitHubGraph {
  const ask = asking(access, log);
  const tolerant = async <T>(place: GitHubPlace, doing: string, work: () => Promise<T>): Promise<T | null> => {
    try {
      return await ask(place, doing, work);
    } catch (thrown) {
      const { code, detail } = githubFailure(thrown, doing, access.clock);
      log.warn({ code, detail }, "github.graphql-failed");
      return null;
    }
  };
  return {
    editedAt: (place, nodes) => ask(place, "tell when it was edited", () => editedAt(place.octokit, nodes)),
    async resolve(place) {
      const { root } = place;
      if (root === null) return;
      await tolerant(place, "resolve an inline thread", async () => {
        const thread = await threadOf(place, root);
        if (thread && !thread.isResolved) await place.octokit.graphql(RESOLVE, { threadId: thread.id });
      });
    },
    async react(place, node, content) {
      const done = await tolerant(place, "react to a review", async () => {
        await place.octokit.graphql(REACT, { subjectId: node, content });
        return true;
      });
      return done ?? false;
    },
  };
}

/** GraphQL refuses with status 200 and a list of errors; octokit throws that as an error with them on it. */
const Refused = z.object({ errors: z.array(z.object({ type: z.string().optional(), message: z.string() })).min(1) });

/** Remembered so that the log says it once for each repository. */
const MAX_REFUSED = 1_000;

function asking(access: GitHubAccess, log: Log) {
  const refused = bounded<string, true>(MAX_REFUSED);
  return async <T>({ owner, repo }: GitHubPlace, doing: string, work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work();
    } catch (thrown) {
      const detail = refusalIn(thrown, access, doing);
      if (detail === null) throw githubFailure(thrown, doing, access.clock);
      const key = `${doing} ${owner}/${repo}`;
      if (!refused.get(key)) log.info({ repository: `${owner}/${repo}`, doing, detail }, "github.graphql-refused");
      refused.set(key, true);
      return null;
    }
  };
}

/** Null where it may work the next time. */
function refusalIn(thrown: unknown, access: GitHubAccess, doing: string): string | null {
  const { data } = Refused.safeParse(thrown);
  if (data) {
    const [error] = data.errors;
    return error?.type === "RATE_LIMITED" ? null : blankTokens(error?.message ?? "").slice(0, 300);
  }
  const { code, detail } = githubFailure(thrown, doing, access.clock);
  const isFinal = code === "surface.refused" || code === "surface.thread-gone" || code === "surface.unauthorized";
  return isFinal ? detail : null;
}

const EDITED = `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Comment { id lastEditedAt } } }`;

const Edited = z.object({
  nodes: z.array(z.object({ id: z.string().optional(), lastEditedAt: z.string().nullish() }).nullable()),
});

/** GraphQL takes no more at once. */
const MAX_NODES = 100;

async function editedAt(octokit: Octokit, ids: string[]): Promise<Map<string, Ms | null>> {
  const { nodes } = Edited.parse(await octokit.graphql(EDITED, { ids: ids.slice(0, MAX_NODES) }));
  return new Map(
    nodes.flatMap((node) => (node?.id ? [[node.id, node.lastEditedAt ? Date.parse(node.lastEditedAt) : null]] : [])),
  );
}

const THREADS = `query ($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { id isResolved comments(first: 1) { nodes { fullDatabaseId } } }
      }
    }
  }
}`;

const Threads = z.object({
  repository: z.object({
    pullRequest: z.object({
      reviewThreads: z.object({
        pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() }),
        nodes: z.array(
          z.object({
            id: z.string(),
            isResolved: z.boolean(),
            // A BigInt of GraphQL is text.
            comments: z.object({ nodes: z.array(z.object({ fullDatabaseId: z.coerce.string() })) }),
          }),
        ),
      }),
    }),
  }),
});

/** A thousand inline threads on one pull request. */
const MAX_PAGES = 10;

/** Null where it was deleted meanwhile. */
async function threadOf(
  { octokit, owner, repo, number }: GitHubPlace,
  root: number,
): Promise<{ id: string; isResolved: boolean } | null> {
  let after: string | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer: unknown = await octokit.graphql(THREADS, { owner, name: repo, number, after });
    const { nodes, pageInfo } = Threads.parse(answer).repository.pullRequest.reviewThreads;
    const found = nodes.find(({ comments }) => comments.nodes[0]?.fullDatabaseId === String(root));
    if (found) return found;
    if (!pageInfo.hasNextPage) return null;
    after = pageInfo.endCursor ?? null;
  }
  return null;
}

const RESOLVE = `mutation ($threadId: ID!) { resolveReviewThread(input: { threadId: $threadId }) { thread { id isResolved } } }`;

const REACT = `mutation ($subjectId: ID!, $content: ReactionContent!) {
  addReaction(input: { subjectId: $subjectId, content: $content }) { reaction { id } }
}`;
