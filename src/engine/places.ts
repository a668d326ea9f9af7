/** News of places, told to the sessions that they are about: in their order with everything else, because whoever holds one decides nothing alone. */
import { threadKey } from "../core/correlation.ts";
import { decide } from "../core/decide.ts";
import type { SessionEvent } from "../core/decision.ts";
import type { Told } from "../core/intake.ts";
import { inNewPlace, type Move, type Places } from "../core/places.ts";
import type { Session } from "../core/types.ts";
import type { Tx } from "../store/database.ts";
import type { Store } from "../store/store.ts";
import { storeTold } from "./decided.ts";
import type { Happening, Tell } from "./happenings.ts";

interface PlacesDeps {
  store: Pick<Store, "sessionOf" | "sessionsIn" | "moveChannel" | "transaction" | "save">;
  now(): number;
  bot: string | null;
  tell: Tell | undefined;
  /** Tells one session, and whoever holds it. */
  apply(session: string, event: SessionEvent): Promise<void>;
  wake(tx: Tx, sessions: string[]): Promise<void>;
}

export function placesOf(deps: PlacesDeps): Places {
  return {
    async renamed(thread, title) {
      const session = await deps.store.sessionOf(threadKey(thread));
      if (session) await deps.apply(session, { type: "renamed", title });
      return session !== null;
    },
    async moved(move) {
      const happened = await deps.store.transaction((tx) => moveAll(deps, tx, move));
      for (const happening of happened) deps.tell?.(happening);
      return happened.length;
    },
  };
}

/** Keys and state change together: a mention in the new place that finds its session finds one that answers there. */
async function moveAll(deps: PlacesDeps, tx: Tx, move: Move): Promise<Happening[]> {
  const sessions = await deps.store.sessionsIn(tx, move);
  const at = deps.now();
  const event: SessionEvent = { type: "moved", ...move };
  const told = sessions
    .filter((before) => isNamedIn(before, move))
    .map((before): Told => ({ before, event, decision: decide(before, event, at) }));
  const happened = told.length > 0 ? await storeTold(deps.store, tx, told, { at, bot: deps.bot }) : [];
  const moved = sessions.map(({ id }) => id);
  await deps.store.moveChannel(tx, move, moved);
  // What rests hears of it when it is spoken to; what shows something has to show it elsewhere.
  const busy = told.filter(({ before }) => before.turn || before.checking.length > 0).map(({ before }) => before.id);
  if (busy.length > 0) await deps.wake(tx, busy);
  return happened;
}

const isNamedIn = (session: Session, move: Move): boolean =>
  JSON.stringify(session) !== JSON.stringify(inNewPlace(session, move));
