/** What people have chosen for themselves: see `core/preferences.ts`. */
import type { Membership } from "../core/identity.ts";
import { NO_PREFERENCES, type Preferences } from "../core/preferences.ts";
import type { Database } from "./database.ts";
import { storable } from "./json.ts";

/** Part of `createStore`. */
export function preferenceQuestions(db: Database) {
  return {
    async preferencesOf({ surface, team, id }: Membership): Promise<Preferences> {
      const row = await db
        .selectFrom("preferences")
        .select(["repository", "agent", "model"])
        .where("surface", "=", surface)
        .where("team", "=", team)
        .where("person", "=", id)
        .executeTakeFirst();
      return row ?? NO_PREFERENCES;
    },

    /** Changes what is given and leaves the rest; asked again it changes nothing. */
    async prefer({ surface, team, id }: Membership, change: Partial<Preferences>): Promise<void> {
      const whose = { surface, team, person: id };
      const chosen = Object.fromEntries(
        Object.entries(change).map(([name, value]) => [name, value === null ? null : storable(value)]),
      );
      await db
        .insertInto("preferences")
        .values({ ...whose, ...chosen })
        .onConflict((conflict) => conflict.columns(["surface", "team", "person"]).doUpdateSet({ ...whose, ...chosen }))
        .execute();
    },
  };
}
