/**
 * A whole review, read when one of its events has come. Only what its author wrote, and only as it was submitted: whoever changes a comment
 * after that must not change what the review asked for. What the event itself told needs no asking.
 */
import { z } from "zod";
import { cutAt } from "../core/cut.ts";
import { ASKED_BY_COMMENTS, type ReviewComment } from "../core/review.ts";
import type { Mention, Ms, Thread } from "../core/types.ts";
import { type GitHubPlace, unlessGone } from "./github-comments.ts";
import type { GitHubGraph } from "./github-graph.ts";
import { hunkTail, lineOf } from "./github-hunk.ts";
import { visibleText } from "./github-sanitize.ts";

/** The text without our name, or null when it names us nowhere. */
export type FindMention = (body: string, names: readonly string[]) => { text: string } | null;

export interface ReviewReading {
  place: GitHubPlace;
  graph: GitHubGraph;
  /** What people call us, without the `@`. */
  names: readonly string[];
  findMention: FindMention;
}

/** The mention that the whole review is. Without a text when nothing was said in it. */
export async function wholeReview(reading: ReviewReading, mention: Mention): Promise<Mention> {
  const { lookup: _, ...alone } = mention;
  const { review } = mention;
  const read = review && (await readReview(reading, review.id));
  // Deleted meanwhile, or not of whoever sent the event: what the event told stands for itself.
  if (!review || !read?.submitted_at || String(read.user?.id) !== mention.author.id) return alone;
  if (isOurs(read)) return { ...alone, text: "" };
  const own = (await readComments(reading, review.id)).filter((one) => one.user?.id === read.user?.id && !isOurs(one));
  const isUnchanged = await unchangedIn(reading, read, own);
  const [told] = review.comments;
  const said = own.map((one) => heard(reading, one, told?.id === one.id ? mention.text : null, isUnchanged(one)));
  // GitHub may not list it yet, or not any more; it was said.
  const isMissing = told && !said.some(({ comment }) => comment.id === told.id);
  const all = isMissing ? [{ comment: { ...told, text: mention.text }, addresses: false }, ...said] : said;
  const comments = all.filter(({ comment }) => comment.text !== "" || comment.late);
  const isRead = !told || read.body === "" || isUnchanged(read);
  const text = told ? textIn(reading, isRead ? read.body : "") : { text: mention.text, addresses: false };
  return composed({
    alone,
    review: { ...review, link: read.html_url },
    at: read.submitted_at,
    text: text.text,
    comments: comments.slice(0, MAX_COMMENTS).map(({ comment }) => comment),
    notes: [...(isRead ? [] : [CHANGED]), ...(comments.length > MAX_COMMENTS ? [tooMany(comments.length)] : [])],
    addressed: mention.addressed || text.addresses || comments.some(({ addresses }) => addresses),
  });
}

const CHANGED = "(The text of this review was changed after it was submitted, and is left out here: say so.)";
const tooMany = (count: number): string =>
  `(Of ${count} inline comments the first ${MAX_COMMENTS} are told here: say so.)`;

/** More in one go is more than an agent keeps apart, and more replies than GitHub lets us post in a minute (64). */
const MAX_COMMENTS = 50;
/** Of one comment; a review is no place for a manual. */
const MAX_COMMENT_CHARS = 4_000;

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? "");
const time = z.string().transform((value) => Date.parse(value));
const user = z.object({ id: z.number() }).nullish();

const ReadReview = z.object({
  ...{ id: z.number(), node_id: z.string(), body: text, user, html_url: z.string() },
  /** Missing while it is pending. */
  submitted_at: time.nullish(),
});
type ReadReview = z.infer<typeof ReadReview>;

const ReadComment = z.object({
  ...{ id: z.number(), node_id: z.string(), body: text, user },
  ...{ path: z.string(), diff_hunk: text, updated_at: time, in_reply_to_id: z.number().nullish() },
  line: z.number().nullish(),
  original_line: z.number().nullish(),
});
type ReadComment = z.infer<typeof ReadComment>;

async function readReview({ place }: ReviewReading, id: number): Promise<ReadReview | null> {
  const { octokit, owner, repo, number } = place;
  const answer = await unlessGone(() =>
    octokit.rest.pulls.getReview({ owner, repo, pull_number: number, review_id: id }),
  );
  return answer && ReadReview.parse(answer.data);
}

const PAGE = 100;
const MAX_PAGES = 3;

