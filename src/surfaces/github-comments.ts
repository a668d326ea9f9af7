/**
 * Comments in one thread on GitHub: written, edited, and found again by the hidden marker that each of ours carries.
 * A thread is the conversation of an issue or pull request, or one inline thread in the diff of a pull request.
 */
import type { Octokit } from "octokit";
import { z } from "zod";
import { AS_PROGRESS, type GitHubSelf } from "./github-access.ts";
import { statusOf } from "./github-failure.ts";
import type { MessageRef } from "./surface.ts";

export interface GitHubPlace {
  octokit: Octokit;
  owner: string;
  repo: string;
  number: number;
  is: "issue" | "pr";
  /** The first comment of the inline thread, where the mention stood in one. */
  root: number | null;
}

/** The fields that we use; a deleted account leaves no user. */
const Comment = z.object({
  id: z.number(),
  body: z
    .string()
    .nullish()
    .transform((body) => body ?? ""),
  user: z.object({ id: z.number(), login: z.string(), type: z.string() }).nullish(),
  created_at: z.string().transform((text) => Date.parse(text)),
  updated_at: z.string().transform((text) => Date.parse(text)),
  in_reply_to_id: z.number().optional(),
  /** The review that an inline comment is a part of. */
  pull_request_review_id: z.number().nullish(),
});
export type Comment = z.infer<typeof Comment>;

/** The two kinds have numbers of their own, so that a bare number names two comments. */
const reference = (kind: "issue-comment" | "review-comment", id: number): MessageRef => `${kind}:${id}`;

const Kind = z.enum(["issue-comment", "review-comment", "review", "issue"]);
interface Reference {
  kind: z.infer<typeof Kind>;
  id: number;
}

/** The comments of one review are named together: `review-comment:31,32`. Empty where it names nothing. */
export function parseReferences(message: string): Reference[] {
  const [, kind, ids = ""] = /^([a-z-]{1,20}):(\d{1,16}(?:,\d{1,16}){0,50})$/.exec(message) ?? [];
  const known = Kind.safeParse(kind);
  return known.success ? ids.split(",").map((id) => ({ kind: known.data, id: Number(id) })) : [];
}

/** The one that it names. */
export const parseReference = (ref: string): Reference | null => parseReferences(ref)[0] ?? null;

/** Progress may be left out (`surface.rate-limited`), everything else has to arrive. */
export type Weight = "progress" | "words";

export async function createComment(place: GitHubPlace, body: string, weight: Weight): Promise<MessageRef> {
  const { octokit, owner, repo, number, root } = place;
  const said = { owner, repo, body, ...(weight === "progress" ? AS_PROGRESS : {}) };
  if (root !== null) {
    const replied = await unlessGone(() =>
      octokit.rest.pulls.createReplyForReviewComment({ ...said, pull_number: number, comment_id: root }),
    );
    if (replied) return reference("review-comment", replied.data.id);
    // The inline thread was deleted meanwhile; the conversation below is still there.
  }
  const made = await octokit.rest.issues.createComment({ ...said, issue_number: number });
  return reference("issue-comment", made.data.id);
}

/** False when the comment is gone. */
export async function editComment(place: GitHubPlace, ref: MessageRef, body: string, weight: Weight): Promise<boolean> {
  const { octokit, owner, repo } = place;
  const comment = parseReference(ref);
  if (comment === null) return false;
  const edit = { owner, repo, comment_id: comment.id, body, ...(weight === "progress" ? AS_PROGRESS : {}) };
  const { updateReviewComment } = octokit.rest.pulls;
  const { updateComment } = octokit.rest.issues;
  const edited = await unlessGone(async () => {
    await (comment.kind === "review-comment" ? updateReviewComment(edit) : updateComment(edit));
    return true;
  });
  return edited ?? false;
}

/** Null when GitHub says that it is not there (any more). */
export async function unlessGone<T>(call: () => Promise<T>): Promise<T | null> {
  try {
    return await call();
  } catch (thrown) {
    const status = statusOf(thrown);
    if (status === 404 || status === 410) return null;
    throw thrown;
  }
}

/** Anybody can write a marker, so only comments of our own account count. */
export async function findMarkers(place: GitHubPlace, self: GitHubSelf): Promise<Map<string, MessageRef>> {
  const found = new Map<string, MessageRef>();
  const note = (kind: "issue-comment" | "review-comment", comments: Comment[]): void => {
    for (const comment of comments) {
      if (comment.user?.id !== self.id) continue;
      for (const marker of markersIn(comment.body)) {
        if (!found.has(marker)) found.set(marker, reference(kind, comment.id));
      }
    }
  };
  if (place.root !== null) note("review-comment", await inlineThreads(place, [place.root]));
  note("issue-comment", await newestConversation(place));
  return found;
}

/** `<!-- threadbox:… -->` with nothing in it that could end the comment early. */
export function withMarkers(body: string, ...markers: string[]): string {
  return [body, ...markers.map((marker) => `<!-- threadbox:${spelled(marker)} -->`)].join("\n");
}

const spelled = (marker: string): string =>
  marker.replace(/[^\w.:/-]|-(?=-)/gu, (letter) => `%${letter.codePointAt(0)?.toString(16)}`);

export function markersIn(body: string): string[] {
  return [...body.matchAll(/<!-- threadbox:(\S{1,500}) -->/g)].map(([, marker = ""]) =>
    marker.replace(/%([0-9a-f]{1,6})/g, (_all, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16))),
  );
}

const PAGE = 100;
/** Three hundred comments back from the end; a turn's own comments are never that far away. */
const MAX_PAGES = 3;

/** The newest comments of the conversation, oldest first. GitHub lists them oldest first, so the last pages are asked for. */
export async function newestConversation(place: GitHubPlace): Promise<Comment[]> {
  const { octokit, owner, repo, number } = place;
  const read = (page: number) =>
    octokit.rest.issues.listComments({ owner, repo, issue_number: number, per_page: PAGE, page });
  const first = await read(1);
  const lastPage = Number(/[?&]page=(\d+)[^>]*>;\s*rel="last"/.exec(first.headers.link ?? "")?.[1] ?? 1);
  const comments = lastPage <= MAX_PAGES ? z.array(Comment).parse(first.data) : [];
  for (let page = Math.max(2, lastPage - MAX_PAGES + 1); page <= lastPage; page++) {
    comments.push(...z.array(Comment).parse((await read(page)).data));
  }
  return comments;
}

/** Inline threads, by the comments that they begin with; oldest first. */
export async function inlineThreads(place: GitHubPlace, roots: readonly number[]): Promise<Comment[]> {
  const { octokit, owner, repo, number } = place;
  const comments: Comment[] = [];
  for (let page = 1; page <= MAX_PAGES; page++) {
    const { data } = await octokit.rest.pulls.listReviewComments({
      ...{ owner, repo, pull_number: number, per_page: PAGE, page },
      ...{ sort: "created" as const, direction: "desc" as const },
    });
    comments.push(...z.array(Comment).parse(data));
    if (data.length < PAGE) break;
  }
  return comments.filter(({ id, in_reply_to_id }) => roots.includes(in_reply_to_id ?? id)).reverse();
}
