import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Finding } from "../../src/cli/doctor-finding.ts";
import { ofApp } from "../../src/cli/doctor-github-app.ts";
import { GITHUB_EVENTS, GITHUB_PERMISSIONS } from "../../src/surfaces/github-app.ts";
import type { AppLook } from "../../src/surfaces/github-app-look.ts";
import { type GitHubEmulator, startGitHub } from "../emulators/github.ts";
import { documentOf, type Env, type Folder, newFolder } from "./threadbox.ts";

const ALL = Object.fromEntries(GITHUB_PERMISSIONS.map(({ name, access }) => [name, access]));
const SETTINGS = "https://github.com/settings/apps/coder";
const FINE: AppLook = {
  ...{ slug: "coder", htmlUrl: SETTINGS, permissions: ALL, events: [...GITHUB_EVENTS], aheadMs: 0 },
  hook: { url: "https://bot.acme.com/github/webhooks", isSecure: true },
  installations: [{ account: "acme", htmlUrl: "https://github.com/i/1", permissions: ALL, suspended: false }],
};
const [only] = FINE.installations;
const at = (changed: object) => ({ installations: [{ ...only, ...changed }] }) as Partial<AppLook>;
const { contents: _gone, ...withoutContents } = ALL;

const WISH = { publicUrl: "https://bot.acme.com", workflows: false };

