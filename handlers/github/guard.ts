/**
 * What holds for every event, whatever its handler makes of it: where it may come from, whose words they are, and how old. Whoever
 * sends an event (`sender`) has done it by GitHub's word; the words in it are an order only where the same account wrote them. Pure.
 */
import { z } from "zod";
import { isListed } from "../../src/core/listed.ts";
import type { Ms } from "../../src/core/types.ts";
import { type Bot, type IgnoredReason, ignored, type Outcome, type Said } from "./outcome.ts";

const Place = z.object({
  repository: z.object({ owner: z.object({ id: z.number() }), archived: z.boolean().nullish() }),
});

/** Why nothing that happens in this repository is for us; null when it may be. Throws a ZodError like the handlers. */
export function whyNotHere(body: unknown, { owners }: Pick<Bot, "owners">): IgnoredReason | null {
  const { owner, archived } = Place.parse(body).repository;
  if (!isListed(owners, String(owner.id))) return "owner-not-listed";
  // Nothing can be answered or pushed there.
  return archived ? "archived" : null;
}

const Written = z.object({
  /** Null is somebody who is gone. */
  user: z.object({ id: z.number() }).nullish(),
  /** The App that wrote it in the name of this person. */
  performed_via_github_app: z.object({ id: z.number() }).nullish(),
});

const Words = z.object({
  action: z.string().optional(),
  sender: z.object({ id: z.number(), type: z.string() }),
  comment: Written.nullish(),
  review: Written.nullish(),
  issue: Written.nullish(),
  pull_request: Written.nullish(),
});

/**
 * Why what is written there is nobody's order; null when it may be one. A label and an assignment have no words: their sender orders. With
 * an issue that was transferred, or made of a discussion, the sender is whoever did that, and the words are somebody else's.
 */
export function whyNotTheirs(body: unknown, { apps }: Pick<Bot, "apps">): IgnoredReason | null {
  const { action, sender, comment, review, issue, pull_request } = Words.parse(body);
  const written = comment ?? review ?? (action === "opened" ? (issue ?? pull_request) : null);
  if (!written) return null;
  if (written.user?.id !== sender.id) return "not-the-author";
  const via = written.performed_via_github_app;
  // What a bot writes goes by its own App; whether it may ask was looked up by its number.
  const isInTheirName = sender.type === "User" && via;
  return isInTheirName && !apps.includes(String(via.id)) ? "by-an-app" : null;
}

/** GitHub remembers for three days what it could not deliver; one more for the way from there. */
const MAX_AGE_MS = 4 * 24 * 60 * 60_000;

/** Signatures know no time: what somebody kept may be sent again when nobody here remembers it any more. */
export const isTooOld = (at: Ms, now: Ms): boolean => now - at > MAX_AGE_MS;

/** The outcome, without words that are nobody's order. What is only looked at because of it is looked at all the same. */
export function guarded(outcome: Outcome, body: unknown, { bot, now }: { bot: Bot; now: Ms }): Outcome {
  if (outcome.is === "ignored") return outcome;
  if (outcome.is === "mention") return guardedWords(outcome, body, { bot, now });
  return outcome.said ? { ...outcome, said: guardedWords(outcome.said, body, { bot, now }) } : outcome;
}

function guardedWords(said: Said, body: unknown, { bot, now }: { bot: Bot; now: Ms }): Said {
  if (said.is !== "mention") return said;
  const reason = whyNotTheirs(body, bot) ?? (isTooOld(said.mention.at, now) ? "too-old" : null);
  return reason ? ignored(reason) : said;
}
