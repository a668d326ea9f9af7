import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { sql } from "kysely";
import type { SlackEmulator } from "../emulators/slack.ts";
import { fixesTheTest } from "./scripts.ts";
import { FIRST_KEY, type Installing, linkIn, SECOND_KEY, startInstalling, wordsOf } from "./slack-installing.ts";

const acme = { team: { id: "T0ACME", name: "Acme", domain: "acme" }, people: ["ada"], channels: ["web"] };
const beta = { team: { id: "T0BETA", name: "Beta", domain: "beta" }, people: ["bert"], channels: ["api"] };
const evil = { team: { id: "T0EVIL", name: "Evil", domain: "evil" }, people: ["eve"], channels: ["plot"] };
const star = { id: "E0STAR", name: "Star" };
const north = {
  ...{ team: { id: "T0NORTH", name: "North", domain: "north" }, enterprise: star },
  ...{ people: ["nora"], channels: ["ice"] },
};
const south = {
  ...{ team: { id: "T0SOUTH", name: "South", domain: "south" }, enterprise: star },
  ...{ people: ["sam"], channels: ["sun"] },
};

let bot: Installing;
let slack: SlackEmulator;
before(async () => {
  bot = await startInstalling([acme, beta, evil, north, south], {
    ...{ scripts: [fixesTheTest], install: ["T0ACME", "T0BETA", "E0STAR"], rotates: true },
  });
  ({ slack } = bot);
});
after(() => bot.stop());

/** Somebody of that workspace asks; gives back what the bot has posted in the thread. */
async function asks(team: string, who: string, channel: string): Promise<string[]> {
  const here = slack.at(team);
  const { message } = here.as(who).says(channel, `<@${here.app.botUserId}> the test fails, please fix it`);
  await bot.everything();
  const ours = here.thread(channel, message.ts).replies();
  return ours.filter((one) => one.message.author === here.app.botUserId).map(({ seen }) => seen);
}

const answered = /It adds now, and the test passes/;
const rows = () => bot.world.bot.store.db.selectFrom("slack_installations").selectAll().orderBy("key").execute();
const tokensOf = () => slack.oauth.grants.flatMap(({ token, refreshToken }) => [token, refreshToken ?? token]);

describe("a workspace that has not installed the app", () => {
  test("is invited in plain words, by a page that shows itself in no frame and to no one else", async () => {
    const page = await bot.browser().get("/slack/install");
    assert.equal(page.status, 200);
    assert.match(wordsOf(page), /^threadbox Add threadbox to Slack .* Go on at Slack$/);
    assert.match(page.headers.get("content-security-policy") ?? "", /frame-ancestors 'none'/);
    assert.equal(page.headers.get("referrer-policy"), "no-referrer");
    const asked = new URL(linkIn(page)).searchParams;
    assert.equal(asked.get("redirect_uri"), "https://threadbox.example.com/slack/oauth_redirect");
    assert.match(asked.get("scope") ?? "", /^app_mentions:read,/);
  });
});

describe("two workspaces install it", () => {
  test("and each is told what to do next", async () => {
    const page = await bot.installs("T0ACME", "U0ADA");
    assert.equal(page.status, 200);
    assert.match(wordsOf(page), /threadbox is installed in Acme .*\/invite @threadbox/);
    assert.equal((await bot.installs("T0BETA", "U0BERT")).status, 200);
    assert.deepEqual(
      (await rows()).map(({ key, name, installed_by }) => [key, name, installed_by]),
      [
        ["team:T0ACME", "Acme", "U0ADA"],
        ["team:T0BETA", "Beta", "U0BERT"],
      ],
    );
  });

  test("#1 and a mention in each is answered there, with its own token", async () => {
    assert.match((await asks("T0ACME", "ada", "#web")).at(-1) ?? "", answered);
    assert.match((await asks("T0BETA", "bert", "#api")).at(-1) ?? "", answered);
    const posts = slack.requests.of("chat.postMessage").map(({ team, args }) => [team, args.channel]);
    assert.deepEqual(new Set(posts.map(String)), new Set(["T0ACME,C0WEB", "T0BETA,C0API"]));
  });

  test("and `fork` begins a thread of its own where it is said", async () => {
    const here = slack.at("T0BETA");
    const ask = here.as("bert").says("#api", `<@${here.app.botUserId}> the test fails, please fix it`).message;
    await bot.everything();
    here.as("bert").says("#api", "fork the test fails, please fix it with redis", { thread: ask.ts });
    await bot.everything();
    const [root, ...others] = here.timeline("#api").filter(({ text }) => text.startsWith("Fork of"));
    assert.deepEqual(others, []);
    assert.match(
      here
        .thread("#api", root?.ts ?? "")
        .replies()
        .at(-1)?.seen ?? "",
      answered,
    );
  });

  test("#4 and after a restart both are served as before", async () => {
    await bot.restart();
    assert.match((await asks("T0ACME", "ada", "#web")).at(-1) ?? "", answered);
    assert.match((await asks("T0BETA", "bert", "#api")).at(-1) ?? "", answered);
  });
});

