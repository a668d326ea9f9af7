/** Two bots on one database, both with the tokens of the same workspaces. Time is wound by hand, and Slack is emulated. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { pino } from "pino";
import { z } from "zod";
import type { Installation } from "../../src/installation.ts";
import { createSealer } from "../../src/sealed.ts";
import { installationBook } from "../../src/store/slack-installations.ts";
import { slackInstallations } from "../../src/surfaces/slack-installations.ts";
import { handWoundClock } from "../clock.ts";
import { type TestStore, testStore } from "../database.ts";
import { type SlackEmulator, startSlack } from "../emulators/slack.ts";

const HOUR_MS = 3_600_000;
const clock = handWoundClock();
const sealer = createSealer([new Uint8Array(32).fill(7)]);
const ACME = "team:T0ACME";
const acme: Installation = {
  ...{ key: ACME, team: "T0ACME", enterprise: null, name: "Acme", app: "A0THREADBOX", botUser: "U0BOT" },
  ...{ scopes: ["chat:write"], installedBy: "U0ADA", installedAt: new Date(clock.now()) },
};
const star: Installation = { ...acme, key: "enterprise:E0STAR", team: null, enterprise: "E0STAR", name: "Star" };
const forEver = { token: "xoxb-1", refreshToken: null, expiresAt: null };

let database: TestStore;
let slack: SlackEmulator;
before(async () => {
  database = await testStore();
  slack = await startSlack({ clock, oauth: { rotates: true, redirectUrls: ["https://bot.example.com"] } });
});
after(async () => {
  await slack.close();
  await database.close();
});
beforeEach(async () => {
  slack.reset();
  await database.db.deleteFrom("slack_installations").execute();
});

const book = () => installationBook(database.db, { sealer, clock });

/** One more bot on the same database. */
function newBot({ install }: { install: string[] | undefined } = { install: ["*"] }) {
  const { clientId, clientSecret } = slack.oauth;
  const log = pino({ level: "silent" });
  return slackInstallations({ book: book(), install, clientId, clientSecret, apiUrl: slack.apiUrl, clock, log });
}

/** As Slack would have given it to somebody who installs it now. */
async function installedNow(): Promise<string> {
  const asked = new URLSearchParams({ client_id: slack.oauth.clientId, scope: "chat:write" });
  const consent = new URL(`/oauth/v2/authorize?${asked}`, slack.apiUrl);
  const body = new URLSearchParams({ place: "T0ACME", user: "U0ADA", answer: "allow" });
  const answer = await fetch(consent, { method: "POST", body, redirect: "manual" });
  const code = new URL(answer.headers.get("location") ?? "").searchParams.get("code") ?? "";
  const { clientId: client_id, clientSecret: client_secret } = slack.oauth;
  const exchange = new URLSearchParams({ code, client_id, client_secret });
  const given = Given.parse(
    await (await fetch(`${slack.apiUrl}oauth.v2.access`, { method: "POST", body: exchange })).json(),
  );
  const expiresAt = new Date(clock.now() + given.expires_in * 1_000);
  await book().save(acme, { token: given.access_token, refreshToken: given.refresh_token, expiresAt });
  return given.access_token;
}

const Given = z.object({ access_token: z.string(), refresh_token: z.string(), expires_in: z.number() });

describe("a token that ends", () => {
  test("is used as it is until two hours before its end", async () => {
    const token = await installedNow();
    clock.advance(9 * HOUR_MS);
    assert.equal(await newBot().tokenOf(ACME), token);
    assert.equal(slack.requests.of("oauth.v2.access").length, 1);
  });

  test("is renewed once, by whichever bot comes first, also when all come at once after its end", async () => {
    const token = await installedNow();
    clock.advance(13 * HOUR_MS);
    const [one, two] = [newBot(), newBot()];
    const tokens = await Promise.all([one, two, one, two, one].map((bot) => bot.tokenOf(ACME)));
    assert.equal(new Set(tokens).size, 1);
    assert.notEqual(tokens[0], token);
    assert.deepEqual(
      slack.requests.of("oauth.v2.access").map(({ ok }) => ok),
      [true, true],
    );
    assert.equal(await one.tokenOf(ACME), tokens[0]);
  });

  test("goes on being used where Slack cannot be asked for a new one, and Slack is not asked at every call", async () => {
    const token = await installedNow();
    clock.advance(11 * HOUR_MS);
    slack.faults.next("oauth.v2.access", { status: 503 });
    const bot = newBot();
    assert.equal(await bot.tokenOf(ACME), token);
    assert.equal(await bot.tokenOf(ACME), token);
    assert.equal(slack.requests.of("oauth.v2.access").length, 2);
    clock.advance(60_000);
    assert.notEqual(await bot.tokenOf(ACME), token);
  });

  test("of many workspaces at once leaves connections to the database for everybody else, however long Slack takes", async () => {
    await installedNow();
    const { token, refreshToken } = (await book().tokens(ACME)) ?? { token: "", refreshToken: "" };
    const keys = Array.from({ length: 14 }, (_, i) => `team:T0${i}`);
    const save = (key: string, hours: number) =>
      book().save({ ...acme, key }, { token, refreshToken, expiresAt: new Date(clock.now() + hours * HOUR_MS) });
    await Promise.all(keys.map((key, i) => save(key, i < 7 ? -1 : 1)));
    const slow = Promise.withResolvers<void>();
    let [now, most] = [0, 0];
    const { clientId, clientSecret } = slack.oauth;
    const log = pino({ level: "silent" });
    const bot = slackInstallations({
      ...{ install: ["*"], clientId, clientSecret, apiUrl: slack.apiUrl, clock, log },
      book: {
        ...book(),
        async renew(key) {
          most = Math.max(most, ++now);
          await slow.promise;
          now--;
          return { token: `new ${key}`, refreshToken: null, expiresAt: null };
        },
      },
    });
    const ended = keys.slice(0, 7).map((key) => bot.tokenOf(key));
    await Promise.all(keys.slice(0, 7).map((key) => book().tokens(key)));
    const stillGood = await Promise.all(keys.slice(7).map((key) => bot.tokenOf(key)));
    assert.deepEqual(new Set(stillGood), new Set([token]));
    slow.resolve();
    assert.deepEqual(
      await Promise.all(ended),
      keys.slice(0, 7).map((key) => `new ${key}`),
    );
    assert.equal(most, 2);
  });

  test("that Slack will not renew fails with a code for a person, once it has ended", async () => {
    await installedNow();
    clock.advance(13 * HOUR_MS);
    for (const grant of slack.oauth.grants) grant.refreshToken = null;
    await assert.rejects(newBot().tokenOf(ACME), { code: "surface.unauthorized" });
  });
});

