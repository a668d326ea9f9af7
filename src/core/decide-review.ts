/** What becomes of the inline comments that a turn was asked in: what the agent said to each is taken out of its answer, and goes into their threads. */
import { threadKey } from "./correlation.ts";
import type { Effect } from "./decision.ts";
import type { Reply, Review, ReviewComment } from "./review.ts";
import { takeReplies } from "./review-replies.ts";
import type { Thread, Turn, TurnResult } from "./types.ts";

type Said = Pick<TurnResult, "answer" | "replies">;

/** The answer is what it says to everybody. What it says to the comment that the whole turn is answered under is part of that. */
export function repliesApart<Result extends Said>(turn: Pick<Turn, "asks" | "thread">, result: Result): Result {
  const comments = commentsOf(turn);
  if (comments.length === 0) return result;
  const here = new Set(comments.filter((one) => isAnsweredIn(turn.thread, one)).map(({ comment }) => comment.number));
  const numbers = new Set(comments.flatMap(({ comment }) => comment.number ?? []));
  const { rest, replies } = takeReplies(result.answer, numbers);
  const told = replies.filter(({ comment, text }) => here.has(comment) && text !== "").map(({ text }) => text);
  const answer = [rest, ...told].filter(Boolean).join("\n\n");
  return { ...result, answer: answer || (replies.length > 0 ? SAID_INLINE : ""), replies };
}

const SAID_INLINE = "What I did is said in the threads of the comments.";

/** One for each inline thread. Whoever wrote a comment that the agent said nothing about is led to the answer. */
export function repliesOf(turn: Turn, result: Omit<TurnResult, "durationMs">): Effect[] {
  const spots = Map.groupBy(commentsOf(turn), ({ review, comment }) => `${threadKey(review.thread)} ${comment.root}`);
  return [...spots.values()].flatMap((spot) => replyIn(turn, spot, result));
}

interface Spot {
  review: Review;
  comment: ReviewComment;
}

const commentsOf = ({ asks }: Pick<Turn, "asks">): Spot[] =>
  asks.flatMap(({ review }) => (review ? review.comments.map((comment) => ({ review, comment })) : []));

const isAnsweredIn = (thread: Thread, { review, comment }: Spot): boolean =>
  thread.surface === "github" &&
  threadKey(thread) === threadKey(review.thread) &&
  thread.reviewComment === comment.root;

function replyIn(turn: Turn, spot: Spot[], result: Omit<TurnResult, "durationMs">): Effect[] {
  const [first] = spot;
  if (first?.review.thread.surface !== "github") return [];
  const thread: Thread = { ...first.review.thread, reviewComment: first.comment.root };
  const said = spot.flatMap(({ comment }) => result.replies?.find((one) => one.comment === comment.number) ?? []);
  const resolves = said.length === spot.length && said.every(({ done }) => done) && isThere(result);
  const reply = { turn: turn.id, resolves };
  if (isAnsweredIn(turn.thread, first)) return resolves ? [{ do: "say", thread, text: "", reply }] : [];
  const text = wordsFor(spot, said, result);
  if (text === null) return [];
  const page = first.review.link?.split("#")[0] ?? null;
  return [{ do: "say", thread, text: text.words, reply: text.leads ? { ...reply, page } : reply }];
}

/** Null where the answer, or the lack of one, says it all. */
function wordsFor(
  spot: Spot[],
  said: Reply[],
  { outcome }: Pick<TurnResult, "outcome">,
): { words: string; leads: boolean } | null {
  const words = said
    .map(({ text }) => text)
    .filter(Boolean)
    .join("\n\n");
  if (words !== "") return { words, leads: false };
  if (spot.every(({ comment }) => comment.late)) return { words: CHANGED_LATE, leads: false };
  if (outcome !== "done") return null;
  return { words: said.length > 0 && said.every(({ done }) => done) ? "Done." : "", leads: true };
}

const CHANGED_LATE =
  "This comment was changed after the review was submitted, so I did not read it. Mention me in a new one if it still counts.";

/** What was changed for it can be seen by whoever looks. */
const isThere = ({ outcome, changes, branch }: Pick<TurnResult, "outcome" | "changes" | "branch">): boolean =>
  outcome === "done" && (!changes || changes.files === 0 || branch !== undefined);

/** Leads from an inline thread to the answer; `ref` is what GitHub's surface calls that, or null where it stands elsewhere. */
export function leadText(page: string | null, ref: string | null): string {
  if (page === null) return "My answer stands in the conversation.";
  const [, kind, id] = /^(issue-comment|review-comment):(\d+)$/.exec(ref ?? "") ?? [];
  if (kind === undefined) return `See [the conversation](${page}).`;
  return `See [my answer](${page}${kind === "issue-comment" ? "#issuecomment-" : "#discussion_r"}${id}).`;
}