describe("somebody who should not", () => {
  const nothing = async (): Promise<void> => assert.equal((await rows()).length, 2);

  test("cannot install it where nobody has listed their workspace; Slack is told that we do not want the token", async () => {
    const page = await bot.installs("T0EVIL", "U0EVE");
    assert.equal(page.status, 403);
    assert.match(
      wordsOf(page),
      /Evil may not install this bot Nothing was installed\. .*T0EVIL has to stand under slack.install/,
    );
    assert.equal(slack.oauth.grants.at(-1)?.revoked, true);
    await slack.settled();
    await nothing();
  });

  test("cannot bring an answer that nobody here has asked for", async () => {
    const forged = await bot.browser().get("/slack/oauth_redirect?code=1&state=eyJhbGciOiJub25lIn0.e30.");
    assert.equal(forged.status, 400);
    assert.match(wordsOf(forged), /This page is over.*in the browser that began\. Nothing was changed now/);
    await nothing();
  });

  test("cannot have another person's browser finish what theirs began", async () => {
    const mine = bot.browser();
    const theirs = bot.browser();
    const back = await mine.answers(linkIn(await mine.get("/slack/install")), {
      ...{ place: "T0BETA", user: "U0BERT", answer: "allow" },
    });
    await theirs.get("/slack/install");
    assert.equal((await theirs.get(back)).status, 400);
    await nothing();
  });

  test("may say no at Slack, and is told that nothing was changed", async () => {
    const page = await bot.installs("T0BETA", "U0BERT", "deny");
    assert.match(wordsOf(page), /Nothing was installed/);
    assert.doesNotMatch(page.html, /error|stack|access_denied/i);
  });

  test("cannot do anything with a code that Slack has forgotten, and reads Slack's word for it", async () => {
    const mine = bot.browser();
    const back = await mine.answers(linkIn(await mine.get("/slack/install")), {
      ...{ place: "T0BETA", user: "U0BERT", answer: "allow" },
    });
    slack.oauth.codes.clear();
    const page = await mine.get(back);
    assert.equal(page.status, 502);
    assert.match(wordsOf(page), /Slack answered “invalid_code”/);
  });
});

describe("tokens", () => {
  test("stand nowhere in the clear: not in the database, not in the log", async () => {
    const { db } = bot.world.bot.store;
    const { rows: tables } = await sql<{ name: string }>`
      select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema')`.execute(db);
    assert.ok(tables.some(({ name }) => name === "public.slack_installations"));
    for (const token of tokensOf()) {
      assert.equal(bot.logged().includes(token), false);
      for (const { name } of tables) {
        const found = await sql`select 1 from ${sql.raw(name)} as t where t::text like ${`%${token}%`}`.execute(db);
        assert.equal(found.rows.length, 0, name);
      }
    }
    assert.equal(bot.logged().includes(slack.oauth.clientSecret), false);
  });

  test("are sealed with the new key as soon as it is there, and the old one can go", async () => {
    const before = await rows();
    await bot.restart({ THREADBOX_SECRET_KEYS: `${SECOND_KEY},${FIRST_KEY}` });
    for (const [team, who, channel] of [
      ["T0ACME", "ada", "#web"],
      ["T0BETA", "bert", "#api"],
    ] as const)
      await asks(team, who, channel);
    const now = await rows();
    assert.ok(now.every(({ sealed }, at) => sealed !== before[at]?.sealed));
    await bot.restart({ THREADBOX_SECRET_KEYS: SECOND_KEY });
    assert.match((await asks("T0ACME", "ada", "#web")).at(-1) ?? "", answered);
  });

  test("that have ended are renewed once, however many need them, and the answer comes", async () => {
    const { db } = bot.world.bot.store;
    for (const grant of slack.oauth.grants) grant.expiresAtMs = 0;
    await db
      .updateTable("slack_installations")
      .set({ expires_at: new Date(0) })
      .execute();
    const before = slack.oauth.grants.length;
    assert.match((await asks("T0ACME", "ada", "#web")).at(-1) ?? "", answered);
    assert.equal(slack.oauth.grants.length, before + 1);
    assert.ok((await rows())[0]?.expires_at && Number((await rows())[0]?.expires_at) > Date.now());
    assert.equal(
      tokensOf().some((token) => bot.logged().includes(token)),
      false,
    );
  });
});

