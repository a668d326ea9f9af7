/** What people have chosen for themselves: see `core/preferences.ts`. */
import { NO_PREFERENCES, type PersonKey, type Preferences } from "../core/preferences.ts";
import type { Database } from "./database.ts";
import { storable } from "./json.ts";

/** Part of `createStore`. */
export function preferenceQuestions(db: Database) {
  return {
    async preferencesOf({ surface, team, person }: PersonKey): Promise<Preferences> {
      const row = await db
        .selectFrom("preferences")
        .select(["repository", "agent", "model"])
        .where("surface", "=", surface)
        .where("team", "=", team)
        .where("person", "=", person)
        .executeTakeFirst();
      return row ?? NO_PREFERENCES;
    },

    /** Changes what is given and leaves the rest; asked again it changes nothing. */
    async prefer(key: PersonKey, change: Partial<Preferences>): Promise<void> {
      const row = Object.fromEntries(
        Object.entries(change).map(([name, value]) => [name, value === null ? null : storable(value)]),
      );
      await db
        .insertInto("preferences")
        .values({ ...key, ...row })
        .onConflict((conflict) => conflict.columns(["surface", "team", "person"]).doUpdateSet({ ...key, ...row }))
        .execute();
    },
  };
}
