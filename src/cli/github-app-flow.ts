/**
 * Between this machine and GitHub while an App is made: the page with the button, and the way back with the code. A code is believed only
 * with a state that was made here, in the browser that it was made for, once, and within GitHub's own hour; or somebody else's App would
 * become this bot's. Whoever opens the page needs the key of its address: other users of this machine, and agents in a local sandbox, reach the port too.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { type Context, Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { NONCE, type SecureHeadersVariables, secureHeaders } from "hono/secure-headers";
import type { Clock } from "../clock.ts";
import { ThreadboxError, toThreadboxError } from "../errors.ts";
import { githubManifest, MANIFEST_LASTS_MS, type MadeApp, newAppUrl } from "../surfaces/github-manifest.ts";
import { Refused } from "./failure.ts";
import { askingPage, saying } from "./github-app-page.ts";

export interface FlowOptions {
  /** The wished name of the App. */
  name: string;
  organisation: string | null;
  publicUrl: string;
  githubUrl: string;
  /** Where this page is, scheme and port with it; known once it listens. What a request says of it is never believed. */
  origin(): string;
  /** Stands in the address of the page. */
  key: string;
  clock: Clock;
  exchange(code: string): Promise<MadeApp>;
  /** Keeps what GitHub gave; gives back where. */
  keep(made: MadeApp): Promise<string>;
}

export interface AppFlow {
  pages: Hono<{ Variables: SecureHeadersVariables }>;
  /** Rejects when GitHub took the code for none, or nothing could be kept. */
  made: Promise<MadeApp>;
}

const COOKIE = "threadbox-create-app";
export const MADE_PATH = "/made";
/** Somebody who loads the page again and again; the oldest buttons stop working. */
const MAX_BEGUN = 20;

/** A page that was shown and whose button may have been pressed. */
interface Begun {
  state: string;
  browser: string;
  until: number;
}

export const secret = (): string => randomBytes(32).toString("base64url");

export function githubAppFlow(options: FlowOptions): AppFlow {
  const { promise: made, resolve, reject } = Promise.withResolvers<MadeApp>();
  const desk: Desk = { ...options, begun: [], resolve, reject };
  const pages = new Hono<{ Variables: SecureHeadersVariables }>();
  pages.use("*", headers(new URL(options.githubUrl).origin), async (c, next) => {
    c.header("cache-control", "no-store");
    // Under no other name: a page of somebody else whose name leads here would be let in otherwise.
    if (c.req.header("host") !== new URL(options.origin()).host) return c.text("This page has another address.", 421);
    return next();
  });
  pages.get("/", (c) => ask(desk, c));
  pages.get(MADE_PATH, (c) => comeBack(desk, c));
  return { pages, made };
}

interface Desk extends FlowOptions {
  begun: Begun[];
  resolve(made: MadeApp): void;
  reject(thrown: unknown): void;
}

type Asked = Context<{ Variables: SecureHeadersVariables }>;

function ask(desk: Desk, c: Asked): Response | Promise<Response> {
  const { begun, name, organisation, publicUrl, githubUrl, origin, clock } = desk;
  const nonce = nonceOf(c);
  if (!isSame(c.req.query("key") ?? "", desk.key))
    return c.html(saying("This address is not whole", "Open the one that the terminal shows.", nonce), 403);
  const known = getCookie(c, COOKIE);
  const browser = known && begun.some((one) => isSame(one.browser, known)) ? known : secret();
  const state = secret();
  begun.push({ state, browser, until: clock.now() + MANIFEST_LASTS_MS });
  if (begun.length > MAX_BEGUN) begun.shift();
  // Lax, because the way back from GitHub is a link of another site.
  setCookie(c, COOKIE, browser, { path: "/", httpOnly: true, sameSite: "Lax", maxAge: MANIFEST_LASTS_MS / 1000 });
  const manifest = githubManifest({ name, publicUrl, redirectUrl: `${origin()}${MADE_PATH}` });
  const action = newAppUrl(githubUrl, organisation, state);
  return c.html(askingPage({ name, organisation, publicUrl, action, manifest: JSON.stringify(manifest), nonce }));
}

async function comeBack(desk: Desk, c: Asked): Promise<Response> {
  const { code = "", state = "" } = c.req.query();
  const nonce = nonceOf(c);
  if (!take(desk, state, getCookie(c, COOKIE) ?? "")) return c.html(saying(...FORGED, nonce), 400);
  if (code === "") return c.html(saying(...NO_CODE, nonce), 400);
  try {
    const made = await desk.exchange(code);
    const where = await desk.keep(made);
    desk.resolve(made);
    const text = `${made.name} belongs to ${made.owner}. Its credentials are ${where}. Install it on the repositories that it shall work on, then restart the bot.`;
    const link = { href: `${made.htmlUrl}/installations/new`, text: "Install it" };
    return c.html(saying("The App is made", text, nonce, link));
  } catch (thrown) {
    desk.reject(thrown);
    return c.html(saying("That did not work", wordsOf(thrown), nonce), 502);
  }
}

const FORGED = [
  "This did not begin here",
  "Open the address that the terminal shows, in this browser, and go on from there. It counts once, and for an hour.",
] as const;
const NO_CODE = [
  "Nothing was made",
  "GitHub sent no code. Open the address that the terminal shows once more.",
] as const;

function wordsOf(thrown: unknown): string {
  const { detail, remedy } = thrown instanceof Refused ? thrown : toThreadboxError(thrown);
  return `${detail.replace(/\.?$/, ".")} ${remedy}`;
}

/** Good once. Every one is looked at, so that how long it takes tells nothing of them. */
function take(desk: Desk, state: string, browser: string): boolean {
  const found = desk.begun.filter((one) => isSame(one.state, state)).at(0);
  if (!found || !isSame(found.browser, browser)) return false;
  desk.begun.splice(desk.begun.indexOf(found), 1);
  return found.until > desk.clock.now();
}

function isSame(given: string, expected: string): boolean {
  const [one, other] = [given, expected].map((text) => createHash("sha256").update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}

const nonceOf = (c: Asked): string => c.get("secureHeadersNonce") ?? "";

/** Browsers hold the way from a form to GitHub against `form-action`. */
const headers = (github: string) =>
  secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      styleSrc: [NONCE],
      baseUri: ["'none'"],
      formAction: [github],
      frameAncestors: ["'none'"],
    },
    xFrameOptions: "DENY",
    referrerPolicy: "no-referrer",
    strictTransportSecurity: false,
  });

/** What GitHub made but could not be kept is lost: it tells the key once. */
export const notKept = (made: MadeApp, thrown: unknown): ThreadboxError =>
  new ThreadboxError(
    "github.app-not-made",
    `${wordsOf(thrown)} GitHub has made the App all the same, and tells its key only once: delete it at ${made.htmlUrl}`,
    { cause: thrown },
  );
