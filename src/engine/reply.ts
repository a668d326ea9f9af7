/** What a turn says to a comment of a review, in that comment's own inline thread. */
import { leadText } from "../core/decide-review.ts";
import type { Effect, InlineReply } from "../core/decision.ts";
import type { PostId } from "../surfaces/surface.ts";
import type { EngineDeps } from "./ports.ts";
import { surfaceOf } from "./reach.ts";

/** Words first: a thread that is resolved is folded away. Done again it finds the words there, and resolves what may be resolved already. */
export async function replyInline(
  deps: Pick<EngineDeps, "surfaces" | "store">,
  { thread, text }: Extract<Effect, { do: "say" }>,
  { turn, page, resolves }: InlineReply,
  post: PostId,
): Promise<void> {
  const surface = surfaceOf(deps, thread.surface);
  const lead = page === undefined ? "" : leadText(page, await deps.store.answerRef(turn));
  const words = [text, lead].filter(Boolean).join(" ");
  if (words !== "") await surface.say(thread, words, post);
  if (resolves) await surface.resolve(thread);
}
