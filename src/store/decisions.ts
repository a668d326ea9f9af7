/** What was decided on a session, in order: written with the decision itself, read by whoever asks why. */
import type { Tx } from "./database.ts";
import { toJson } from "./json.ts";

/** One event that a session was told, as it is remembered. */
export interface Reason {
  /** Null for a command of an operator. */
  bot: string | null;
  event: string;
  /** What of it a person wants to know; never a secret. */
  about: object;
}

/** Part of `save`, so that there is no decision without its reason. */
export async function addDecision(tx: Tx, session: string, reason: Reason, effects: string[]): Promise<void> {
  const { bot, event, about } = reason;
  await tx
    .insertInto("decisions")
    .values({ session_id: session, bot, event, about: toJson(about), effects })
    .execute();
}