async function readComments({ place }: ReviewReading, id: number): Promise<ReadComment[]> {
  const { octokit, owner, repo, number } = place;
  const comments: ReadComment[] = [];
  for (let page = 1; page <= MAX_PAGES; page++) {
    const asked = { owner, repo, pull_number: number, review_id: id, per_page: PAGE, page };
    const answer = await unlessGone(() => octokit.rest.pulls.listCommentsForReview(asked));
    const read = z.array(ReadComment).parse(answer?.data ?? []);
    comments.push(...read);
    if (read.length < PAGE) break;
  }
  return comments;
}

/** With a person's token our own replies are reviews of that person's. */
const isOurs = ({ body }: { body: string }): boolean => body.includes("<!-- threadbox:");

/**
 * GitHub counts in seconds and stamps what belongs together up to a second apart (https://github.com/palantir/policy-bot/pull/459), so a
 * change in the same second as the submission, or in the next, is the submission itself.
 */
const STAMPED_WITHIN_MS: Ms = 1_000;

/** GraphQL tells of edits. REST tells of a comment when anything about it changed, and of a review's text nothing: then it is not believed. */
async function unchangedIn(
  { place, graph }: ReviewReading,
  review: ReadReview,
  comments: ReadComment[],
): Promise<(one: ReadReview | ReadComment) => boolean> {
  const until = (review.submitted_at ?? 0) + STAMPED_WITHIN_MS;
  const asked = [review, ...comments.slice(0, MAX_COMMENTS)].map(({ node_id }) => node_id);
  const edited = await graph.editedAt(place, asked);
  return (one) => {
    const at = edited?.get(one.node_id);
    if (at !== undefined) return at === null || at <= until;
    return "updated_at" in one && one.updated_at <= until;
  };
}

interface Heard {
  comment: ReviewComment;
  addresses: boolean;
}

/** `told`: the words that the event had. */
function heard(reading: ReviewReading, read: ReadComment, told: string | null, isUnchanged: boolean): Heard {
  const { id, path, diff_hunk, in_reply_to_id, line, original_line } = read;
  const place = { path, line: line ?? original_line ?? lineOf(diff_hunk), hunk: hunkTail(diff_hunk) };
  const comment = { id, root: in_reply_to_id ?? id, ...place };
  if (told !== null) return { comment: { ...comment, text: told }, addresses: false };
  if (!isUnchanged) return { comment: { ...comment, text: "", late: true }, addresses: false };
  const said = textIn(reading, read.body);
  return { comment: { ...comment, text: said.text }, addresses: said.addresses };
}

function textIn({ findMention, names }: ReviewReading, body: string): { text: string; addresses: boolean } {
  const seen = visibleText(body);
  const found = findMention(seen, names);
  return { text: found?.text ?? seen, addresses: found !== null };
}

interface Composed {
  alone: Omit<Mention, "lookup">;
  review: NonNullable<Mention["review"]>;
  at: Ms;
  text: string;
  comments: ReviewComment[];
  /** For the agent to pass on. */
  notes: string[];
  addressed: boolean;
}

/** One inline comment and nothing else is answered in its thread alone; everything else in the conversation, with a reply in each inline thread. */
function composed({ alone, review, at, text, comments, notes, addressed }: Composed): Mention {
  const said = comments.filter(({ late }) => !late);
  const [first] = said;
  const mention = { ...alone, at, addressed, ...(review.link ? { link: review.link } : {}) };
  if (text === "" && !first) return { ...mention, text: "" };
  if (text === "" && first && comments.length === 1 && notes.length === 0)
    return {
      ...mention,
      thread: inlineThreadOf(review.thread, first.root),
      text: first.text,
      message: `review-comment:${first.id}`,
      ...(review.link ? { link: `${review.link.split("#")[0]}#discussion_r${first.id}` } : {}),
      review: { ...review, comments: [{ ...first, text: "" }] },
    };
  return {
    ...mention,
    thread: review.thread,
    text: [text || ASKED_BY_COMMENTS, ...notes].join("\n\n"),
    ...(text === "" && first ? { subject: first.text } : {}),
    message: text === "" ? `review-comment:${said.slice(0, MAX_EYES).map(({ id }) => id)}` : `review:${review.id}`,
    review: { ...review, comments: comments.map((one) => ({ ...one, text: cutAt(one.text, MAX_COMMENT_CHARS) })) },
  };
}

/** Each takes a second, and the first ones say it. */
const MAX_EYES = 5;

const inlineThreadOf = (thread: Thread, root: number): Thread =>
  thread.surface === "github" ? { ...thread, reviewComment: root } : thread;
