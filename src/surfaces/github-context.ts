/**
 * What was said in the thread before a mention. Only what stood there when the mention was written, unchanged since:
 * whoever edits a comment after the order must not change what the order was about. Our own comments are left out.
 */
import { cutAt } from "../core/cut.ts";
import type { Review } from "../core/review.ts";
import type { GitHubRepo, Said } from "../core/types.ts";
import type { GitHubSelf } from "./github-access.ts";
import { type Comment, type GitHubPlace, inlineThreads, markersIn, newestConversation } from "./github-comments.ts";
import type { GitHubPeople } from "./github-people.ts";
import { visibleText } from "./github-sanitize.ts";

export interface ContextInput {
  place: GitHubPlace;
  repo: GitHubRepo;
  installation: number | null;
  /** When the mention was made. */
  before: number;
  self: GitHubSelf;
  people: GitHubPeople;
  /** What is asked is a part of it; that was written before, and is told with the mention. */
  review?: Review | undefined;
}

/** Oldest first. Title and text of the issue are not among them: they come with the mention, as they were then. */
export async function saidBefore(input: ContextInput): Promise<Said[]> {
  const { place, before } = input;
  const conversation = await newestConversation(place);
  const inline = await inlineBefore(input);
  const all = [...conversation, ...inline].sort((a, b) => a.created_at - b.created_at);
  // GitHub counts in seconds: a comment of the same second may be the order itself, or may have come after it.
  const earlier = all.filter((one) => one.created_at < before && one.updated_at < before);
  return introduce(withinBudget(earlier.filter((one) => !isOurs(one, input.self))), input);
}

/** The threads that the comments stand in; those that they begin have nothing before. */
async function inlineBefore({ place, review }: ContextInput): Promise<Comment[]> {
  const repliesIn = review?.comments.filter(({ id, root }) => id !== root).map(({ root }) => root) ?? [];
  const roots =
    place.root === null || review?.comments.some(({ id }) => id === place.root)
      ? repliesIn
      : [place.root, ...repliesIn];
  if (roots.length === 0) return [];
  const said = await inlineThreads(place, roots);
  return said.filter((one) => !review || one.pull_request_review_id !== review.id);
}

/** In token mode our account may be a person's own: then the marker tells the two apart. */
const isOurs = (comment: Comment, self: GitHubSelf): boolean =>
  comment.user?.id === self.id && (markersIn(comment.body).length > 0 || comment.user.type === "Bot");

interface Spoken {
  user: Comment["user"];
  at: number;
  text: string;
}

/** More would drown the order itself; what is nearest to it counts most. */
const MAX_COMMENTS = 50;
const MAX_CHARS = 30_000;
const MAX_COMMENT_CHARS = 10_000;

function withinBudget(comments: Comment[]): Spoken[] {
  const newest: Spoken[] = [];
  let chars = 0;
  for (const { user, created_at, body } of comments.toReversed()) {
    const text = cutAt(visibleText(body), MAX_COMMENT_CHARS);
    if (text === "") continue;
    chars += text.length;
    if (newest.length === MAX_COMMENTS || chars > MAX_CHARS) break;
    newest.unshift({ user, at: created_at, text });
  }
  return newest;
}

/** One question to GitHub for each person, not for each comment; after twenty people everybody else is a stranger. */
const MAX_PEOPLE = 20;

async function introduce(all: Spoken[], { repo, installation, people }: ContextInput): Promise<Said[]> {
  const trusted = new Map<number, boolean>();
  for (const { user } of all.toReversed()) {
    if (!user || trusted.has(user.id) || trusted.size === MAX_PEOPLE) continue;
    const isPerson = user.type === "User";
    const role = isPerson ? await people.role(repo, installation, { id: String(user.id), name: user.login }) : null;
    trusted.set(user.id, role?.mayAsk ?? false);
  }
  return all.map(({ user, at, text }) => ({
    author: user?.login ?? "ghost",
    at,
    text,
    trusted: user ? (trusted.get(user.id) ?? false) : false,
  }));
}
