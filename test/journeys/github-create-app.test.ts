/** One command, a browser, and a bot that answers on GitHub: nobody has copied a permission, a key or a secret. */
import assert from "node:assert/strict";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parseEnv } from "node:util";
import { type ScriptedModel, scriptedModel } from "../../src/cli/scripted-model.ts";
import { systemClock } from "../../src/clock.ts";
import { stopInOrder } from "../cli/scripted-folder.ts";
import { type Child, documentOf, type Folder, newFolder } from "../cli/threadbox.ts";
import { type GitHubEmulator, startGitHub } from "../emulators/github.ts";
import { freePort } from "../free-port.ts";
import { type Page, plainBrowser } from "./plain-browser.ts";

let github: GitHubEmulator;
let folder: Folder;
let model: ScriptedModel;
let port: number;

before(async () => {
  github = await startGitHub({ clock: systemClock });
  const collaborators = { alice: "write" } as const;
  await github.createRepository("acme/api", { files: { "README.md": "# api\n" }, collaborators });
  github.createOrganization("acme", { owners: ["alice"], members: ["bob"] });
  folder = newFolder("source");
  model = await scriptedModel([{ when: /good morning/, steps: [{ says: "Good morning, **Alice**." }] }]);
  port = await freePort();
});
after(async () => {
  await folder.remove();
  await model.close();
  await github.close();
});

const publicUrl = (): string => `http://127.0.0.1:${port}`;
const settings = () => ({ GITHUB_URL: github.url, GITHUB_API_URL: github.apiUrl });
const envFile = (): string => join(folder.path, ".env");
const begins = (...args: string[]): Child => folder.start(["github", "create-app", ...args], settings());
const addressIn = (shown: string): string => /http:\/\/127\.0\.0\.1:\d+\/\?key=[\w-]+/.exec(shown)?.[0] ?? "";

/** Somebody who is signed in at GitHub goes all the way. */
async function goes(who: string, address: string, name?: string): Promise<Page> {
  const browser = plainBrowser({ [github.url]: github.signedIn(who) });
  const asked = await browser.presses(await browser.goes(address));
  return browser.presses(asked, name ? { app_name: name } : {});
}

