import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, describe, test } from "node:test";
import { configProblems, environment, readConfig, type Variables } from "../../src/config.ts";
import { checkIdentities, isIdentityRequired } from "../../src/identities.ts";
import { documentOf, newFolder } from "./threadbox.ts";

const folder = newFolder("source");
after(() => folder.remove());
afterEach(() => {
  for (const name of [".env", "threadbox.yml"]) rmSync(join(folder.path, name), { force: true });
});

const write = (name: string, text: string): void => writeFileSync(join(folder.path, name), text);

describe("settings", () => {
  test("come from .env, beneath what is really set", () => {
    write(".env", 'PORT=4000\nPATH=/nowhere\nGITHUB_PRIVATE_KEY="line one\nline two"\n');
    const variables = environment(folder.path);
    assert.equal(variables.PORT, "4000");
    assert.equal(variables.GITHUB_PRIVATE_KEY, "line one\nline two");
    assert.equal(variables.PATH, process.env.PATH);
  });

  test("need no .env", () => assert.equal(environment(folder.path).THREADBOX_NO_SUCH_THING, undefined));

  test("that are empty count as absent", () => assert.equal(readConfig({ PORT: "", SLACK_BOT_TOKEN: "" }).port, 3000));

  test("name an agent by one word; which there are stands in threadbox.yml", async () => {
    assert.throws(() => readConfig({ THREADBOX_AGENT: "my agent" }), /THREADBOX_AGENT: the name of one of the agents/);
    const { code, stderr } = await folder.run(["start"], { PORT: "0", THREADBOX_AGENT: "claude" });
    assert.equal(code, 1);
    assert.match(stderr, /^ {2}THREADBOX_AGENT: one of the agents in threadbox\.yml: pi$/m);
  });

  test("for Modal are asked for when it is the provider, with where to get them", () => {
    const remedy =
      "needed with THREADBOX_PROVIDER=modal; make one at modal.com/settings/tokens or with `modal token new`";
    assert.deepEqual(configProblems({ THREADBOX_PROVIDER: "modal" }), [
      { variable: "MODAL_TOKEN_ID", remedy },
      { variable: "MODAL_TOKEN_SECRET", remedy },
    ]);
    const tokens = { MODAL_TOKEN_ID: "ak-1", MODAL_TOKEN_SECRET: "as-1" };
    assert.equal(readConfig(tokens).modal, null);
    assert.deepEqual(readConfig({ ...tokens, THREADBOX_PROVIDER: "modal" }).modal, {
      tokenId: "ak-1",
      tokenSecret: "as-1",
      serverUrl: undefined,
    });
  });

  const wrong: [string, Variables, RegExp][] = [
    ["its second part as the first", { MODAL_TOKEN_ID: "as-1" }, /the first one begins with ak-/],
    ["its first part as the second", { MODAL_TOKEN_SECRET: "ak-1" }, /the second one begins with as-/],
    ["no address", { MODAL_SERVER_URL: "modal" }, /the address of Modal's servers/],
    ["an address that shows the token", { MODAL_SERVER_URL: "http://modal.example.com" }, /begins with https:/],
  ];
  for (const [name, variables, remedy] of wrong)
    test(`for Modal with ${name} are refused`, () => {
      assert.deepEqual(
        configProblems(variables).map((problem) => remedy.test(problem.remedy)),
        [true],
      );
    });

  test("for Modal may name an emulator of this machine", () => {
    assert.deepEqual(configProblems({ MODAL_SERVER_URL: "http://127.0.0.1:4000" }), []);
  });

  const app = { GITHUB_APP_ID: "12", GITHUB_PRIVATE_KEY: "key", GITHUB_WEBHOOK_SECRET: "hush" };
  const client = { GITHUB_CLIENT_ID: "Iv23", GITHUB_CLIENT_SECRET: "hush" };
  const address = { PUBLIC_URL: "https://bot.example.com" };
  const incomplete: [string, Variables, string[]][] = [
    ["without its secret", { ...app, ...address, GITHUB_CLIENT_ID: "Iv23" }, ["GITHUB_CLIENT_SECRET"]],
    ["without an App", { ...client, ...address, GITHUB_TOKEN: "ghp_1" }, ["GITHUB_APP_ID"]],
    ["without an address to come back to", { ...app, ...client }, ["PUBLIC_URL"]],
    ["with all of it", { ...app, ...client, ...address }, []],
  ];
  for (const [name, variables, missing] of incomplete)
    test(`for connecting accounts on GitHub ${name}: ${missing.join() || "nothing"} is missing`, () =>
      assert.deepEqual(
        configProblems(variables).map(({ variable }) => variable),
        missing,
      ));

  test("say whether people have to connect their accounts: where it is set up, unless threadbox.yml says otherwise", () => {
    const slack = { SLACK_BOT_TOKEN: "xoxb-1", SLACK_SIGNING_SECRET: "hush" };
    const [without, complete] = [
      readConfig({ ...slack, ...app }),
      readConfig({ ...slack, ...app, ...client, ...address }),
    ];
    assert.equal(isIdentityRequired(without, { slack: {} }), false);
    assert.equal(isIdentityRequired(complete, { slack: {} }), true);
    assert.equal(isIdentityRequired(complete, { slack: { identity: "off" } }), false);
    assert.throws(() => checkIdentities(without, { slack: { identity: "required" } }), /needs GITHUB_CLIENT_ID/);
  });

  test("that are wrong are all listed at once, each with its remedy", async () => {
    write(".env", "PORT=many\nSLACK_SIGNING_SECRET=hush\nGITHUB_APP_ID=12\n");
    const { code, stdout, stderr } = await folder.run(["start"], { DATABASE_URL: "mysql://nowhere" });
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /^ {2}PORT: a port number, such as 3000$/m);
    assert.match(stderr, /^ {2}DATABASE_URL: a Postgres URL/m);
    assert.match(stderr, /^ {2}SLACK_BOT_TOKEN: .*OAuth & Permissions/m);
    assert.match(stderr, /^ {2}GITHUB_PRIVATE_KEY: GITHUB_APP_ID and GITHUB_PRIVATE_KEY go together$/m);
    assert.match(stderr, /threadbox doctor/);
    assert.doesNotMatch(stderr, /hush|\.ts:\d+/);
  });

  test("that are wrong are one JSON document with --json", async () => {
    const ran = await folder.run(["sessions", "--json"], { PORT: "many" });
    assert.equal(ran.code, 1);
    const { ok, error } = documentOf(ran);
    assert.equal(ok, false);
    assert.equal(Object(error).code, "config.invalid");
  });

  test("show where an error comes from when somebody debugs", async () => {
    const { stderr } = await folder.run(["sessions"], { PORT: "many", LOG_LEVEL: "debug" });
    assert.match(stderr, /config\.ts:\d+/);
  });

  test("of the repositories that cannot be read stop the start", async () => {
    write("threadbox.yml", "repositories:\n  - url: https://github.com/acme/api.git\nlimit: 3\n");
    const { code, stderr } = await folder.run(["start"]);
    assert.equal(code, 1);
    assert.match(stderr, /repositories\.0\.name: is missing$/m);
    assert.match(stderr, /nothing is called limit here/);
  });

  const files: [string, string, RegExp][] = [
    ["is no YAML", "repositories: [\n  - name: x\n", /is not YAML: .* at line 2, column 3\. Fix that/],
    [
      "has a kind of value that does not fit",
      "slack:\n  guests: maybe\n",
      /^ {2}slack\.guests: has to be true or false$/m,
    ],
    [
      "has a number where text belongs",
      "agents: [{ name: pi, version: 2.1 }]\n",
      /version: has to be text; put it in quotes$/m,
    ],
    [
      "has a number that is too small",
      "limits: { dollarsPerTurn: 0 }\n",
      /^ {2}limits\.dollarsPerTurn: has to be above 0$/m,
    ],
    ["names one repository twice", "repositories: [{ name: a/b }, { name: a/b }]\n", /^ {2}repositories: two of them/m],
  ];
  for (const [name, text, words] of files) {
    test(`in a threadbox.yml that ${name} are refused in words`, async () => {
      write("threadbox.yml", text);
      const { code, stderr } = await folder.run(["start"]);
      assert.equal(code, 1);
      assert.match(stderr, words);
    });
  }

  const databases: [string, string, RegExp][] = [
    ["nobody listens", "postgres://127.0.0.1:1/x", /ECONNREFUSED/],
    ["nobody listens under any of its addresses", "postgres://localhost:1/x", /ECONNREFUSED/],
  ];
  for (const [name, url, reason] of databases) {
    test(`name a database where ${name}: one line says so, with a remedy`, async () => {
      const { code, stderr } = await folder.run(["sessions"], { DATABASE_URL: url });
      assert.equal(code, 1);
      assert.match(stderr, /^threadbox: The database cannot be used: .*DATABASE_URL.*\n$/);
      assert.match(stderr, reason);
    });
  }
});

