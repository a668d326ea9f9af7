/** The stock of prepared sandboxes, shared by all bots on one database: who is at work on which, who takes which. */
import { alone, type Database, type Tx } from "./database.ts";
import { freshRow, type KnownSandbox, sandboxOf } from "./sandbox-rows.ts";

/** What a warm sandbox has to be, for somebody to be served with it. */
export interface Wanted {
  provider: string;
  repository: string;
  prepared: string;
}

/** How the stock is filled up: the missing ones are written down first, so that another bot counts them too. */
export interface FillUp {
  /** How many there should be. */
  count: number;
  /** Whether this one is good enough to be one of them. */
  counts(sandbox: KnownSandbox): boolean;
  /** How many of the missing ones this bot can start now. */
  max: number;
  name(): string;
  now: Date;
}

/** Part of `createStore`. */
export function stockQuestions(db: Database) {
  return {
    /** Says that a bot is still at work on it; false when somebody else has taken the row away. */
    async stillBusy(name: string, now: Date): Promise<boolean> {
      const done = await db
        .updateTable("sandboxes")
        .set({ created_at: now })
        .where("name", "=", name)
        .where("url", "is", null)
        .executeTakeFirst();
      return done.numUpdatedRows === 1n;
    },

    /** A warm sandbox for this session, the oldest first, at most one ever: asked again it is the same one. */
    async takeWarm(session: string, wanted: Wanted): Promise<KnownSandbox | null> {
      return db.transaction().execute(async (tx) => {
        await alone(tx, `take/${session}`);
        return (await takenBy(tx, session)) ?? takeFirst(tx, session, wanted);
      });
    },

    /** Writes down what is missing, whichever bot counts; their names. */
    async fillUp(wanted: Wanted, { count, counts, max, name, now }: FillUp): Promise<string[]> {
      return db.transaction().execute(async (tx) => {
        await alone(tx, `warm/${wanted.repository}`);
        const there = (await untaken(tx, wanted).execute()).map(sandboxOf);
        const missing = count - there.filter(counts).length;
        const names = Array.from({ length: Math.max(0, Math.min(missing, max)) }, name);
        const rows = names.map((one) => freshRow({ ...wanted, name: one, kind: "warm", createdAt: now }));
        if (rows.length > 0) await tx.insertInto("sandboxes").values(rows).execute();
        return names;
      });
    },

    /**
     * Takes it out of the stock, to be ended: nobody gets it any more, and should this bot die meanwhile, another one ends it.
     * False when something has happened to it since it was read, such as a session that took it.
     */
    async withdraw({ name, takenBy, createdAt }: KnownSandbox, now: Date): Promise<boolean> {
      const done = await db
        .updateTable("sandboxes")
        .set({ url: null, prepared: null, taken_by: null, created_at: now })
        .where("name", "=", name)
        .where("taken_by", "is not distinct from", takenBy)
        // A Date is less precise than what the database keeps.
        .where("created_at", "<", new Date(createdAt.getTime() + 1))
        .executeTakeFirst();
      return done.numUpdatedRows === 1n;
    },
  };
}

async function takenBy(tx: Tx, session: string): Promise<KnownSandbox | null> {
  const row = await tx.selectFrom("sandboxes").selectAll().where("taken_by", "=", session).executeTakeFirst();
  return row ? sandboxOf(row) : null;
}

/** What was taken is prepared for nothing any more: should its session go, nobody else may get it with that session's files. */
async function takeFirst(tx: Tx, session: string, wanted: Wanted): Promise<KnownSandbox | null> {
  const free = await untaken(tx, wanted)
    .where("url", "is not", null)
    .orderBy("created_at")
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
  if (!free) return null;
  const taken = { taken_by: session, prepared: null };
  await tx.updateTable("sandboxes").set(taken).where("name", "=", free.name).execute();
  return sandboxOf({ ...free, ...taken });
}

const untaken = (tx: Tx, { provider, repository, prepared }: Wanted) =>
  tx
    .selectFrom("sandboxes")
    .selectAll()
    .where("kind", "=", "warm")
    .where("taken_by", "is", null)
    .where("provider", "=", provider)
    .where("repository", "=", repository)
    .where("prepared", "=", prepared);
