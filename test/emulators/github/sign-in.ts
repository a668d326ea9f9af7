/**
 * How people sign in to an App: the page that asks them (once for each App), the code that their browser brings back, and the token that
 * the App gets for it. From GitHub's pages "Generating a user access token for a GitHub App" and "Troubleshooting OAuth app access token request errors".
 */
import { createHash, randomBytes } from "node:crypto";
import type { Hub } from "./hub.ts";
import type { Account, App } from "./state.ts";

export interface SignIns {
  /** Who is signed in, by the session cookie of the browser. */
  sessions: Map<string, Account>;
  /** Whom an App was allowed to know: GitHub does not ask again. */
  authorized: Set<string>;
  codes: Map<string, Code>;
}

interface Code {
  app: App;
  account: Account;
  redirectUri: string;
  challenge: string | null;
  expiresAtMs: number;
}

export interface SignInRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Record<string, string | undefined>;
  body: string;
}

export interface SignInReply {
  status: number;
  headers: Record<string, string>;
  body: string;
}

const CODE_LASTS_MS = 10 * 60_000;
/** Eight hours, and half a year, where tokens of an App expire. */
const TOKEN_LASTS_S = 28_800;
const REFRESH_LASTS_S = 15_897_600;

export const newSignIns = (): SignIns => ({ sessions: new Map(), authorized: new Set(), codes: new Map() });

export function signedIn(hub: Hub, account: Account): string {
  const session = randomBytes(16).toString("hex");
  hub.signIns.sessions.set(session, account);
  return `user_session=${session}`;
}

export function answerSignIn(hub: Hub, request: SignInRequest): SignInReply {
  const route = `${request.method} ${request.path}`;
  const asked = request.method === "GET" ? request.query : new URLSearchParams(request.body);
  if (route === "GET /login/oauth/authorize") return authorize(hub, request, asked, false);
  if (route === "POST /login/oauth/authorize") return authorize(hub, request, asked, true);
  if (route === "POST /login/oauth/access_token") return exchange(hub, request);
  return page(404, "Not Found");
}

/** `agrees`: they pressed the button. */
function authorize(hub: Hub, request: SignInRequest, asked: URLSearchParams, agrees: boolean): SignInReply {
  const { sessions, authorized, codes } = hub.signIns;
  const app = hub.apps.find(({ clientId }) => clientId === asked.get("client_id"));
  if (!app) return page(404, "Not Found");
  const account = sessions.get(/user_session=(\w+)/.exec(request.headers.cookie ?? "")?.[1] ?? "");
  if (!account) return to("/login", { return_to: `${request.path}?${asked}` });
  const [registered = ""] = app.callbackUrls;
  const redirectUri = asked.get("redirect_uri") ?? registered;
  const state = asked.get("state") ?? "";
  if (!app.callbackUrls.includes(redirectUri)) return to(registered, { ...MISMATCH, state });
  if (asked.get("decision") === "deny") return to(redirectUri, { ...DENIED, state });
  const known = `${app.id}/${account.id}`;
  if (!agrees && !authorized.has(known)) return page(200, form(app, account, asked));
  authorized.add(known);
  const method = asked.get("code_challenge_method");
  const challenge = method === "S256" ? asked.get("code_challenge") : null;
  const code = randomBytes(10).toString("hex");
  codes.set(code, { app, account, redirectUri, challenge, expiresAtMs: hub.clock.now() + CODE_LASTS_MS });
  return to(redirectUri, { code, state });
}

const MISMATCH = {
  error: "redirect_uri_mismatch",
  error_description: "The redirect_uri MUST match the registered callback URL for this application.",
};
const DENIED = { error: "access_denied", error_description: "The user has denied your application access." };

const form = (app: App, account: Account, asked: URLSearchParams): string => `<h1>Authorize ${app.name}</h1>
<p>Signed in as ${account.login}</p>
<form method="post" action="/login/oauth/authorize">
${[...asked].map(([name, value]) => `<input type="hidden" name="${name}" value="${value}" />`).join("\n")}
<button type="submit">Authorize ${app.name}</button>
</form>`;

/** Says no with a status of 200, and yes in the form that was asked for. */
function exchange(hub: Hub, request: SignInRequest): SignInReply {
  const isJson = /json/.test(request.headers["content-type"] ?? "");
  const given: Record<string, unknown> = isJson
    ? JSON.parse(request.body)
    : Object.fromEntries(new URLSearchParams(request.body));
  const answer = tokenFor(hub, (name) => String(given[name] ?? ""));
  const asJson = /json/.test(request.headers.accept ?? "");
  const body = asJson ? JSON.stringify(answer) : new URLSearchParams(answer as Record<string, string>).toString();
  const type = asJson ? "application/json; charset=utf-8" : "application/x-www-form-urlencoded; charset=utf-8";
  return { status: 200, headers: { "content-type": type, date: new Date(hub.clock.now()).toUTCString() }, body };
}

const refused = (error: string, error_description: string) => ({
  ...{ error, error_description },
  error_uri: "https://docs.github.com/apps/troubleshooting-oauth-app-access-token-request-errors",
});

function tokenFor(hub: Hub, given: (name: string) => string): Record<string, string | number> {
  const app = hub.apps.find(({ clientId }) => clientId === given("client_id"));
  if (app?.clientSecret !== given("client_secret"))
    return refused("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.");
  const code = hub.signIns.codes.get(given("code"));
  hub.signIns.codes.delete(given("code"));
  const challenge = createHash("sha256").update(given("code_verifier")).digest("base64url");
  const isGood = code?.app === app && code.expiresAtMs > hub.clock.now();
  if (!isGood || (code.challenge !== null && code.challenge !== challenge))
    return refused("bad_verification_code", "The code passed is incorrect or expired.");
  if (given("redirect_uri") !== "" && given("redirect_uri") !== code.redirectUri)
    return refused(MISMATCH.error, MISMATCH.error_description);
  const token = `ghu_${randomBytes(27).toString("base64url").replaceAll(/[-_]/g, "0")}`;
  const expiresAtMs = hub.clock.now() + TOKEN_LASTS_S * 1000;
  hub.tokens.set(token, { is: "user", account: code.account, app, expiresAtMs });
  const refresh = `ghr_${randomBytes(57).toString("base64url").replaceAll(/[-_]/g, "0")}`;
  const lasts = { expires_in: TOKEN_LASTS_S, refresh_token_expires_in: REFRESH_LASTS_S };
  return { access_token: token, refresh_token: refresh, ...lasts, scope: "", token_type: "bearer" };
}

function to(address: string, query: Record<string, string>): SignInReply {
  return { status: 302, headers: { location: `${address}?${new URLSearchParams(query)}` }, body: "" };
}

const page = (status: number, body: string): SignInReply => ({
  status,
  headers: { "content-type": "text/html; charset=utf-8" },
  body,
});
