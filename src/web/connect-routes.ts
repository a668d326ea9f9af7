/**
 * Somebody says who they are on GitHub. The link names the person, so whoever opens it reads for whom it is before anything happens, signs
 * in at GitHub, and reads both names again before it counts. What GitHub sends back is believed only in the browser that was sent there
 * (a cookie beside `state`) and only with what that browser was given (PKCE). Nothing of it needs a script.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { secureHeaders } from "hono/secure-headers";
import { z } from "zod";
import type { GitHubAccount, Member } from "../core/identity.ts";
import type { Ms } from "../core/types.ts";
import { ThreadboxError, toThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import { htmlPages, type PageFile } from "./assets.ts";
import { CONNECT_PATH, ConnectLink } from "./connect-link.ts";
import { type GuardOptions, isFromAgent } from "./guard.ts";
import type { Seal } from "./seal.ts";

/** GitHub's half of the way. */
export interface SignIn {
  /** Where GitHub's pages are. */
  origin: string;
  authorizeUrl(wish: { state: string; challenge: string; redirectUrl: string }): string;
  /** Whose account it is. The token that GitHub gives for it is used once and handed back. Throws `surface.refused` for a code that is none. */
  account(given: { code: string; verifier: string; redirectUrl: string }): Promise<GitHubAccount>;
}

export interface ConnectOptions {
  publicUrl: string;
  /** What the bot is called. */
  name: string;
  seal: Seal;
  signIn: SignIn;
  isUsed(link: string): Promise<boolean>;
  /** False where the link was used meanwhile. */
  connect(connection: { link: string; member: Member; account: GitHubAccount }): Promise<boolean>;
  isFromSandbox?: GuardOptions["isFromSandbox"];
  log: Log;
}

/** Somebody may have to find their phone first to sign in. */
const STEP_LASTS_MS: Ms = 10 * 60_000;
/** A form with one sealed word in it. */
const MAX_BODY_BYTES = 10_000;

const UnderWay = z.object({ link: ConnectLink, state: z.string(), verifier: z.string() });
const Signed = z.object({
  link: ConnectLink,
  account: z.object({ id: z.number(), login: z.string() }),
  confirms: z.string(),
});

/** Mounted at CONNECT_PATH. */
export function connectRoutes(options: ConnectOptions): Hono {
  const app = new Hono();
  const desk = deskOf(options);
  const { log } = options;
  app.use("*", headers(options.signIn.origin), bodyLimit({ maxSize: MAX_BODY_BYTES }), async (c, next) => {
    const refusal = await refusalOf(c, options);
    if (refusal === null) return next();
    log.warn({ path: c.req.path, refused: refusal }, "connect.refused");
    return c.text("This page cannot be used that way.", 403);
  });
  app.get("/", (c) => explain(desk, c));
  app.post("/", (c) => sendToGitHub(desk, c));
  app.get("/callback", (c) => askOnceMore(desk, c));
  app.post("/confirm", (c) => confirm(desk, c));
  app.onError((thrown, c) => {
    const { code, remedy, detail } = toThreadboxError(thrown);
    log.warn({ code, detail, err: thrown instanceof ThreadboxError ? undefined : thrown }, "connect.failed");
    return desk.say(c, ["That did not work", `GitHub did not say who you are (${code}). ${remedy} ${AGAIN}`], 400);
  });
  return app;
}

type Desk = ConnectOptions & ReturnType<typeof toolsOf>;

const deskOf = (options: ConnectOptions): Desk => ({ ...options, ...toolsOf(options) });

function toolsOf({ publicUrl, name, seal, isUsed }: ConnectOptions) {
  const html = htmlPages();
  const page = (c: Context, file: PageFile, words: Record<string, string>, status: 200 | 400 = 200) =>
    c.html(html(file, { name, ...words }), status);
  return {
    page,
    cookies: cookiesOf(publicUrl),
    redirectUrl: `${publicUrl}${CONNECT_PATH}/callback`,
    say: (c: Context, [heading, text]: readonly [string, string], status: 200 | 400 = 200) =>
      page(c, "connect-notice.html", { heading, text }, status),
    /** The link as it was given, while it is good for something. */
    async linkOf(sealed: unknown): Promise<ConnectLink | null> {
      const link = typeof sealed === "string" ? await seal.open("link", sealed, ConnectLink) : null;
      return link && !(await isUsed(link.id)) ? link : null;
    },
  };
}

async function explain({ name, page, say, linkOf }: Desk, c: Context): Promise<Response> {
  const sealed = c.req.query("t");
  const link = await linkOf(sealed);
  if (!link) return say(c, OVER, 400);
  const heading = "Connect your GitHub account to this Slack user";
  const text = `What they ask for in Slack, ${name} then does with your rights on GitHub. ${WHERE_THE_ID_IS}`;
  const form = { action: CONNECT_PATH, field: "t", value: sealed ?? "", button: "I asked for this: go on to GitHub" };
  return page(c, "connect.html", { heading, ...whoIs(link.member), text, ...form });
}

