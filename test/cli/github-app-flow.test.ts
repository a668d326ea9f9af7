/** The page that makes an App, against the faults that others had there. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { githubAppFlow } from "../../src/cli/github-app-flow.ts";
import { GITHUB_EVENTS, GITHUB_PERMISSIONS } from "../../src/surfaces/github-app.ts";
import { WITHOUT_EVENT, WITHOUT_PERMISSION } from "../../src/surfaces/github-app-reasons.ts";
import { githubManifest, type MadeApp, newAppUrl } from "../../src/surfaces/github-manifest.ts";
import { handWoundClock } from "../clock.ts";

const ORIGIN = "http://127.0.0.1:4567";
const MADE: MadeApp = {
  ...{ id: 7, slug: "coder", name: "Coder", htmlUrl: "https://github.com/apps/coder", owner: "ada" },
  ...{ privateKey: "the-key", webhookSecret: "hook-secret", clientId: "Iv1", clientSecret: "client-secret" },
};

function newFlow(changed: { name?: string; exchange?: () => Promise<MadeApp> } = {}) {
  const clock = handWoundClock();
  const exchanged: string[] = [];
  const flow = githubAppFlow({
    ...{
      name: changed.name ?? "coder",
      organisation: null,
      publicUrl: "https://bot.acme.com",
      key: "the-key-of-the-address",
    },
    ...{ githubUrl: "https://github.com", origin: () => ORIGIN, clock },
    async exchange(code) {
      exchanged.push(code);
      return changed.exchange ? changed.exchange() : MADE;
    },
    keep: async () => "in .env",
  });
  flow.made.catch(() => undefined);
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await flow.pages.request(`${ORIGIN}${path}`, { headers: { host: "127.0.0.1:4567", ...headers } });
    return { status: response.status, headers: response.headers, html: await response.text() };
  };
  return {
    ...{ flow, clock, exchanged, get },
    /** Opens the page; gives what a browser has then. */
    async begins() {
      const page = await get("/?key=the-key-of-the-address");
      const [, action = ""] = /action="([^"]*)"/.exec(page.html) ?? [];
      const cookie = page.headers.getSetCookie()[0]?.split(";")[0] ?? "";
      return { page, cookie, state: new URL(action.replaceAll("&amp;", "&")).searchParams.get("state") ?? "" };
    },
  };
}

describe("the manifest", () => {
  const manifest = githubManifest({ name: "c", publicUrl: "https://bot.acme.com", redirectUrl: `${ORIGIN}/made` });

  test("probot: public by default: ours is not", () => assert.equal(manifest.public, false));
  test("asks for what stands in one place, and never for workflows", () => {
    assert.deepEqual(
      Object.entries(manifest.default_permissions),
      GITHUB_PERMISSIONS.map(({ name, access }) => [name, access]),
    );
    assert.deepEqual(manifest.default_events, GITHUB_EVENTS);
    assert.ok(!("workflows" in manifest.default_permissions));
  });
  test("says where the bot is, and asks nobody to sign in when they install it", () => {
    assert.deepEqual(manifest.hook_attributes, { url: "https://bot.acme.com/github/webhooks", active: true });
    assert.deepEqual(manifest.callback_urls, ["https://bot.acme.com/connect/github/callback"]);
    assert.equal(manifest.request_oauth_on_install, false);
  });
  test("has a reason for each permission and each event", () => {
    const lacking = [
      ...GITHUB_PERMISSIONS.map(({ name }) => name).filter((name) => !WITHOUT_PERMISSION[name]),
      ...GITHUB_EVENTS.filter((name) => !WITHOUT_EVENT[name]),
    ];
    assert.deepEqual(lacking, []);
  });
  test("is handed over for one's own account, or for an organisation, with the state", () => {
    assert.equal(newAppUrl("https://github.com/", null, "s"), "https://github.com/settings/apps/new?state=s");
    assert.equal(
      newAppUrl("https://ghe.acme.com", "acme", "s"),
      "https://ghe.acme.com/organizations/acme/settings/apps/new?state=s",
    );
  });
});

