/** Whether bots have come to rest, as their database tells it: no effect, no mention without a session, no turn, and nobody holds one. */
import type { Database } from "../src/store/database.ts";

export async function isSettled(db: Database): Promise<boolean> {
  const effects = await db.selectFrom("effects").select("id").where("done_at", "is", null).limit(1).execute();
  const inbox = await db.selectFrom("inbox").select("seq").where("session_id", "is", null).limit(1).execute();
  const sessions = await db.selectFrom("sessions").select(["state", "owner"]).execute();
  const resting = sessions.every(({ state, owner }) => !state.turn && state.checking.length === 0 && owner === null);
  return effects.length === 0 && inbox.length === 0 && resting;
}
