/** A session that has lived through something, as everything of it is stored. */
import { decide, newSession } from "../../src/core/decide.ts";
import type { SessionEvent } from "../../src/core/decision.ts";
import type { Session } from "../../src/core/types.ts";
import type { Store } from "../../src/store/store.ts";
import { NOW, slackThread } from "../core/story.ts";
import { storeSession } from "../database.ts";

/** The session s1 after these events. */
export async function lived(store: Store, ...events: (SessionEvent | SessionEvent[])[]): Promise<void> {
  let session: Session = newSession("s1", slackThread, "Untitled", NOW);
  await storeSession(store, session);
  for (const event of events.flat()) {
    const decision = decide(session, event, NOW);
    const decided = { before: session, decision, reason: { bot: null, event: event.type, about: {} } };
    session = decision.session;
    await store.transaction((tx) => store.save(tx, [decided]));
  }
}
