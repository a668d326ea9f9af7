import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../src/clock.ts";
import type { Installation } from "../../src/installation.ts";
import { createSealer } from "../../src/sealed.ts";
import { installationBook } from "../../src/store/slack-installations.ts";
import { type TestStore, testStore } from "../database.ts";
import { type SlackEmulator, startSlack } from "../emulators/slack.ts";
import { documentOf, type Env, newFolder } from "./threadbox.ts";

const KEY = Buffer.alloc(32, 3);
const folder = newFolder();
let database: TestStore;
let slack: SlackEmulator;
before(async () => {
  database = await testStore();
  slack = await startSlack();
  writeFileSync(join(folder.path, "threadbox.yml"), "slack:\n  install: [T0ACME, T0GONE]\n");
  const book = installationBook(database.db, { sealer: createSealer([KEY]), clock: systemClock });
  const of = (team: string, name: string): Installation => ({
    ...{ key: `team:${team}`, team, enterprise: null, name, app: null, botUser: "U0BOT", scopes: [] },
    ...{ installedBy: "U0ADA", installedAt: new Date() },
  });
  const tokens = (token: string) => ({ token, refreshToken: null, expiresAt: null });
  await book.save(of("T0ACME", "Acme"), tokens(slack.app.botToken));
  await book.save(of("T0GONE", "Gone"), tokens("xoxb-dead"));
  await book.save(of("T0OTHER", "Other"), tokens("xoxb-other"));
});
after(async () => {
  await slack.close();
  await database.close();
  folder.remove();
});

async function doctor(changed: Env = {}): Promise<string[][]> {
  const { host, user, database: name } = database.connection as { host: string; user: string; database: string };
  const ran = await folder.run(["doctor", "--json"], {
    ...{ PORT: "0", DATABASE_URL: `postgres:///${name}?user=${user}&host=${encodeURIComponent(host)}` },
    ...{
      SLACK_API_URL: slack.apiUrl,
      SLACK_CLIENT_ID: "1.2",
      SLACK_CLIENT_SECRET: "hush",
      SLACK_SIGNING_SECRET: "hush",
    },
    ...{ PUBLIC_URL: "https://bot.example.com", THREADBOX_SECRET_KEYS: KEY.toString("base64") },
    ...changed,
  });
  assert.doesNotMatch(ran.stdout + ran.stderr, /xoxb-/);
  const { checks } = documentOf(ran) as { checks: { what: string; state: string; detail: string }[] };
  return checks.filter(({ what }) => /^Slack|KEYS$/.test(what)).map(({ what, state, detail }) => [what, state, detail]);
}

describe("the doctor of a bot for several Slack workspaces", () => {
  test("names each, and asks Slack about it with its own token", async () =>
    assert.deepEqual(await doctor(), [
      ["Slack", "ok", "installed 3 times; whoever may installs it at https://bot.example.com/slack/install"],
      ["Slack Acme", "ok", "@threadbox in Acme (team:T0ACME)"],
      ["Slack Gone", "fail", "Slack answered invalid_auth (team:T0GONE)"],
      ["Slack Other", "warn", "It is not served: it is not on the list (team:T0OTHER)."],
    ]));

  test("says which tokens do not open with the keys that there are", async () => {
    const found = await doctor({ THREADBOX_SECRET_KEYS: Buffer.alloc(32, 4).toString("base64") });
    const detail = "A stored secret cannot be opened: it was sealed with another key (team:T0ACME)";
    assert.deepEqual(found[1], ["Slack Acme", "fail", detail]);
  });

  test("says what is wrong with a key, and asks nobody then", async () => {
    const found = await doctor({ THREADBOX_SECRET_KEYS: "short" });
    assert.deepEqual(
      found.map(([what, state]) => [what, state]),
      [
        ["THREADBOX_SECRET_KEYS", "fail"],
        ["Slack", "skip"],
      ],
    );
  });
});