describe("a workspace uninstalls it", () => {
  test("and nothing of it is kept, what comes from there is left alone, and Slack is not asked to try again", async () => {
    slack.at("T0BETA").uninstalls();
    await slack.settled();
    assert.deepEqual(
      slack.deliveries.slice(-2).map(({ type, acknowledged, attempts }) => [type, acknowledged, attempts.length]),
      [
        ["tokens_revoked", true, 1],
        ["app_uninstalled", true, 1],
      ],
    );
    assert.deepEqual(
      (await rows()).map(({ key }) => key),
      ["team:T0ACME"],
    );
    slack.at("T0BETA").app.revoked = false; // something that was on its way
    assert.deepEqual(await asks("T0BETA", "bert", "#api"), []);
    assert.deepEqual(
      slack.deliveries.at(-1)?.attempts.map(({ status }) => status),
      [200],
    );
    assert.match(bot.logged(), /"team":"T0BETA"[^\n]*"skipped":"not-installed"[^\n]*slack\.ignored/);
  });

  test("#41 and what was still to be said there is given up, with a code that says why", async () => {
    const here = slack.at("T0ACME");
    const { message } = here.as("ada").says("#web", `<@${here.app.botUserId}> the test fails, please fix it`);
    await slack.settled();
    here.uninstalls();
    await bot.everything();
    assert.doesNotMatch(here.thread("#web", message.ts).print(), answered);
    const { db } = bot.world.bot.store;
    const given = await db.selectFrom("effects").select("error").where("error", "is not", null).execute();
    assert.ok(given.some(({ error }) => error?.startsWith("surface.not-installed")));
  });

  test("and is served at once when it installs it again", async () => {
    assert.equal((await bot.installs("T0ACME", "U0ADA")).status, 200);
    assert.match((await asks("T0ACME", "ada", "#web")).at(-1) ?? "", answered);
  });
});

describe("an organisation installs it for all its workspaces", () => {
  test("and a mention in either is answered there", async () => {
    const page = await bot.installs("E0STAR", "U0NORA");
    assert.match(wordsOf(page), /installed in Star .*an owner adds it/);
    assert.match((await asks("T0NORTH", "nora", "#ice")).at(-1) ?? "", answered);
    assert.match((await asks("T0SOUTH", "sam", "#sun")).at(-1) ?? "", answered);
    assert.deepEqual(
      (await rows()).map(({ key, team, enterprise }) => [key, team, enterprise]),
      [
        ["enterprise:E0STAR", null, "E0STAR"],
        ["team:T0ACME", "T0ACME", null],
      ],
    );
  });

  test("and uninstalls it for all", async () => {
    slack.at("T0SOUTH").uninstalls();
    await slack.settled();
    assert.deepEqual(
      (await rows()).map(({ key }) => key),
      ["team:T0ACME"],
    );
  });
});

test("a workspace whose tokens cannot be opened any more is named at the start, with what to do", async () => {
  await bot.restart({ THREADBOX_SECRET_KEYS: Buffer.alloc(32, 7).toString("base64") });
  assert.match(bot.logged(), /"installation":"team:T0ACME","code":"secret.unreadable".*slack.not-served/);
});
