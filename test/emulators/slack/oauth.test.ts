import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { handWoundClock } from "../../clock.ts";
import type { SlackEmulator, SlackOptions } from "../slack.ts";
import { clientOf, outcome, startFor } from "./sdk.ts";

const REDIRECT = "https://bot.example.com/back";
const star = { id: "E0STAR", name: "Star" };
const north = { team: { id: "T0NORTH", name: "North", domain: "north" }, enterprise: star, channels: ["ice"] };
const south = { team: { id: "T0SOUTH", name: "South", domain: "south" }, enterprise: star, channels: ["sun"] };

const startApp = (t: TestContext, options: SlackOptions = {}): Promise<SlackEmulator> =>
  startFor(t, { ...options, oauth: { redirectUrls: [REDIRECT], ...options.oauth } });

/** Where somebody's answer sends the browser. */
async function answered(slack: SlackEmulator, form: Record<string, string>, asked: Record<string, string> = {}) {
  const query = { client_id: slack.oauth.clientId, scope: "chat:write,users:read", redirect_uri: REDIRECT, ...asked };
  const address = new URL(`/oauth/v2/authorize?${new URLSearchParams(query)}`, slack.apiUrl);
  const response = await fetch(address, { method: "POST", body: new URLSearchParams(form), redirect: "manual" });
  const location = response.headers.get("location");
  return location ? new URL(location).searchParams : await response.text();
}

const allow = { place: "T0ACME", user: "U0ADA", answer: "allow" };

async function codeOf(slack: SlackEmulator, form: Record<string, string> = allow): Promise<string> {
  const back = await answered(slack, form);
  return (typeof back === "string" ? null : back.get("code")) ?? "";
}

const secrets = ({ oauth: { clientId, clientSecret } }: SlackEmulator) => ({
  client_id: clientId,
  client_secret: clientSecret,
});

const exchange = (slack: SlackEmulator, more: Record<string, string>) =>
  clientOf(slack, {}, "").oauth.v2.access({ ...secrets(slack), ...more });

describe("consent", () => {
  test("comes back with a code and the state, or with access_denied", async (t) => {
    const slack = await startApp(t);
    const yes = await answered(slack, allow, { state: "s" });
    assert.ok(yes instanceof URLSearchParams && yes.get("code") && yes.get("state") === "s");
    const no = await answered(slack, { ...allow, answer: "deny" }, { state: "s" });
    assert.equal(String(no), "error=access_denied&state=s");
  });
  test("sends nobody to an address that the app does not name", async (t) => {
    const slack = await startApp(t);
    assert.match(
      String(await answered(slack, allow, { redirect_uri: "https://evil.example.com" })),
      /bad_redirect_uri/,
    );
    assert.match(String(await answered(slack, allow, { client_id: "other" })), /invalid_client_id/);
  });
});

describe("a code", () => {
  test("gives a token once, with what the app may do and who installed it", async (t) => {
    const slack = await startApp(t);
    const code = await codeOf(slack);
    const given = await exchange(slack, { code, redirect_uri: REDIRECT });
    const { access_token, team, enterprise, is_enterprise_install, scope, authed_user } = given;
    assert.match(String(access_token), /^xoxb-/);
    assert.deepEqual(
      [team, enterprise, is_enterprise_install, scope, authed_user],
      [{ id: "T0ACME", name: "Acme" }, null, false, "chat:write,users:read", { id: "U0ADA" }],
    );
    assert.equal((await clientOf(slack, {}, access_token).auth.test()).team_id, "T0ACME");
    assert.equal(await outcome(exchange(slack, { code })), "invalid_code");
  });
  test("gives nothing for a wrong secret, a wrong address, or too late", async (t) => {
    const clock = handWoundClock();
    const slack = await startApp(t, { clock });
    const code = await codeOf(slack);
    assert.equal(await outcome(exchange(slack, { code, client_secret: "guessed" })), "bad_client_secret");
    assert.equal(await outcome(exchange(slack, { code, redirect_uri: "https://x.example.com" })), "bad_redirect_uri");
    clock.advance(10 * 60_000 + 1);
    assert.equal(await outcome(exchange(slack, { code })), "invalid_code");
  });
});

test("with token rotation a token ends after twelve hours, and a refresh token works once", async (t) => {
  const clock = handWoundClock();
  const slack = await startApp(t, { clock, oauth: { rotates: true } });
  const first = await exchange(slack, { code: await codeOf(slack) });
  assert.deepEqual([first.expires_in, String(first.access_token).slice(0, 9)], [43_200, "xoxe.xoxb"]);
  const renew = { grant_type: "refresh_token", refresh_token: String(first.refresh_token) };
  const second = await exchange(slack, renew);
  assert.equal(await outcome(exchange(slack, renew)), "invalid_refresh_token");
  assert.equal(await outcome(clientOf(slack, {}, first.access_token).auth.test()), "ok");
  clock.advance(12 * 3_600_000);
  assert.equal(await outcome(clientOf(slack, {}, first.access_token).auth.test()), "token_expired");
  assert.ok(second.refresh_token);
});

test("an organisation's token serves all its workspaces, and ends for all", async (t) => {
  const slack = await startApp(t, { ...north, teams: [south] });
  const given = await exchange(slack, { code: await codeOf(slack, { ...allow, place: "E0STAR" }) });
  assert.deepEqual([given.team, given.enterprise, given.is_enterprise_install], [null, star, true]);
  const client = clientOf(slack, {}, given.access_token);
  for (const [team, channel] of [
    ["T0NORTH", "ice"],
    ["T0SOUTH", "sun"],
  ] as const) {
    const posted = await client.chat.postMessage({ channel: slack.at(team).channel(channel).id, text: "hello" });
    assert.equal(slack.at(team).timeline(channel).at(-1)?.ts, posted.ts);
  }
  assert.equal((await client.auth.test()).is_enterprise_install, true);
  assert.equal(await outcome(client.apps.uninstall(secrets(slack))), "ok");
  assert.equal(await outcome(client.auth.test()), "token_revoked");
});
