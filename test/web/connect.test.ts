/** The pages by which somebody says who they are on GitHub, against whoever means ill. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { GitHubAccount, Member } from "../../src/core/identity.ts";
import { connectUrl } from "../../src/web/connect-link.ts";
import { connectRoutes } from "../../src/web/connect-routes.ts";
import { createSeal } from "../../src/web/seal.ts";
import { type HandWoundClock, handWoundClock } from "../clock.ts";
import { quiet } from "../quiet.ts";

const ada: Member = { surface: "slack", team: "T1", id: "U1", name: "Ada <b>" };
const MINUTE_MS = 60_000;
const publicUrl = "https://bot.example.com";

interface Ground {
  clock: HandWoundClock;
  link: string;
  connected: { link: string; member: Member; account: GitHubAccount }[];
  /** `path` below the pages. */
  ask(path: string, init?: RequestInit & { cookie?: string }): Promise<Response>;
}

async function ground(): Promise<Ground> {
  const clock = handWoundClock();
  const seal = createSeal(new Uint8Array(32).fill(7), clock);
  const connected: Ground["connected"] = [];
  const used = new Set<string>();
  const app = connectRoutes({
    ...{ publicUrl, name: "threadbox", seal, log: quiet },
    signIn: {
      origin: "https://github.com",
      authorizeUrl: ({ state, challenge }) => `https://github.com/login?state=${state}&challenge=${challenge}`,
      account: async ({ code }) => ({ id: 7, login: code }),
    },
    isUsed: async (link) => used.has(link),
    async connect(connection) {
      if (used.has(connection.link)) return false;
      used.add(connection.link);
      connected.push(connection);
      return true;
    },
  });
  return {
    clock,
    connected,
    link: await connectUrl(seal, publicUrl, ada),
    ask: async (path, { cookie = "", ...init } = {}) =>
      app.request(path, { ...init, headers: { host: "bot.example.com", cookie, ...init.headers } }),
  };
}

const sealedIn = (link: string): string => new URL(link).searchParams.get("t") ?? "";
const cookieOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .filter((line) => !/max-age=0/i.test(line))
    .map((line) => line.split(";")[0])
    .join("; ");
const form = (fields: Record<string, string>) => ({ method: "POST", body: new URLSearchParams(fields) });

/** Up to the last page: its cookie, and the word in its form. */
async function lastPage({ ask, link }: Ground, code = "ada") {
  const away = await ask("/", form({ t: sealedIn(link) }));
  const state = new URL(away.headers.get("location") ?? "").searchParams.get("state");
  const page = await ask(`/callback?code=${code}&state=${state}`, { cookie: cookieOf(away) });
  const confirms = /name="confirms" value="([^"]+)"/.exec(await page.text())?.[1] ?? "";
  return { cookie: cookieOf(page), confirms, away };
}

describe("the link to connect an account", () => {
  test("is good for ten minutes", async () => {
    const { ask, link, clock } = await ground();
    clock.advance(10 * MINUTE_MS - 1_000);
    assert.equal((await ask(`/?t=${sealedIn(link)}`)).status, 200);
    clock.advance(2_000);
    assert.equal((await ask(`/?t=${sealedIn(link)}`)).status, 400);
    assert.equal((await ask("/", form({ t: sealedIn(link) }))).status, 400);
  });

  test("tells nobody who looks at it whose it is", async () => {
    const { link } = await ground();
    const parts = sealedIn(link).split(".");
    for (const part of [link, ...parts.map((one) => Buffer.from(one, "base64url").toString("latin1"))])
      assert.equal(part.includes("Ada <b>") || part.includes('"U1"'), false);
  });

  test("is shown with the name as text, under headers that let nobody frame or keep it", async () => {
    const { ask, link } = await ground();
    const page = await ask(`/?t=${sealedIn(link)}`);
    const text = await page.text();
    assert.match(text, /<code>U1<\/code> is the Slack user of workspace T1 who goes by the name “Ada &lt;b&gt;”\./);
    assert.match(text, /<strong>If you did not ask for this page in Slack just now, close it\.<\/strong>/);
    const shown = ["cache-control", "referrer-policy", "x-frame-options"].map((name) => page.headers.get(name));
    assert.deepEqual(shown, ["no-store", "no-referrer", "DENY"]);
    const policy = page.headers.get("content-security-policy") ?? "";
    assert.match(policy, /form-action 'self' https:\/\/github\.com; frame-ancestors 'none'/);
  });
});

describe("the way over GitHub", () => {
  test("ends with both names, and one connection", async () => {
    const here = await ground();
    const { cookie, confirms } = await lastPage(here);
    assert.equal((await here.ask("/confirm", { ...form({ confirms }), cookie })).status, 200);
    assert.deepEqual(
      here.connected.map(({ member, account }) => [member, account]),
      [[ada, { id: 7, login: "ada" }]],
    );
    assert.equal((await here.ask("/confirm", { ...form({ confirms }), cookie })).status, 400);
    assert.equal((await here.ask(`/?t=${sealedIn(here.link)}`)).status, 400);
  });

  test("keeps its cookies to this host, from scripts, and from other sites' forms", async () => {
    const { away } = await lastPage(await ground());
    const [line = ""] = away.headers.getSetCookie();
    assert.match(line, /^__Host-threadbox-way=/);
    for (const part of [/; Path=\//, /; HttpOnly/, /; Secure/, /; SameSite=Lax/, /; Max-Age=600/])
      assert.match(line, part);
    assert.doesNotMatch(line, /Domain=/);
  });

  const refused: [string, (here: Ground) => Promise<Response>][] = [
    [
      "with another state",
      async ({ ask, link }) => {
        const cookie = cookieOf(await ask("/", form({ t: sealedIn(link) })));
        return ask("/callback?code=ada&state=other", { cookie });
      },
    ],
    ["in a browser that was not sent there", async ({ ask }) => ask("/callback?code=ada&state=")],
    [
      "with the cookie of another step",
      async (here) => {
        const { cookie } = await lastPage(here);
        return here.ask("/callback?code=ada&state=x", { cookie: cookie.replace("signed", "way") });
      },
    ],
    [
      "when GitHub says no",
      async ({ ask, link }) => {
        const away = await ask("/", form({ t: sealedIn(link) }));
        const state = new URL(away.headers.get("location") ?? "").searchParams.get("state");
        return ask(`/callback?error=access_denied&state=${state}`, { cookie: cookieOf(away) });
      },
    ],
    [
      "with a confirmation that another page has",
      async (here) => {
        const { cookie } = await lastPage(here);
        const { confirms } = await lastPage(here);
        return here.ask("/confirm", { ...form({ confirms }), cookie });
      },
    ],
    [
      "with a confirmation ten minutes later",
      async (here) => {
        const { cookie, confirms } = await lastPage(here);
        here.clock.advance(11 * MINUTE_MS);
        return here.ask("/confirm", { ...form({ confirms }), cookie });
      },
    ],
    [
      "by a form of another site",
      async (here) => {
        const { cookie, confirms } = await lastPage(here);
        const { method, body } = form({ confirms });
        return here.ask("/confirm", { method, body, cookie, headers: { "sec-fetch-site": "cross-site" } });
      },
    ],
    [
      "under another name of this machine",
      async ({ ask, link }) => ask(`/?t=${sealedIn(link)}`, { headers: { host: "localhost:3000" } }),
    ],
  ];
  for (const [name, deed] of refused)
    test(`connects nobody ${name}`, async () => {
      const here = await ground();
      const { status } = await deed(here);
      assert.ok(status === 400 || status === 403, String(status));
      assert.deepEqual(here.connected, []);
    });
});