async function sendToGitHub({ say, linkOf, cookies, seal, signIn, redirectUrl }: Desk, c: Context): Promise<Response> {
  const link = await linkOf((await c.req.parseBody()).t);
  if (!link) return say(c, OVER, 400);
  const [state, verifier] = [secret(), secret()];
  cookies.give(c, "way", await seal.close("way", { link, state, verifier }, STEP_LASTS_MS));
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  return c.redirect(signIn.authorizeUrl({ state, challenge, redirectUrl }), 303);
}

async function askOnceMore(desk: Desk, c: Context): Promise<Response> {
  const { name, page, say, cookies, seal, signIn, redirectUrl } = desk;
  const way = await seal.open("way", cookies.take(c, "way"), UnderWay);
  const { code, state = "", error } = c.req.query();
  if (!way || !isSame(state, way.state)) return say(c, FORGED, 400);
  const { link, verifier } = way;
  if (error !== undefined || code === undefined) return say(c, REFUSED, 400);
  if (await desk.isUsed(link.id)) return say(c, OVER, 400);
  const account = await signIn.account({ code, verifier, redirectUrl });
  const confirms = secret();
  cookies.give(c, "signed", await seal.close("signed", { link, account, confirms }, STEP_LASTS_MS));
  const text = `Commits that ${name} makes for you will name @${account.login}, and what you may do there is what it does for you. An account that you connected before is replaced.`;
  const heading = `Connect GitHub @${account.login} to this Slack user?`;
  const form = { action: `${CONNECT_PATH}/confirm`, field: "confirms", value: confirms, button: "Connect" };
  return page(c, "connect.html", { heading, ...whoIs(link.member), text, ...form });
}

async function confirm({ say, cookies, seal, connect, log }: Desk, c: Context): Promise<Response> {
  const signed = await seal.open("signed", cookies.take(c, "signed"), Signed);
  const { confirms } = await c.req.parseBody();
  if (!signed || typeof confirms !== "string" || !isSame(confirms, signed.confirms)) return say(c, FORGED, 400);
  const { link, account } = signed;
  const { member } = link;
  if (!(await connect({ link: link.id, member, account }))) return say(c, OVER, 400);
  log.info({ surface: member.surface, team: member.team, person: member.id, github: account.id }, "connect.done");
  const text = `@${account.login} is connected to ${member.id}, the Slack user “${member.name}”. What you asked for goes on by itself; you can close this page.`;
  return say(c, ["Connected", text]);
}

const AGAIN = "Ask again where you came from: you get another link.";
const OVER = ["This link is over", `It is good for ten minutes, and for one connection. ${AGAIN}`] as const;
const FORGED = ["This did not begin here", `Open the link in this browser, and go on from there. ${AGAIN}`] as const;
const REFUSED = ["Nothing was connected", `GitHub was not allowed to say who you are. ${AGAIN}`] as const;

/** The id comes first: a name anybody can choose, also somebody else's. */
const whoIs = ({ id, team, name }: Member) => ({
  ...{ id, whose: `is the Slack user of workspace ${team} who goes by the name “${name}”.` },
  warning: "If you did not ask for this page in Slack just now, close it.",
});

const WHERE_THE_ID_IS = "Yours stands in your profile in Slack: ⋮, “Copy member ID”.";

const secret = (): string => randomBytes(32).toString("base64url");

function isSame(given: string, expected: string): boolean {
  const [one, other] = [given, expected].map((text) => createHash("sha256").update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}

/** Nothing of it is stored, framed, or told to the next page. Browsers hold the way from a form to GitHub against `form-action`. */
const headers = (origin: string) =>
  secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'self'", origin],
      frameAncestors: ["'none'"],
    },
    xFrameOptions: "DENY",
    referrerPolicy: "no-referrer",
    strictTransportSecurity: false,
  });

/** In words for the log. Under no other name than the public one: cookies and GitHub's way back hang on it. */
async function refusalOf(c: Context, { publicUrl, isFromSandbox }: ConnectOptions): Promise<string | null> {
  c.header("cache-control", "no-store");
  c.header("x-robots-tag", "noindex");
  if ((c.req.header("host") ?? "").toLowerCase() !== new URL(publicUrl).host) return "host";
  if (await isFromAgent(c, isFromSandbox)) return "sandbox";
  // `Origin` says nothing here: with `no-referrer` browsers write `null` into it for forms of one's own pages as well.
  const site = c.req.header("sec-fetch-site") ?? "same-origin";
  return c.req.method === "GET" || site === "same-origin" ? null : "cross-site";
}

/** Lax, because GitHub's way back is a link of another site. `__Host-`, so that no neighbour below the same domain can set it. */
function cookiesOf(publicUrl: string) {
  const isSafe = publicUrl.startsWith("https:");
  const nameOf = (what: string): string => `${isSafe ? "__Host-" : ""}threadbox-${what}`;
  const shared = { path: "/", secure: isSafe };
  return {
    give(c: Context, what: string, value: string): void {
      const maxAge = STEP_LASTS_MS / 1000;
      setCookie(c, nameOf(what), value, { ...shared, httpOnly: true, sameSite: "Lax", maxAge });
    },
    /** Good for one step. */
    take(c: Context, what: string): string {
      const value = getCookie(c, nameOf(what)) ?? "";
      deleteCookie(c, nameOf(what), shared);
      return value;
    },
  };
}
