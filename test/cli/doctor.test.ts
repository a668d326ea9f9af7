import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, afterEach, describe, test } from "node:test";
import { serveGit } from "../../src/cli/demo-git.ts";
import { DEMO_NAME, makeDemoRepository } from "../../src/cli/demo-repository.ts";
import { startGitHub } from "../emulators/github.ts";
import { startSlack } from "../emulators/slack.ts";
import { documentOf, type Env, newFolder } from "./threadbox.ts";

const folder = newFolder();
after(() => folder.remove());
afterEach(() => rmSync(join(folder.path, "threadbox.yml"), { force: true }));

const repositories = (yaml: string): void =>
  writeFileSync(join(folder.path, "threadbox.yml"), `repositories:\n${yaml}`);

interface Check {
  what: string;
  state: string;
  detail: string;
  remedy?: string;
}

async function doctor(env: Env = {}): Promise<{ code: number | null; of(what: string): Check; shown: string }> {
  const ran = await folder.run(["doctor", "--json"], { PORT: "0", ...env });
  const { checks } = documentOf(ran) as { checks: Check[] };
  const of = (what: string): Check => {
    const found = checks.find((check) => check.what === what);
    assert.ok(found, `no check of ${what}: ${ran.stdout}`);
    return found;
  };
  return { code: ran.code, of, shown: ran.stdout + ran.stderr };
}

const notAsked = { state: "skip", detail: "not asked: its variables are wrong" };