describe("the page", () => {
  test("probot: set-up page open to everybody: without the key of the address there is none", async () => {
    const { get } = newFlow();
    for (const path of ["/", "/?key=", "/?key=guessed"]) {
      const page = await get(path);
      assert.deepEqual([page.status, /<form/.test(page.html), page.headers.getSetCookie()], [403, false, []]);
    }
  });
  test("probot: one apostrophe breaks the manifest: names come through whole, and as no markup", async () => {
    const name = `O'Brien's "<b>bot</b>" & co`;
    const { page } = await newFlow({ name }).begins();
    const [, value = ""] = /name="manifest" value="([^"]*)"/.exec(page.html) ?? [];
    const raw = value
      .replaceAll("&quot;", '"')
      .replaceAll("&#39;", "'")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&");
    assert.equal(JSON.parse(raw).name, name);
    assert.doesNotMatch(page.html, /<b>bot/);
  });
  test("probot: x-forwarded-host trusted: the way back is where this listens, whatever a request says", async () => {
    const { get } = newFlow();
    const forwarded = {
      "x-forwarded-host": "evil.example",
      forwarded: "host=evil.example",
      "x-forwarded-proto": "https",
    };
    const { html } = await get("/?key=the-key-of-the-address", forwarded);
    assert.match(html, /redirect_url&quot;:&quot;http:\/\/127\.0\.0\.1:4567\/made&quot;/);
    assert.doesNotMatch(html, /evil/);
  });
  test("dns rebinding: under another name it does not answer", async () => {
    assert.equal((await newFlow().get("/?key=the-key-of-the-address", { host: "evil.example" })).status, 421);
  });
  test("has no script, stands in no frame, is kept by nobody, and sends forms to GitHub alone", async () => {
    const { page } = await newFlow().begins();
    const policy = page.headers.get("content-security-policy") ?? "";
    assert.match(
      policy,
      /default-src 'none'; style-src 'nonce-[^']+'; base-uri 'none'; form-action https:\/\/github\.com; frame-ancestors 'none'/,
    );
    assert.doesNotMatch(page.html, /<script/);
    const nonce = /nonce-([^']+)/.exec(policy)?.[1] ?? "none";
    assert.ok(page.html.includes(`<style nonce="${nonce}">`));
    assert.deepEqual(
      ["cache-control", "referrer-policy", "x-frame-options"].map((name) => page.headers.get(name)),
      ["no-store", "no-referrer", "DENY"],
    );
    assert.match(page.headers.getSetCookie()[0] ?? "", /HttpOnly; SameSite=Lax/);
  });
  test("says of each permission and event why", async () => {
    const { page } = await newFlow().begins();
    for (const { title } of GITHUB_PERMISSIONS) assert.ok(page.html.includes(`<td>${title}</td>`), title);
    for (const event of GITHUB_EVENTS) assert.ok(page.html.includes(`<code>${event}</code>`), event);
  });
});

describe("the way back", () => {
  test("probot: no state: a code without one, or with a wrong one, is never exchanged", async () => {
    const { get, begins, exchanged } = newFlow();
    const { cookie, state } = await begins();
    for (const query of [
      "code=theirs",
      "code=theirs&state=",
      `code=theirs&state=${state.slice(0, -1)}`,
      `code=theirs&state=${state}x`,
    ])
      assert.equal((await get(`/made?${query}`, { cookie })).status, 400, query);
    assert.deepEqual(exchanged, []);
  });
  test("login csrf: the state counts only in the browser that it was made for", async () => {
    const { get, begins, exchanged } = newFlow();
    const { state, cookie } = await begins();
    const other = await begins();
    for (const headers of [{}, { cookie: "threadbox-create-app=guessed" }, { cookie: other.cookie }])
      assert.equal((await get(`/made?code=theirs&state=${state}`, headers)).status, 400);
    assert.deepEqual(exchanged, []);
    assert.equal((await get(`/made?code=ours&state=${state}`, { cookie })).status, 200);
  });
  test("replay: the state counts once", async () => {
    const { get, begins, exchanged } = newFlow();
    const { state, cookie } = await begins();
    assert.equal((await get(`/made?code=first&state=${state}`, { cookie })).status, 200);
    assert.equal((await get(`/made?code=second&state=${state}`, { cookie })).status, 400);
    assert.deepEqual(exchanged, ["first"]);
  });
  test("the state is over after GitHub's hour", async () => {
    const { get, begins, exchanged, clock } = newFlow();
    const { state, cookie } = await begins();
    clock.advance(3_600_000);
    assert.equal((await get(`/made?code=late&state=${state}`, { cookie })).status, 400);
    assert.deepEqual(exchanged, []);
  });
  test("a page that was loaded again in the same browser works, and the older tab too", async () => {
    const { get, begins, exchanged } = newFlow();
    const first = await begins();
    const again = await get("/?key=the-key-of-the-address", { cookie: first.cookie });
    assert.equal(again.headers.getSetCookie()[0]?.split(";")[0], first.cookie);
    assert.equal((await get(`/made?code=a&state=${first.state}`, { cookie: first.cookie })).status, 200);
    assert.deepEqual(exchanged, ["a"]);
  });
  test("ends on a page that leads to the installation, without a secret on it", async () => {
    const { get, begins, flow } = newFlow();
    const { state, cookie } = await begins();
    const { html } = await get(`/made?code=c&state=${state}`, { cookie });
    assert.match(html, /href="https:\/\/github\.com\/apps\/coder\/installations\/new"/);
    assert.doesNotMatch(html, /the-key|hook-secret|client-secret/);
    assert.equal(await flow.made, MADE);
  });
  test("says on the page and to the command what went wrong", async () => {
    const { get, begins, flow } = newFlow({ exchange: () => Promise.reject(new Error("GitHub is away")) });
    const { state, cookie } = await begins();
    const { status, html } = await get(`/made?code=c&state=${state}`, { cookie });
    assert.equal(status, 502);
    assert.match(html, /GitHub is away\./);
    await assert.rejects(flow.made, /GitHub is away/);
  });
});
