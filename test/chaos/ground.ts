/** Where bots die: Slack, GitHub, a model, a database and a git host that live on, and bots behind one address. */
import { readFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { pino } from "pino";
import { type Script, type ScriptedModel, scriptedModel } from "../../src/cli/scripted-model.ts";
import { systemClock } from "../../src/clock.ts";
import type { Variables } from "../../src/config.ts";
import type { Repository } from "../../src/core/types.ts";
import type { Step } from "../../src/engine/steps.ts";
import { localProvider } from "../../src/sandboxes/local.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { startEmbeddedPostgres } from "../../src/store/embedded-postgres.ts";
import { migrate } from "../../src/store/migrate.ts";
import { handWoundClock } from "../clock.ts";
import { testDatabase } from "../database.ts";
import { type GitHubEmulator, startGitHub } from "../emulators/github.ts";
import { type SlackEmulator, startSlack } from "../emulators/slack.ts";
import { freePort } from "../free-port.ts";
import { FAILING_TEST } from "../journeys/scripts.ts";
import { quiet } from "../quiet.ts";
import { isSettled } from "../settled.ts";
import { balancer } from "./balancer.ts";
import { type MortalBot, mortalBot } from "./mortal-bot.ts";
import { killPart, type Part } from "./processes.ts";

export interface Ground {
  slack: SlackEmulator;
  github: GitHubEmulator;
  model: ScriptedModel;
  db: Database;
  variables: Variables;
  repository: Repository;
  /** Ada speaks to the bot; gives back the ts that names the thread. */
  mentions(text: string): string;
  /** What the bot posted in that thread, oldest first. */
  ours(thread: string): ReturnType<ReturnType<SlackEmulator["thread"]>["messages"]>;
  /** One more bot, that dies at each of these steps, once. Resolves when it listens. */
  bot(deadly?: readonly Step[]): Promise<MortalBot>;
  /** Resolves when it holds; looks whenever something may have changed. */
  until(holds: () => Promise<boolean> | boolean): Promise<void>;
  /** What was said has come in, nothing is left to do, and nobody holds a session. */
  isSettled(): Promise<boolean>;
  /** Wake-ups of sessions that are there, and how far they are. */
  jobs(): Promise<{ state: string }[]>;
  /** SIGKILL for its own Postgres. Resolves when another one answers: the parts of the dead one do for a moment. */
  killDatabase(): Promise<void>;
  /** Minutes go by at Slack, which delivers again what was not taken; none while something is on its way, which would be late then. */
  deliverAgain(): void;
  /** SIGKILL for a part of every sandbox that runs. */
  kill(part: Part): Promise<void>;
  /** Sandboxes that run. */
  sandboxes(): Promise<string[]>;
  close(): Promise<void>;
}

/** What Slack waits before it delivers again, at most; longer than a bot takes to come back. */
const NEXT_DELIVERY_MS = 300_000;

export interface GroundOptions {
  /** `shared` with all tests; or the bot's own, which can be killed. */
  database?: "shared" | "embedded";
}

export async function chaosGround(
  scripts: Script[],
  { database: where = "shared" }: GroundOptions = {},
): Promise<Ground> {
  const home = await mkdtemp(join(tmpdir(), "threadbox-chaos-"));
  // The embedded one of somebody who is root runs as another user, who has to pass through.
  await chmod(home, 0o711);
  const database = where === "shared" ? await testDatabase() : await ownDatabase(join(home, "bot"));
  const { db, close: closeDatabase } = openDatabase(database.connection, 2, quiet);
  await migrate(db);
  const model = await scriptedModel(scripts);
  // Slack's time stands still, but for the pauses between deliveries: wound on when a bot is back.
  const clock = handWoundClock(Date.now());
  const slack = await startSlack({
    people: ["ada", { name: "gus", kind: "guest" }],
    channels: [{ name: "web", members: ["ada", "gus"] }],
    deliverRetry: "like-slack",
    clock,
  });
  const github = await startGitHub({ clock: systemClock });
  const created = await github.createRepository("acme/api", { isPrivate: true, files: FAILING_TEST });
  const app = await github.createApp({ slug: "threadbox" });
  // She is connected already, so that each push is asked about.
  const ada = github.createUser("ada-lovelace");
  github.collaborator("acme/api", ada.login, "write");
  const member = { surface: "slack", team: slack.team.id, person: slack.person("ada").id };
  await db
    .insertInto("identities")
    .values({ ...member, github_id: ada.id, login: ada.login })
    .execute();
  await app.install("acme", { repositories: ["acme/api"] });
  const repository: Repository = { id: created.cloneUrl, name: "acme/api", url: created.cloneUrl, base: "" };
  const front = await balancer();
  slack.deliverTo(`http://127.0.0.1:${front.port}/slack/events`);
  const { host, user, database: name } = database.connection as { host: string; user: string; database: string };
  const variables: Variables = {
    THREADBOX_HOME: join(home, "bot"),
    ...(where === "shared"
      ? { DATABASE_URL: `postgres:///${name}?user=${user}&host=${encodeURIComponent(host)}` }
      : {}),
    ANTHROPIC_API_KEY: "scripted",
    ANTHROPIC_BASE_URL: model.url,
    ...slack.environment,
    ...app.environment,
    GITHUB_CLIENT_ID: app.clientId,
    GITHUB_CLIENT_SECRET: app.clientSecret,
    PUBLIC_URL: `http://127.0.0.1:${front.port}`,
  };
  const provider = localProvider({ home: join(home, "bot"), log: pino({ level: "silent" }) });
  const bots: MortalBot[] = [];
  let seenAt = Date.now();
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined);
  let bell = Promise.withResolvers<void>();
  const ring = (): void => {
    bell.resolve();
    bell = Promise.withResolvers<void>();
  };
  const until: Ground["until"] = async (holds) => {
    seenAt = Date.now();
    while (!(await holds())) {
      if (Date.now() > seenAt + GIVE_UP_AFTER_MS)
        throw new Error(`it did not come to that; there is ${await standing(db)}`);
      const look = setTimeout(ring, LOOK_EVERY_MS);
      await Promise.race([bell.promise, broken.promise]);
      clearTimeout(look);
    }
  };
  return {
    ...{ slack, github, model, db, variables, repository },
    mentions: (text) => slack.as("ada").says("#web", `<@${slack.app.botUserId}> ${text}`).message.ts,
    ours: (thread) =>
      slack
        .thread("#web", thread)
        .messages()
        .filter(({ message }) => message.author === slack.app.botUserId),
    async bot(deadly = []) {
      const listens = Promise.withResolvers<void>();
      // The same for every life of a bot: what it held is its own again at once.
      const port = await freePort();
      front.add(port);
      const own = { variables: { ...variables, PORT: String(port) }, diary: join(home, `diary-${port}`) };
      const life = { ...own, repositories: [repository], idleAfterMs: 1, deadly: [...deadly] };
      const bot = mortalBot(life, () => {
        clock.advance(NEXT_DELIVERY_MS);
        seenAt = Date.now();
        listens.resolve();
        ring();
      });
      bots.push(bot);
      bot.over.catch(broken.reject);
      await Promise.race([listens.promise, broken.promise]);
      return bot;
    },
    until,
    isSettled: async () => slack.open().length === 0 && (await hasBegun(db)) && (await isSettled(db)),
    async jobs() {
      const asked = sql<{ state: string }>`select state from pgboss.job where name = 'session'`;
      return (await asked.execute(db)).rows;
    },
    async killDatabase() {
      const file = join(home, "bot", "postgres", "data", "postmaster.pid");
      const pid = () => Number(readFileSync(file, "utf8").split("\n")[0]);
      const dead = pid();
      process.kill(dead, "SIGKILL");
      const answers = db.selectFrom("sessions").select("id").limit(1);
      await until(() =>
        answers.execute().then(
          () => pid() !== dead,
          () => false,
        ),
      );
    },
    deliverAgain() {
      if (slack.open().every(({ waits }) => waits)) clock.advance(NEXT_DELIVERY_MS);
    },
    kill: (part) => killPart(join(home, "bot"), part),
    async sandboxes() {
      const listed = await provider.list();
      return listed.map(({ name }) => name);
    },
    async close() {
      await Promise.all(bots.map((bot) => bot.stop().catch(() => undefined)));
      for (const { name } of await provider.list()) await provider.destroy(name);
      await front.close();
      await slack.close();
      await github.close();
      await model.close();
      await closeDatabase();
      await database.drop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Without a new life of a bot: ends a test that would hang. Longer than a few leases. */
const GIVE_UP_AFTER_MS = 240_000;
/** The same one that the bot runs: whoever comes first starts it. */
async function ownDatabase(home: string) {
  const { connection, stop } = await startEmbeddedPostgres({ home, log: quiet });
  return { connection, drop: stop };
}

/** What other processes do makes no noise here. */
const LOOK_EVERY_MS = 50;

const hasBegun = async (db: Database): Promise<boolean> =>
  (await db.selectFrom("sessions").select("id").limit(1).execute()).length > 0;

/** For whoever reads why a story did not go on. */
async function standing(db: Database): Promise<string> {
  const sessions = await db.selectFrom("sessions").select(["owner", "state"]).execute();
  const effects = await db.selectFrom("effects").selectAll().where("done_at", "is", null).execute();
  return JSON.stringify({ sessions, effects }, null, 1);
}