describe("a sealed row", () => {
  test("that is copied to another workspace does not open there", async () => {
    await book().save(acme, forEver);
    await book().save({ ...acme, key: "team:T0EVIL", team: "T0EVIL" }, forEver);
    const { sealed } = await database.db
      .selectFrom("slack_installations")
      .select("sealed")
      .where("key", "=", ACME)
      .executeTakeFirstOrThrow();
    await database.db.updateTable("slack_installations").set({ sealed }).where("key", "=", "team:T0EVIL").execute();
    await assert.rejects(newBot().tokenOf("team:T0EVIL"), { code: "secret.unreadable" });
    assert.equal(await newBot().tokenOf(ACME), "xoxb-1");
  });
});

describe("an installation", () => {
  const inStar = { teamId: "T0NORTH", enterpriseId: "E0STAR", isEnterpriseInstall: true };

  test("of an organisation serves a workspace of it as soon as something has come from there", async () => {
    await book().save(star, forEver);
    await assert.rejects(newBot().forTeam("T0NORTH"), { code: "surface.not-installed" });
    assert.equal((await newBot().at(inStar)).key, star.key);
    assert.equal((await newBot().forTeam("T0NORTH")).key, star.key);
  });

  test("of another organisation does not take over a workspace that has one of its own", async () => {
    await book().save(star, forEver);
    await book().save(acme, forEver);
    // In a channel shared with Acme, for an organisation Slack may name the workspace of whoever wrote.
    const bot = newBot();
    await bot.at({ ...inStar, teamId: "T0ACME" });
    assert.equal((await bot.forTeam("T0ACME")).key, ACME);
    await book().save({ ...acme, enterprise: "E0STAR" }, forEver);
    await bot.at({ ...inStar, teamId: "T0ACME" });
    assert.equal((await bot.forTeam("T0ACME")).key, star.key);
  });

  test("that was uninstalled is gone at once for every bot, and back at once when it is made again", async () => {
    await book().save(star, forEver);
    const bot = newBot();
    await bot.at(inStar);
    assert.equal(await book().remove(star.key, { until: new Date(clock.now()) }), true);
    await assert.rejects(bot.forTeam("T0NORTH"), { code: "surface.not-installed" });
    await assert.rejects(bot.at(inStar), { code: "surface.not-installed" });
    await assert.rejects(bot.tokenOf(star.key), { code: "surface.not-installed" });
    await book().save(star, forEver);
    assert.equal((await bot.at(inStar)).key, star.key);
  });

  test("that is newer than the end that Slack tells of, or of another bot user, stays", async () => {
    await book().save(acme, forEver);
    assert.equal(await book().remove(ACME, { until: new Date(acme.installedAt.getTime() - 1) }), false);
    const until = new Date(clock.now() + HOUR_MS);
    assert.equal(await book().remove(ACME, { until, botUsers: ["U0ELSE"] }), false);
    assert.equal(await book().remove(ACME, { until, botUsers: ["U0ELSE", "U0BOT"] }), true);
  });

  const lists: [string, string[] | undefined, boolean][] = [
    ["without a list", undefined, false],
    ["with an empty list", [], false],
    ["that is not on the list", ["T0BETA"], false],
    ["that is on the list", ["T0BETA", "T0ACME"], true],
    ["where everybody may", ["*"], true],
  ];
  for (const [name, list, isServed] of lists)
    test(`of a workspace ${name} is ${isServed ? "" : "not "}served`, async () => {
      await book().save(acme, forEver);
      const found = newBot({ install: list }).forTeam("T0ACME");
      if (isServed) assert.equal((await found).key, ACME);
      else await assert.rejects(found, { code: "surface.not-installed" });
    });
});
