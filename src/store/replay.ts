/** How far the log of what GitHub could not deliver was read: one row for all bots, and whoever moves its time on looks. */
import { sql } from "kysely";
import type { Database } from "./database.ts";
import { toJson } from "./json.ts";

const NAME = "github-deliveries";

interface Position {
  until: number;
  done: string[];
  tries: Record<string, number>;
}

export function replayBook(db: Database) {
  return {
    /** Null when somebody has looked within the last `gapMs`. The first look of all begins now: before it nobody had promised anything. */
    async claim(now: number, gapMs: number): Promise<Position | null> {
      // GitHub's times have whole seconds, and are rounded down.
      const first: Position & { lookedAt: number } = { until: now - (now % 1_000), done: [], tries: {}, lookedAt: 0 };
      await db
        .insertInto("settings")
        .values({ name: NAME, value: toJson(first) })
        .onConflict((conflict) => conflict.column("name").doNothing())
        .execute();
      const { rows } = await sql<{ value: Position }>`
        update settings set value = value || jsonb_build_object('lookedAt', ${now}::bigint)
        where name = ${NAME} and (value ->> 'lookedAt')::bigint <= ${now - gapMs}::bigint
        returning value`.execute(db);
      return rows[0]?.value ?? null;
    },

    /** The time of the look stays. */
    async save(position: Position): Promise<void> {
      await sql`update settings set value = value || ${toJson(position)}::jsonb where name = ${NAME}`.execute(db);
    },
  };
}