describe("threadbox github create-app", () => {
  test("makes an App that is not public and may what is needed, and writes its credentials into .env", async () => {
    writeFileSync(envFile(), "# mine\nLOG_LEVEL=warn\n", { mode: 0o644 });
    const command = begins("--organisation", "acme", "--url", publicUrl());
    const page = await goes("alice", addressIn(await command.printed("Waiting for you")), "Acme's coder");
    assert.match(page.text, /The App is made.*Acme's coder belongs to acme/s);
    const { code, stdout, stderr } = await command.ended;
    assert.equal(code, 0, stderr);
    const app = github.app("acme-s-coder");
    assert.match(stdout, /GitHub has made Acme's coder .*\/apps\/acme-s-coder\/installations\/new/s);
    const read = parseEnv(readFileSync(envFile(), "utf8"));
    assert.deepEqual(read, {
      ...{ LOG_LEVEL: "warn", PUBLIC_URL: publicUrl() },
      ...{
        GITHUB_APP_ID: String(app.id),
        GITHUB_PRIVATE_KEY: app.privateKey,
        GITHUB_WEBHOOK_SECRET: app.webhookSecret,
      },
      ...{ GITHUB_CLIENT_ID: app.clientId, GITHUB_CLIENT_SECRET: app.clientSecret },
    });
    assert.equal(statSync(envFile()).mode & 0o777, 0o600);
    assert.ok(readFileSync(envFile(), "utf8").startsWith("# mine\nLOG_LEVEL=warn\n"));
    assert.equal(app.isPublic, false);
    for (const secret of [app.webhookSecret, app.clientSecret, "PRIVATE KEY"])
      assert.ok(!(stdout + stderr + page.text).includes(secret));
  });

  test("and the bot that is started then answers a mention under the name of the App", async () => {
    await github.app("acme-s-coder").install("acme", { repositories: ["acme/api"] });
    writeFileSync(join(folder.path, "threadbox.yml"), `repositories:\n  - name: acme/api\n`);
    const models = { ANTHROPIC_API_KEY: "scripted", ANTHROPIC_BASE_URL: model.url };
    const bot = folder.start(["start"], { ...settings(), ...models, PORT: String(port) });
    await bot.printed("Ctrl-C stops it.");
    const issue = await github
      .as("alice")
      .opensIssue("acme/api", { title: "hello", body: "@acme-s-coder good morning" });
    const comments = () => github.issue("acme/api", issue.number).comments();
    const answer = await github.until(() => comments().find(({ body }) => body.includes("Good morning")));
    assert.equal(answer.author, "acme-s-coder[bot]");
    await github.settled();
    await stopInOrder(bot);
  });

  test("replaces no other App that .env has, unless it is told to", async () => {
    const before = readFileSync(envFile(), "utf8");
    const refused = await folder.run(["github", "create-app", "--json"], settings());
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /\.env has GITHUB_APP_ID, .* already\. Use --force .* or --print/);
    assert.equal(documentOf(refused).ok, false);
    assert.equal(readFileSync(envFile(), "utf8"), before);
    const command = begins("--force", "--name", "second");
    await goes("bob", addressIn(await command.printed("Waiting for you")));
    assert.equal((await command.ended).code, 0);
    const { GITHUB_APP_ID } = parseEnv(readFileSync(envFile(), "utf8"));
    assert.equal(GITHUB_APP_ID, String(github.app("second").id));
  });

  test("--print --json writes nothing, and prints one document with all that the bot needs", async () => {
    rmSync(envFile());
    const command = begins("--print", "--json", "--name", "third", "--url", publicUrl());
    await goes("bob", addressIn(await command.warned("Waiting for you")));
    const ran = await command.ended;
    const app = github.app("third");
    assert.deepEqual(documentOf(ran), {
      ok: true,
      app: { id: app.id, slug: "third", name: "third", owner: "bob", url: `${github.url}/apps/third` },
      written: null,
      variables: {
        ...{ GITHUB_APP_ID: String(app.id), GITHUB_PRIVATE_KEY: app.privateKey },
        ...{ GITHUB_WEBHOOK_SECRET: app.webhookSecret, GITHUB_CLIENT_ID: app.clientId },
        ...{ GITHUB_CLIENT_SECRET: app.clientSecret, PUBLIC_URL: publicUrl() },
      },
      install: `${github.url}/apps/third/installations/new`,
    });
    assert.throws(() => statSync(envFile()), { code: "ENOENT" });
  });

  test("says what is missing before anything is made: the address, and a variable that would win over .env", async () => {
    const without = await folder.run(["github", "create-app"], settings());
    assert.match(without.stderr, /PUBLIC_URL is not set\. Give --url https:\/\//);
    const outside = await folder.run(["github", "create-app", "--url", publicUrl()], {
      ...settings(),
      GITHUB_APP_ID: "1",
    });
    assert.match(outside.stderr, /GITHUB_APP_ID is set in the environment, which wins over \.env\./);
    assert.deepEqual([without.code, outside.code], [1, 1]);
  });

  test("a code that GitHub does not take ends it with what to do", async () => {
    const command = begins("--name", "fourth", "--url", publicUrl());
    const address = addressIn(await command.printed("Waiting for you"));
    github.faults.next("POST /app-manifests/{code}/conversions", { kind: "status", status: 404 });
    const page = await goes("bob", address);
    assert.match(page.text, /GitHub does not take the code \(404\)\. Run `threadbox github create-app` again/);
    const { code, stderr } = await command.ended;
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^threadbox: GitHub does not take the code \(404\)\. Run `threadbox github create-app` again/m,
    );
  });
});