describe("settings for several Slack workspaces", () => {
  const key = Buffer.alloc(32, 1).toString("base64");
  const all = {
    ...{ SLACK_CLIENT_ID: "1.2", SLACK_CLIENT_SECRET: "hush", SLACK_SIGNING_SECRET: "hush" },
    ...{ PUBLIC_URL: "https://bot.example.com/", THREADBOX_SECRET_KEYS: `${key}, ${key}` },
  };

  test("are enough without a bot token", () => {
    const { slack, secretKeys } = readConfig(all);
    assert.deepEqual([slack?.botToken, slack?.oauth], [null, { clientId: "1.2", clientSecret: "hush" }]);
    assert.deepEqual(
      secretKeys.map((bytes) => bytes.length),
      [32, 32],
    );
  });

  for (const name of Object.keys(all))
    test(`are refused without ${name}, and say where to get it`, () => {
      const { [name as keyof typeof all]: _, ...rest } = all;
      assert.deepEqual(
        configProblems(rest).map(({ variable }) => variable),
        [name],
      );
    });

  test("that two parts need are named once", () => {
    const { PUBLIC_URL: _, ...rest } = all;
    const app = { GITHUB_APP_ID: "12", GITHUB_PRIVATE_KEY: "key", GITHUB_WEBHOOK_SECRET: "hush" };
    const client = { GITHUB_CLIENT_ID: "Iv1", GITHUB_CLIENT_SECRET: "hush" };
    assert.deepEqual(
      configProblems({ ...rest, ...app, ...client }).map(({ variable }) => variable),
      ["PUBLIC_URL"],
    );
  });

  const wrong: [string, Variables, RegExp][] = [
    ["with a bot token beside them", { SLACK_BOT_TOKEN: "xoxb-1" }, /each workspace brings a token of its own/],
    ["in Socket Mode", { SLACK_APP_TOKEN: "xapp-1" }, /no Socket Mode for apps that others may install/],
    ["with a key that is too short", { THREADBOX_SECRET_KEYS: "c2hvcnQ=" }, /`openssl rand -base64 32` makes one/],
    ["with one good key and one that is none", { THREADBOX_SECRET_KEYS: `${key},x` }, /`openssl rand -base64 32`/],
  ];
  for (const [name, variables, remedy] of wrong)
    test(`are refused ${name}`, () => {
      assert.deepEqual(
        configProblems({ ...all, ...variables }).map((problem) => remedy.test(problem.remedy)),
        [true],
      );
    });
});
