/** The card of a pull request, between GitHub and the threads in which it stands. */
import { threadKey } from "../core/correlation.ts";
import type { Effect, SessionEvent } from "../core/decision.ts";
import type { Session } from "../core/types.ts";
import { isMended } from "./mend.ts";
import type { EngineDeps } from "./ports.ts";
import { surfaceOf } from "./reach.ts";

export async function look(
  deps: Pick<EngineDeps, "forge" | "repositories" | "settings">,
  { work, pullRequest }: Session,
): Promise<SessionEvent> {
  if (!work?.repository.github || !pullRequest) return { type: "pull-request.unseen" };
  const card = await deps.forge.cardOf(work.repository, pullRequest.number);
  return { type: "pull-request.seen", card, ...(isMended(deps, work.repository) ? {} : { unmended: true }) };
}

/** What was seen last, whatever it was when this was decided. Posted by a bot that died before it had the name of it, its marker tells. */
export async function showCard(
  deps: EngineDeps,
  { id, card }: Session,
  { thread }: Extract<Effect, { do: "show-card" }>,
  again: boolean,
): Promise<SessionEvent | null> {
  const surface = surfaceOf(deps, thread.surface);
  if (!card?.seen) return null;
  const known = card.places.find((place) => threadKey(place.thread) === threadKey(thread))?.ref ?? null;
  const marker = `${id}/card/${card.seen.number}`;
  const ref = await surface.card(thread, card.seen, known, { marker, again });
  return ref === null || ref === known ? null : { type: "card.shown", thread, ref };
}
