/** Which sandboxes somebody needs, by everything that is written down: for whoever ends those that nobody does. */
import { sql } from "kysely";
import { sandboxName } from "../core/naming.ts";
import type { Database } from "./database.ts";

/** Part of `createStore`. */
export function inUseQuestions(db: Database) {
  return {
    /** Names of the sandboxes that sessions use now or are about to use. */
    async sandboxesInUse(): Promise<Set<string>> {
      const { rows } = await sql<{ id: string; name: string | null; taken: string | null }>`
        select s.id, s.state #>> '{sandbox,name}' as name, w.name as taken
        from sessions s left join sandboxes w on w.taken_by = s.id
        where s.state #>> '{sandbox,is}' in ('starting', 'ready', 'falling-asleep')`.execute(db);
      return new Set(rows.flatMap(namesOf));
    },

    /**
     * Whether anybody would miss it: asked once more right before it is ended, and then with everything that could speak for it.
     * That a sandbox runs whose session sleeps is odd, but where a provider keeps files under its name they would go with it.
     */
    async isMissed(name: string): Promise<boolean> {
      const ofSession = name.startsWith(sandboxName("")) ? name.slice(sandboxName("").length) : "";
      const { rows } = await sql<{ missed: boolean }>`
        select exists (
          select from sessions s left join sandboxes w on w.taken_by = s.id
          where s.state #>> '{sandbox,is}' <> 'none' and (
            s.state #>> '{sandbox,name}' = ${name}
            or s.state #>> '{sandbox,token}' = ${name}
            or (s.state #>> '{sandbox,name}' is null and (s.id = ${ofSession} or w.name = ${name}))
          )
        ) or exists (select from sandboxes where name = ${name} and taken_by is null)
          or exists (select from snapshots where token = ${name}) as missed`.execute(db);
      return rows[0]?.missed ?? true;
    },

    /** Does the work unless another bot is doing work of that name right now; null then. Holds one connection meanwhile. */
    async unlessElsewhere<T>(name: string, work: () => Promise<T>): Promise<T | null> {
      return db.connection().execute(async (connection) => {
        const key = sql`hashtextextended(${name}, 0)`;
        const { rows } = await sql<{ ours: boolean }>`select pg_try_advisory_lock(${key}) as ours`.execute(connection);
        if (!rows[0]?.ours) return null;
        try {
          return await work();
        } finally {
          await sql`select pg_advisory_unlock(${key})`.execute(connection);
        }
      });
    },
  };
}

/** Without a name of its own the session's is the one that is made of its id, or the warm one that it is just taking. */
const namesOf = ({ id, name, taken }: { id: string; name: string | null; taken: string | null }): string[] =>
  name === null ? [sandboxName(id), ...(taken === null ? [] : [taken])] : [name];
