/** Who people are on GitHub, and which sessions wait until they say. */
import { sql } from "kysely";
import type { GitHubAccount, Membership } from "../core/identity.ts";
import type { Database, Tx } from "./database.ts";
import { toJson } from "./json.ts";

/** Part of `createStore`. */
export function identityQuestions(db: Database) {
  return {
    async identityOf({ surface, team, id }: Membership): Promise<GitHubAccount | null> {
      const row = await db
        .selectFrom("identities")
        .select(["github_id", "login"])
        .where("surface", "=", surface)
        .where("team", "=", team)
        .where("person", "=", id)
        .executeTakeFirst();
      return row ? { id: row.github_id, login: row.login } : null;
    },

    /** Instead of the account that they had before, and of the person of the same workspace who had that account before. */
    async saveIdentity(tx: Tx, { surface, team, id }: Membership, account: GitHubAccount): Promise<void> {
      const row = { surface, team, person: id, github_id: account.id, login: account.login };
      await tx
        .deleteFrom("identities")
        .where("surface", "=", surface)
        .where("team", "=", team)
        .where((eb) => eb.or([eb("person", "=", id), eb("github_id", "=", account.id)]))
        .execute();
      await tx.insertInto("identities").values(row).execute();
    },

    /** GitHub calls the account by another name now. */
    async renameIdentity({ id, login }: GitHubAccount): Promise<void> {
      await db.updateTable("identities").set({ login }).where("github_id", "=", id).execute();
    },

    async forgetIdentity({ surface, team, id }: Membership): Promise<void> {
      const whose = db.deleteFrom("identities").where("surface", "=", surface).where("team", "=", team);
      await whose.where("person", "=", id).execute();
    },

    async isLinkUsed(link: string): Promise<boolean> {
      return Boolean(await db.selectFrom("used_links").select("id").where("id", "=", link).executeTakeFirst());
    },

    /** False when it was used before. Those that are worth nothing any more go. */
    async useLink(tx: Tx, link: string): Promise<boolean> {
      await tx.deleteFrom("used_links").where("used_at", "<", sql<Date>`now() - interval '1 day'`).execute();
      const used = tx
        .insertInto("used_links")
        .values({ id: link })
        .onConflict((conflict) => conflict.doNothing());
      return (await used.executeTakeFirst()).numInsertedOrUpdatedRows === 1n;
    },

    /** In the order in which everybody locks them. */
    async connectingSessions(tx: Tx, { surface, team, id }: Membership): Promise<string[]> {
      const waits = toJson([{ author: { surface, id }, thread: { team } }]);
      const { rows } = await sql<{ id: string }>`
        select id from sessions where state ? 'connecting' and state -> 'connecting' @> ${waits}::jsonb order by id`.execute(
        tx,
      );
      return rows.map((row) => row.id);
    },
  };
}