/** A provider of models that knows one key. */
async function providerOfModels() {
  const server = createServer((request, response) => {
    const fine = request.url === "/v1/models" && request.headers["x-api-key"] === "right";
    response.writeHead(fine ? 200 : 401).end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

describe("the doctor", () => {
  test("finds a fresh checkout fine, and says what is not set up yet", async () => {
    const { code, stdout } = await folder.run(["doctor"], { PORT: "0" });
    assert.equal(code, 0, stdout);
    for (const what of ["variables", "Node", "git", "agent pi", "database"])
      assert.match(stdout, new RegExp(`^✓ ok {4}${what} `, "m"));
    assert.match(stdout, /^! warn {2}model .*\n +→ Set ANTHROPIC_API_KEY or OPENAI_API_KEY/m);
    assert.match(stdout, /^! warn {2}threadbox\.yml /m);
    assert.match(stdout, /^\d+ ok, \d+ to know, 0 to fix$/m);
  });

  test("names every wrong variable with its remedy, and checks the rest all the same", async () => {
    const { code, of } = await doctor({ PORT: "many", GITHUB_APP_ID: "12" });
    assert.equal(code, 1);
    assert.equal(of("PORT").remedy, "a port number, such as 3000");
    assert.equal(of("GITHUB_PRIVATE_KEY").detail, "It is missing.");
    assert.equal(of("database").state, "ok");
    assert.deepEqual([of("Slack").state, of("Slack").detail], ["ok", "not set up"]);
    for (const what of ["GitHub", "repositories", "port"]) assert.deepEqual(of(what), { what, ...notAsked });
  });

  test("asks nobody with a variable that is wrong, and counts what it did not ask", async () => {
    const model = { ANTHROPIC_API_KEY: "sk-for-another", ANTHROPIC_BASE_URL: "my-gateway" };
    const { of } = await doctor({ ...model, DATABASE_URL: "mysql://nowhere" });
    for (const what of ["model", "database"]) assert.deepEqual(of(what), { what, ...notAsked });
    const { stdout } = await folder.run(["doctor"], { PORT: "0", ...model });
    assert.match(stdout, /^- skip {2}model {19}not asked: its variables are wrong$/m);
    assert.match(stdout, /, 1 to fix, 1 not asked$/m);
  });

  test("looks for every agent of threadbox.yml where sandboxes run, and says what to do about the others", async () => {
    const own = "{ name: own, kind: acp, command: [no-such-agent] }";
    writeFileSync(join(folder.path, "threadbox.yml"), `agents: [{ name: pi }, { name: claude }, ${own}]`);
    const { code, of } = await doctor({ OPENAI_API_KEY: "sk-1", OPENAI_BASE_URL: "http://127.0.0.1:1" });
    assert.equal(code, 1);
    assert.deepEqual([of("agent pi").state, of("agent pi").detail.split(" ")[0]], ["ok", "0.87.1"]);
    assert.deepEqual(of("agent claude"), {
      what: "agent claude",
      state: "fail",
      detail: "There is no claude that a sandbox could find.",
      remedy: "Install it: threadbox agents install claude",
    });
    assert.match(
      String(of("agent own").remedy),
      /^Put no-such-agent where local sandboxes find it \(docs\/agents\.md\)/,
    );
  });

  test("knows an agent of another version, one that does not answer, and one without a key", async () => {
    const bin = join(folder.home, "agents", "bin");
    mkdirSync(bin, { recursive: true });
    const program = (name: string, script: string): void =>
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    program("claude", "echo 2.0.0");
    program("codex", "echo dynamic linker; exit 127");
    program("opencode", "echo 1.18.33");
    writeFileSync(
      join(folder.path, "threadbox.yml"),
      "agents: [{ name: claude }, { name: codex }, { name: opencode }]",
    );
    const { of } = await doctor({ OPENAI_API_KEY: "sk-1", OPENAI_BASE_URL: "http://127.0.0.1:1" });
    assert.deepEqual(
      ["claude", "codex", "opencode"].map((name) => [of(`agent ${name}`).state, of(`agent ${name}`).detail]),
      [
        ["warn", `2.0.0 at ${bin}/claude, and not 2.1.329.`],
        ["fail", `${bin}/codex does not say its version.`],
        ["ok", `1.18.33 at ${bin}/opencode`],
      ],
    );
    program("claude", "echo 2.1.329");
    writeFileSync(join(folder.path, "threadbox.yml"), "agents: [{ name: claude }]");
    const withoutKey = await doctor({ OPENAI_API_KEY: "sk-1", OPENAI_BASE_URL: "http://127.0.0.1:1" });
    rmSync(bin, { recursive: true });
    assert.deepEqual(
      [withoutKey.of("agent claude").state, withoutKey.of("agent claude").remedy],
      ["warn", "Set ANTHROPIC_API_KEY in .env."],
    );
  });

  test("takes an agent's own login for a key, and says what is wrong with the folder of logins", async () => {
    const bin = join(folder.home, "agents", "bin");
    const logins = join(folder.path, "logins");
    mkdirSync(bin, { recursive: true });
    mkdirSync(logins);
    writeFileSync(join(bin, "claude"), "#!/bin/sh\necho 2.1.329\n", { mode: 0o755 });
    writeFileSync(join(folder.path, "threadbox.yml"), "agents: [{ name: claude }]");
    const empty = await doctor({ THREADBOX_AGENT_LOGINS: logins });
    assert.equal(empty.of("agent logins").state, "fail");
    assert.match(empty.of("agent logins").detail, /has none of claude\.json, opencode\.json, codex\.json/);
    writeFileSync(join(logins, "claude.json"), '{"claudeAiOauth":{"accessToken":"a"}}');
    const { of } = await doctor({ THREADBOX_AGENT_LOGINS: logins });
    const listed = await folder.run(["agents"], { THREADBOX_AGENT_LOGINS: logins });
    rmSync(bin, { recursive: true });
    assert.deepEqual([of("agent logins").state, of("agent logins").detail], ["ok", "claude"]);
    assert.deepEqual([of("agent claude").state, of("model").state], ["ok", "ok"]);
    assert.match(listed.stdout, /^claude \* +claude +2\.1\.329 +2\.1\.329 +its login +ready /m);
  });

  test("says when THREADBOX_AGENT is not among the agents of threadbox.yml", async () => {
    writeFileSync(join(folder.path, "threadbox.yml"), "agents: [{ name: pi }]");
    const { code, of } = await doctor({ THREADBOX_AGENT: "codex" });
    assert.equal(code, 1);
    assert.deepEqual(of("THREADBOX_AGENT"), {
      what: "THREADBOX_AGENT",
      state: "fail",
      detail: "Its value is wrong.",
      remedy: "one of the agents in threadbox.yml: pi",
    });
    assert.equal(of("agent pi").state, "ok");
  });

  test("keeps a list of problems in its column", async () => {
    repositories("  - { url: 'https://github.com/a/b.git' }\nlimit: 3\n");
    const { stdout } = await folder.run(["doctor"], { PORT: "0" });
    const row = stdout.split("\n").findIndex((line) => line.startsWith("✗ fail  threadbox.yml"));
    const [first = "", ...more] = stdout.split("\n").slice(row, row + 4);
    const column = first.indexOf("Cannot start");
    assert.deepEqual(
      more.map((line) => [line.slice(0, column).trim(), line.slice(column).split(":")[0]]),
      [
        ["", "  repositories.0.name"],
        ["", "  (file)"],
        ["", "→ Fix these lines."],
      ],
    );
  });

  test("says which port is taken", async () => {
    const provider = await providerOfModels();
    const { port } = new URL(provider.url);
    const { code, of } = await doctor({ PORT: port });
    provider.close();
    assert.equal(code, 1);
    assert.equal(of(`port ${port}`).remedy, "Set PORT to another one.");
  });

  test("tells a model's key that works from one that does not", async () => {
    const { url, close } = await providerOfModels();
    const right = await doctor({ ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: "right" });
    const wrong = await doctor({ ANTHROPIC_BASE_URL: `${url}/`, ANTHROPIC_API_KEY: "sk-wrong" });
    close();
    assert.deepEqual([right.code, right.of("ANTHROPIC_API_KEY").state], [0, "ok"]);
    assert.deepEqual([wrong.code, wrong.of("ANTHROPIC_API_KEY").state], [1, "fail"]);
    assert.match(String(wrong.of("ANTHROPIC_API_KEY").remedy), /replace it in \.env/);
    assert.doesNotMatch(wrong.shown, /sk-wrong/);
  });

  test("asks Slack who the bot is and which scopes it lacks", async () => {
    const slack = await startSlack({ app: { scopes: ["chat:write"] } });
    const env = { SLACK_API_URL: slack.apiUrl, SLACK_SIGNING_SECRET: "hush" };
    const right = await doctor({ ...env, SLACK_BOT_TOKEN: slack.app.botToken });
    const wrong = await doctor({ ...env, SLACK_BOT_TOKEN: "xoxb-wrong" });
    await slack.close();
    assert.match(right.of("Slack").detail, /^@\w+ in /);
    assert.match(right.of("Slack scopes").detail, /app_mentions:read/);
    assert.equal(right.of("Slack events").state, "ok");
    assert.match(wrong.of("Slack").detail, /invalid_auth/);
    assert.match(String(wrong.of("Slack").remedy), /Replace it in \.env/);
  });

  test("reads the repositories of GitHub with what the App may get", async () => {
    const github = await startGitHub();
    await github.createRepository("acme/api", { isPrivate: true, files: { "a.txt": "a" } });
    await github.createRepository("acme/secret", { isPrivate: true, files: { "a.txt": "a" } });
    const app = await github.createApp({ slug: "acme-coder", webhookSecret: "hush" });
    await app.install("acme", { repositories: ["acme/api"] });
    const url = (name: string): string => `  - name: ${name}\n    url: ${github.url}/${name}.git\n`;
    repositories(url("acme/api") + url("acme/secret"));
    const { code, of, shown } = await doctor({
      ...{ GITHUB_API_URL: github.apiUrl, GITHUB_URL: github.url, GITHUB_APP_ID: String(app.id) },
      ...{ GITHUB_PRIVATE_KEY: app.privateKey, GITHUB_WEBHOOK_SECRET: "hush" },
    });
    await github.close();
    assert.equal(of("GitHub").detail, "as acme-coder[bot]");
    assert.equal(of("acme/api").detail, "readable, 1 branch");
    assert.equal(of("acme/secret").state, "fail");
    assert.equal(code, 1);
    assert.doesNotMatch(shown, /ghs_|PRIVATE KEY-/);
  });

  test("reads plain git remotes, and says when the base does not exist", async () => {
    makeDemoRepository(join(folder.path, "git"));
    const remote = await serveGit(join(folder.path, "git"));
    const url = `${remote.url}/${DEMO_NAME}.git`;
    repositories(
      `  - { name: a/right, url: "${url}", base: main }\n` +
        `  - { name: a/base, url: "${url}", base: trunk }\n` +
        `  - { name: a/gone, url: "${remote.url}/gone.git" }\n`,
    );
    const { code, of } = await doctor();
    await remote.close();
    assert.equal(code, 1);
    assert.equal(of("a/right").state, "ok");
    assert.equal(of("a/base").detail, "It has no branch trunk.");
    assert.match(of("a/gone").detail, /not found/);
  });
});
