/** Hints that a pull request has changed, told to the sessions that it is of. They are committed before GitHub is answered. */
import { stirred } from "../core/cards.ts";
import type { SessionEvent } from "../core/decision.ts";
import type { Hints } from "../core/incoming.ts";
import type { Ms, Session } from "../core/types.ts";
import type { Store } from "../store/store.ts";

interface StirsDeps {
  store: Pick<Store, "sessionOf" | "sessionsOnto">;
  now(): Ms;
  /** Tells one session, unless it would not change by that. */
  apply(session: string, event: SessionEvent, isMoot: (session: Session) => boolean): Promise<void>;
}

/** Nothing stands in the inbox for them: told twice, one is looked at once more, and that is all. */
export const hintsTo = ({ store, now, apply }: StirsDeps): Hints => ({
  async stirred(keys, onto) {
    const found = await Promise.all([...new Set(keys)].map((key) => store.sessionOf(key)));
    const ontoIt = onto ? await store.sessionsOnto(onto) : [];
    const sessions = [...new Set([...found.filter((session) => session !== null), ...ontoIt])];
    for (const session of sessions)
      await apply(session, { type: "pull-request.stirred" }, (one) => stirred(one, now()).session === one);
    return sessions[0] ?? null;
  },
});
