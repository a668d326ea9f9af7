/** Sandboxes that belong to no session, and snapshots, as they are written down. */
import type { Selectable } from "kysely";
import type { Database, Tx } from "./database.ts";
import { freshRow, type KnownSandbox, type NewSandbox, sandboxOf } from "./sandbox-rows.ts";
import { inUseQuestions } from "./sandboxes-in-use.ts";
import { stockQuestions } from "./stock.ts";
import type { Tables } from "./tables.ts";

export type { KnownSandbox } from "./sandbox-rows.ts";

export interface KnownSnapshot {
  label: string;
  provider: string;
  token: string;
  repository: string | null;
  prepared: string | null;
  createdAt: Date;
  expiresAt: Date | null;
}

type NewSnapshot = Omit<KnownSnapshot, "createdAt"> & {
  /** Now, when it is left out. */
  createdAt?: Date;
};

/** Part of `createStore`; the command line makes it by itself. */
export function sandboxQuestions(db: Database) {
  return { ...sandboxRows(db), ...snapshotRows(db), ...stockQuestions(db), ...inUseQuestions(db) };
}

function sandboxRows(db: Database) {
  return {
    /** False when the name is written down already. */
    async addSandbox(sandbox: NewSandbox): Promise<boolean> {
      const rows = await db
        .insertInto("sandboxes")
        .values(freshRow(sandbox))
        .onConflict((conflict) => conflict.column("name").doNothing())
        .returning("name")
        .execute();
      return rows.length > 0;
    },

    /** Its daemon answers. False when the row is gone: somebody has given it up meanwhile, and nobody would look after it. */
    async sandboxIsUp(name: string, url: string, endsAt: number | null): Promise<boolean> {
      const ends_at = endsAt === null ? null : new Date(endsAt);
      const done = await db.updateTable("sandboxes").set({ url, ends_at }).where("name", "=", name).executeTakeFirst();
      return done.numUpdatedRows === 1n;
    },

    async forgetSandbox(tx: Tx | null, name: string): Promise<void> {
      await (tx ?? db).deleteFrom("sandboxes").where("name", "=", name).execute();
    },

    async knownSandboxes(): Promise<KnownSandbox[]> {
      const rows = await db.selectFrom("sandboxes").selectAll().orderBy("created_at").execute();
      return rows.map(sandboxOf);
    },
  };
}

function snapshotRows(db: Database) {
  return {
    /** False when somebody has that label already. */
    async addSnapshot(snapshot: NewSnapshot): Promise<boolean> {
      const rows = await db
        .insertInto("snapshots")
        .values(rowOf(snapshot))
        .onConflict((conflict) => conflict.column("label").doNothing())
        .returning("label")
        .execute();
      return rows.length > 0;
    },

    /** Gives the label to this one; the token that it had before, whose files nobody needs now, or null. */
    async replaceSnapshot(snapshot: NewSnapshot): Promise<string | null> {
      return db.transaction().execute(async (tx) => {
        const before = await tx
          .deleteFrom("snapshots")
          .where("label", "=", snapshot.label)
          .returning("token")
          .executeTakeFirst();
        await tx.insertInto("snapshots").values(rowOf(snapshot)).execute();
        return before?.token ?? null;
      });
    },

    async forgetSnapshot(label: string): Promise<void> {
      await db.deleteFrom("snapshots").where("label", "=", label).execute();
    },

    /** The files behind it are gone, whatever it was called. */
    async forgetToken(token: string): Promise<void> {
      await db.deleteFrom("snapshots").where("token", "=", token).execute();
    },

    /** Those whose files their provider has deleted by now; their labels. */
    async forgetExpired(now: Date): Promise<string[]> {
      const rows = await db.deleteFrom("snapshots").where("expires_at", "<=", now).returning("label").execute();
      return rows.map(({ label }) => label);
    },

    async snapshotOf(label: string): Promise<KnownSnapshot | null> {
      const row = await db.selectFrom("snapshots").selectAll().where("label", "=", label).executeTakeFirst();
      return row ? snapshotOfRow(row) : null;
    },

    async knownSnapshots(): Promise<KnownSnapshot[]> {
      return (await db.selectFrom("snapshots").selectAll().orderBy("created_at").execute()).map(snapshotOfRow);
    },
  };
}

const rowOf = ({ expiresAt, createdAt, ...rest }: NewSnapshot) => ({
  ...rest,
  expires_at: expiresAt,
  ...(createdAt ? { created_at: createdAt } : {}),
});

const snapshotOfRow = ({ created_at, expires_at, ...row }: Selectable<Tables["snapshots"]>): KnownSnapshot => ({
  ...row,
  createdAt: created_at,
  expiresAt: expires_at,
});