describe("what an App has of what it needs", () => {
  const cases: [name: string, changed: Partial<AppLook>, state: Finding["state"], shown: RegExp][] = [
    [
      "a permission that is missing",
      { permissions: withoutContents },
      "fail",
      /lacks Contents \(write\)\. Without it nothing can be cloned.*settings\/apps\/coder\/permissions/,
    ],
    [
      "one that is too little",
      { permissions: { ...ALL, issues: "read" } },
      "fail",
      /lacks Issues \(write; it has read\)/,
    ],
    [
      "workflows: the way to the secrets of a CI",
      { permissions: { ...ALL, workflows: "write" } },
      "warn",
      /has workflows \(write\), which is too much: .*secrets of the CI/,
    ],
    [
      "administration",
      { permissions: { ...ALL, administration: "read" } },
      "warn",
      /has administration \(read\), which is too much/,
    ],
    [
      "more of one than is needed",
      { permissions: { ...ALL, statuses: "write" } },
      "warn",
      /has statuses \(write\), which is too much/,
    ],
    [
      "an event that is missing",
      { events: GITHUB_EVENTS.filter((event) => event !== "issues") },
      "fail",
      /is not told of issues: .*label are|is not told of issues: /,
    ],
    [
      "a webhook that leads elsewhere",
      { hook: { ...FINE.hook, url: "https://old.acme.com/github/webhooks" } },
      "fail",
      /goes to https:\/\/old\.acme\.com\/github\/webhooks, and this bot is at https:\/\/bot\.acme\.com/,
    ],
    ["no webhook", { hook: { ...FINE.hook, url: "" } }, "fail", /GitHub tells nothing/],
    [
      "a webhook without a checked certificate",
      { hook: { ...FINE.hook, isSecure: false } },
      "warn",
      /does not check the certificate/,
    ],
    ["no installation", { installations: [] }, "warn", /installed nowhere/],
    ["an installation that is suspended", at({ suspended: true }), "fail", /suspended.*https:\/\/github\.com\/i\/1/],
    [
      "an owner who has not accepted what is new",
      at({ permissions: withoutContents }),
      "fail",
      /has not accepted contents \(write\).*i\/1\/permissions\/update/,
    ],
    ["a clock that is ahead", { aheadMs: 90_000 }, "warn", /90 s ahead of GitHub's/],
    ["a clock that is behind", { aheadMs: -90_000 }, "warn", /90 s behind GitHub's/],
  ];
  for (const [name, changed, state, shown] of cases) {
    test(name, () => {
      const wrong = ofApp({ ...FINE, ...changed }, WISH).filter((finding) => finding.state !== "ok");
      assert.deepEqual(
        wrong.map((finding) => finding.state),
        [state],
      );
      assert.match(`${wrong[0]?.detail} ${wrong[0]?.remedy}`, shown);
    });
  }
  test("nothing is wrong with one that has what is asked for", () => {
    assert.deepEqual([...new Set(ofApp(FINE, WISH).map(({ state }) => state))], ["ok"]);
  });
  test("where threadbox.yml allows workflows, their permission is missed, and is not too much", () => {
    const wish = { ...WISH, workflows: true };
    const without = ofApp(FINE, wish).filter(({ state }) => state !== "ok");
    assert.deepEqual(
      without.map(({ state, what }) => `${state} ${what}`),
      ["fail GitHub permissions", "fail GitHub at acme"],
    );
    assert.match(without[0]?.detail ?? "", /lacks Workflows \(write\)\. Without it no token for a push is given/);
    const more = { ...ALL, workflows: "write" as const };
    const having = { ...FINE, permissions: more, ...at({ permissions: more }) };
    assert.deepEqual([...new Set(ofApp(having, wish).map(({ state }) => state))], ["ok"]);
  });
});

describe("the doctor at GitHub", () => {
  let github: GitHubEmulator;
  let folder: Folder;
  before(async () => {
    github = await startGitHub();
    folder = newFolder("source");
    await github.createRepository("acme/api", { files: { "a.txt": "a" } });
  });
  after(async () => {
    await folder.remove();
    await github.close();
  });
  const doctor = async (env: Env) => {
    const where = { GITHUB_API_URL: github.apiUrl, GITHUB_URL: github.url, PUBLIC_URL: "http://127.0.0.1:1" };
    const ran = await folder.run(["doctor", "--json"], { PORT: "0", ...where, ...env });
    const checks = (documentOf(ran).checks as Finding[]).filter(({ what }) => what.startsWith("GitHub"));
    return { checks, shown: ran.stdout + ran.stderr };
  };
  const lines = (checks: Finding[]) => checks.map(({ state, what }) => `${state} ${what}`);

  test("asks GitHub itself what the App may, where it tells, and who accepted; forms are read as well", async () => {
    const app = await github.createApp({ slug: "coder", events: [...GITHUB_EVENTS] });
    app.webhookTo("http://127.0.0.1:1/github/webhooks");
    app.change({ contentType: "form" });
    await app.install("acme", { permissions: withoutContents as Record<string, "read" | "write"> });
    const { checks, shown } = await doctor({
      ...{
        GITHUB_APP_ID: String(app.id),
        GITHUB_PRIVATE_KEY: app.privateKey,
        GITHUB_WEBHOOK_SECRET: app.webhookSecret,
      },
    });
    assert.deepEqual(lines(checks), [
      "ok GitHub",
      "ok GitHub permissions",
      "ok GitHub events",
      "ok GitHub webhook",
      "fail GitHub at acme",
      "warn GitHub deliveries",
    ]);
    assert.match(checks.at(-1)?.detail ?? "", /1 of 1 of the last day did not arrive; the last one was installation/);
    assert.ok(!shown.includes(app.webhookSecret) && !/PRIVATE KEY-/.test(shown));
  });

  test("says of a key that is another App's what has to belong together", async () => {
    const [one, other] = [await github.createApp({ slug: "one" }), await github.createApp({ slug: "other" })];
    const { checks } = await doctor({
      ...{ GITHUB_APP_ID: String(one.id), GITHUB_PRIVATE_KEY: other.privateKey, GITHUB_WEBHOOK_SECRET: "hush" },
    });
    assert.deepEqual(lines(checks), ["fail GitHub"]);
    assert.match(checks[0]?.remedy ?? "", /have to be of the same App/);
  });

  test("says what a classic token has too much", async () => {
    const token = github.personalToken("ada", ["repo", "delete_repo"]);
    const { checks } = await doctor({ GITHUB_TOKEN: token, GITHUB_WEBHOOK_SECRET: "hush" });
    assert.deepEqual(lines(checks), ["ok GitHub", "warn GitHub scopes"]);
    assert.match(checks[1]?.detail ?? "", /more than is needed: delete_repo\./);
  });
});
