/** What programs asked for: found again by the name that they gave it, so that what is sent twice is one mention. */
import type { Database } from "./database.ts";

export function apiMentions(db: Database) {
  return {
    /** `fingerprint` is the message's name: of those of the API it is made of the words. */
    async received(dedupe: string): Promise<{ fingerprint: string; session: string | null } | null> {
      const row = await db
        .selectFrom("inbox")
        .select(["body", "session_id"])
        .where("dedupe", "=", dedupe)
        .executeTakeFirst();
      if (!row || !("mention" in row.body)) return null;
      return { fingerprint: row.body.mention.message, session: row.session_id };
    },
  };
}
