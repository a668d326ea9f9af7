/**
 * What is told to sessions, with its reason: whatever comes in and whatever a holder finds out passes here, so that no decision is without
 * a reason, and none goes untold.
 */
import { decide } from "../core/decide.ts";
import type { SessionEvent } from "../core/decision.ts";
import type { Told } from "../core/intake.ts";
import type { Ms, Session } from "../core/types.ts";
import type { Tx } from "../store/database.ts";
import type { Store } from "../store/store.ts";
import { type Happening, happeningsOf } from "./happenings.ts";
import { aboutOf } from "./reason.ts";

interface By {
  at: Ms;
  bot: string | null;
}

/** One event, told to one session: decided and stored. Gives back what there is to tell of it, once the transaction is committed. */
export async function decideAndStore(
  store: Pick<Store, "save">,
  tx: Tx,
  { session, event }: { session: Session; event: SessionEvent },
  by: By,
): Promise<Happening[]> {
  return storeTold(store, tx, [{ before: session, event, decision: decide(session, event, by.at) }], by);
}

/** The same for what is decided already. */
export async function storeTold(store: Pick<Store, "save">, tx: Tx, told: Told[], by: By): Promise<Happening[]> {
  const reasonOf = ({ event }: Told) => ({ bot: by.bot, event: event.type, about: aboutOf(event) });
  await store.save(
    tx,
    told.map((one) => ({ before: one.before, decision: one.decision, reason: reasonOf(one) })),
  );
  return told.flatMap(({ before, event, decision }) => happeningsOf(before, event, decision, by));
}
