/** Who has installed the bot in Slack. Tokens lie here sealed; a key that is not the first one any more is replaced when they are read. */
import { type Selectable, sql } from "kysely";
import type { Clock } from "../clock.ts";
import type { Installation, InstallationBook, Tokens } from "../installation.ts";
import type { SealedPlace, Sealer } from "../sealed.ts";
import type { Database } from "./database.ts";
import type { Tables } from "./tables.ts";

type Row = Selectable<Tables["slack_installations"]>;

export function installationBook(db: Database, { sealer, clock }: { sealer: Sealer; clock: Clock }): InstallationBook {
  const open = async (row: Pick<Row, "key" | "sealed" | "expires_at">): Promise<Tokens & { isOld: boolean }> => {
    const { text, isOld } = await sealer.open(row.sealed, placeOf(row.key));
    // Only `sealedOf` ever makes it.
    const { token, refreshToken } = JSON.parse(text) as Secret;
    return { token, refreshToken, expiresAt: row.expires_at, isOld };
  };
  const sealedOf = ({ token, refreshToken }: Secret, key: string): Promise<string> =>
    sealer.seal(JSON.stringify({ token, refreshToken } satisfies Secret), placeOf(key));

  return {
    async save({ key, installedAt, ...installation }, tokens) {
      const row = {
        ...{ team: installation.team, enterprise: installation.enterprise, name: installation.name },
        ...{ app: installation.app, bot_user: installation.botUser, scopes: installation.scopes },
        ...{ installed_by: installation.installedBy, installed_at: installedAt, updated_at: new Date(clock.now()) },
        ...{ sealed: await sealedOf(tokens, key), expires_at: tokens.expiresAt },
      };
      await db
        .insertInto("slack_installations")
        .values({ key, ...row })
        .onConflict((conflict) => conflict.column("key").doUpdateSet(row))
        .execute();
    },

    async list() {
      return (await db.selectFrom("slack_installations").selectAll().orderBy("key").execute()).map(installationOf);
    },

    async find(key) {
      const row = await db.selectFrom("slack_installations").selectAll().where("key", "=", key).executeTakeFirst();
      return row ? installationOf(row) : null;
    },

    async serves(key, team) {
      await sql`
        insert into slack_teams (team, installation)
        select ${team}, key from slack_installations served where key = ${key} and not exists (
          select 1 from slack_installations own
          where own.key = ${`team:${team}`} and own.key <> served.key and own.enterprise is distinct from served.enterprise)
        on conflict (team) do update set installation = excluded.installation`.execute(db);
    },

    async forTeam(team) {
      const { rows } = await sql<Row>`
        select * from slack_installations where key = coalesce(
          (select installation from slack_teams where team = ${team}), ${`team:${team}`})`.execute(db);
      return rows[0] ? installationOf(rows[0]) : null;
    },

    async tokens(key) {
      const row = await db.selectFrom("slack_installations").selectAll().where("key", "=", key).executeTakeFirst();
      if (!row) return null;
      const { isOld, ...tokens } = await open(row);
      if (isOld) {
        const sealed = await sealedOf(tokens, key);
        const same = db.updateTable("slack_installations").set({ sealed }).where("key", "=", key);
        await same.where("sealed", "=", row.sealed).execute();
      }
      return tokens;
    },

    renew: (key, due, renewed) =>
      db.transaction().execute(async (tx) => {
        const locked = tx.selectFrom("slack_installations").selectAll().where("key", "=", key).forUpdate();
        const row = await (due.waits ? locked : locked.skipLocked()).executeTakeFirst();
        if (!row) return null;
        const { isOld: _, ...known } = await open(row);
        if (!known.refreshToken || !due.is(known)) return known;
        const tokens = await renewed(known.refreshToken);
        const set = { sealed: await sealedOf(tokens, key), expires_at: tokens.expiresAt };
        const updated = tx.updateTable("slack_installations").set({ ...set, updated_at: new Date(clock.now()) });
        await updated.where("key", "=", key).execute();
        return tokens;
      }),

    async remove(key, { until, botUsers }) {
      const all = db.deleteFrom("slack_installations").where("key", "=", key).where("installed_at", "<=", until);
      const these = botUsers ? all.where("bot_user", "in", ["", ...botUsers]) : all;
      const { numDeletedRows } = await these.executeTakeFirst();
      return numDeletedRows > 0n;
    },
  };
}

interface Secret {
  token: string;
  refreshToken: string | null;
}

const placeOf = (key: string): SealedPlace => ({ purpose: "slack-installation", row: key });

const installationOf = (row: Row): Installation => ({
  ...{ key: row.key, team: row.team, enterprise: row.enterprise, name: row.name, app: row.app },
  ...{ botUser: row.bot_user, scopes: row.scopes, installedBy: row.installed_by, installedAt: row.installed_at },
});
