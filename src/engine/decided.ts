/**
 * One event, told to one session: decided, and stored with its reason. Whatever comes in and whatever a holder finds out passes here,
 * so that no decision is without a reason, and none goes untold.
 */
import { decide } from "../core/decide.ts";
import type { SessionEvent } from "../core/decision.ts";
import type { Ms, Session } from "../core/types.ts";
import type { Tx } from "../store/database.ts";
import type { Store } from "../store/store.ts";
import { type Happening, happeningsOf } from "./happenings.ts";
import { aboutOf } from "./reason.ts";

/** Gives back what there is to tell of it, once the transaction is committed. */
export async function decideAndStore(
  store: Pick<Store, "save">,
  tx: Tx,
  { session, event }: { session: Session; event: SessionEvent },
  by: { at: Ms; bot: string | null },
): Promise<Happening[]> {
  const decision = decide(session, event, by.at);
  await store.save(tx, decision, { bot: by.bot, event: event.type, about: aboutOf(event) });
  return happeningsOf(session, event, decision, by);
}
