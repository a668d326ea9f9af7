/**
 * An app that several workspaces install: who asks for consent, the code that comes of it, and the tokens that Slack gives for the code.
 * With token rotation they end after twelve hours, and a refresh token works once. After docs.slack.dev/authentication/installing-with-oauth
 * and /using-token-rotation.
 */
import type { ServerResponse } from "node:http";
import { publish } from "./events.ts";
import { numberedId } from "./ids.ts";
import type { Json, Workspace } from "./types.ts";

export interface OAuthOptions {
  clientId?: string;
  clientSecret?: string;
  redirectUrls?: readonly string[];
  /** `token_rotation_enabled` of the manifest. */
  rotates?: boolean;
}

/** What the app was given for one workspace, or for all of an organisation. */
export interface Grant {
  /** `T…` or `E…`. */
  place: string;
  teams: Workspace[];
  token: string;
  refreshToken: string | null;
  expiresAtMs: number | null;
  revoked: boolean;
  scopes: string[];
}

interface Code {
  place: string;
  teams: Workspace[];
  scopes: string[];
  redirectUri: string;
  user: string;
  expiresAtMs: number;
}

/** Shared by all workspaces of one emulator. */
export interface Distribution {
  clientId: string;
  clientSecret: string;
  redirectUrls: readonly string[];
  rotates: boolean;
  workspaces: Workspace[];
  codes: Map<string, Code>;
  grants: Grant[];
}

export const tokenLivesMs = 12 * 60 * 60_000;
const codeLivesMs = 10 * 60_000;

export function createDistribution(options: OAuthOptions = {}): Distribution {
  return {
    clientId: options.clientId ?? "1111.2222",
    clientSecret: options.clientSecret ?? "emulated-client-secret",
    redirectUrls: options.redirectUrls ?? [],
    rotates: options.rotates ?? false,
    workspaces: [],
    codes: new Map(),
    grants: [],
  };
}

/** The page on which somebody chooses a workspace. They answer with a form: `place`, `user`, and `answer=allow` or `deny`. */
export function consent(all: Distribution, address: URL, form: URLSearchParams | null, response: ServerResponse): void {
  const asked = address.searchParams;
  const redirectUri = asked.get("redirect_uri") ?? all.redirectUrls[0] ?? "";
  const wrong = wrongIn(all, asked, redirectUri);
  if (wrong || !form) {
    const page = wrong ? `Something went wrong: ${wrong}` : "Which workspace?";
    response.writeHead(200, { "content-type": "text/html" }).end(`<html><body>${page}</body></html>`);
    return;
  }
  const back = new URL(redirectUri);
  const state = asked.get("state");
  if (form.get("answer") === "allow") back.searchParams.set("code", newCode(all, asked, form, redirectUri));
  else back.searchParams.set("error", "access_denied");
  if (state !== null) back.searchParams.set("state", state);
  response.writeHead(302, { location: back.href }).end();
}

function wrongIn(all: Distribution, asked: URLSearchParams, redirectUri: string): string | null {
  if (asked.get("client_id") !== all.clientId) return "invalid_client_id";
  if (!all.redirectUrls.some((known) => redirectUri.startsWith(known))) return "bad_redirect_uri";
  return asked.get("scope") ? null : "no scopes requested";
}

function newCode(all: Distribution, asked: URLSearchParams, form: URLSearchParams, redirectUri: string): string {
  const place = form.get("place") ?? "";
  const teams = all.workspaces.filter(({ team, enterprise }) => team.id === place || enterprise?.id === place);
  const [first] = teams;
  if (!first) throw new Error(`there is no workspace and no organisation ${place}`);
  const code = `${numberedId(first, "code.")}.${place}`;
  const scopes = (asked.get("scope") ?? "").split(",");
  const expiresAtMs = first.clock.now() + codeLivesMs;
  all.codes.set(code, { place, teams, scopes, redirectUri, user: form.get("user") ?? "", expiresAtMs });
  return code;
}

/** Null when it is not, or no more, to be had for that. */
export function granted(
  all: Distribution,
  code: string,
  redirectUri: string | undefined,
): Json | "bad_redirect_uri" | null {
  const known = all.codes.get(code);
  const [first] = known?.teams ?? [];
  if (!known || !first || first.clock.now() > known.expiresAtMs) return null;
  if (redirectUri !== undefined && redirectUri !== known.redirectUri) return "bad_redirect_uri";
  all.codes.delete(code);
  for (const { app } of known.teams) {
    app.revoked = false;
    app.orgWide = known.place.startsWith("E");
    app.scopes = new Set(known.scopes);
  }
  const { place, teams, scopes } = known;
  return answer(newGrant(all, { place, teams, scopes }), known.user);
}

/** A refresh token gives one new pair; the access token of before lives to its end. */
export function refreshed(all: Distribution, refreshToken: string): Json | null {
  const old = all.grants.find((grant) => grant.refreshToken === refreshToken && !grant.revoked);
  if (!old) return null;
  old.refreshToken = null;
  const { place, teams, scopes } = old;
  return answer(newGrant(all, { place, teams, scopes }), undefined);
}

function newGrant(all: Distribution, from: Pick<Grant, "place" | "teams" | "scopes">): Grant {
  const [first] = from.teams;
  if (!first) throw new Error("a grant for nobody");
  const kind = all.rotates ? "xoxe.xoxb" : "xoxb";
  const grant: Grant = {
    ...from,
    token: `${kind}-${from.place}-${numberedId(first, "token")}`,
    refreshToken: all.rotates ? `xoxe-1-${from.place}-${numberedId(first, "refresh")}` : null,
    expiresAtMs: all.rotates ? first.clock.now() + tokenLivesMs : null,
    revoked: false,
  };
  all.grants.push(grant);
  return grant;
}

function answer(grant: Grant, user: string | undefined): Json {
  const [first] = grant.teams;
  const { app, team, enterprise } = first ?? {};
  const isOrg = grant.place.startsWith("E");
  return {
    access_token: grant.token,
    token_type: "bot",
    scope: grant.scopes.join(","),
    bot_user_id: app?.botUserId,
    app_id: app?.id,
    team: isOrg ? null : { id: team?.id, name: team?.name },
    enterprise: enterprise ?? null,
    is_enterprise_install: isOrg,
    ...(user === undefined ? {} : { authed_user: { id: user } }),
    ...(grant.refreshToken ? { refresh_token: grant.refreshToken, expires_in: tokenLivesMs / 1_000 } : {}),
  };
}

/** The workspace that a call is about: an organisation's token serves many, and the call names a channel or a person. */
export function workspaceOf(primary: Workspace, token: string | undefined, args: Json): Workspace {
  const grant = grantOf(primary, token);
  const [first = primary] = grant?.teams ?? [];
  const channel = String(args.channel ?? args.channel_id ?? "");
  const person = String(args.user ?? args.users ?? args.user_id ?? "");
  const trigger = String(args.trigger_id ?? "");
  const here = (ws: Workspace): boolean =>
    ws.channels.has(channel) || ws.triggers.has(trigger) || (channel === "" && ws.people.has(person));
  return grant?.teams.find(here) ?? first;
}

export const grantOf = ({ distribution }: Workspace, token: string | undefined): Grant | undefined =>
  distribution.grants.find((grant) => grant.token === token);

/** Slack's word for why a token is of no use, or null. */
export function whyNot(grant: Grant): string | null {
  if (grant.revoked) return "token_revoked";
  const [first] = grant.teams;
  return grant.expiresAtMs !== null && (first?.clock.now() ?? 0) >= grant.expiresAtMs ? "token_expired" : null;
}

/** Its last token is gone, or somebody took the app from the list. Slack tells the app so, twice. */
export function uninstall(ws: Workspace, place: string): void {
  const grants = ws.distribution.grants.filter((grant) => grant.place === place && !grant.revoked);
  const teams = grants[0]?.teams ?? [ws];
  for (const grant of grants) grant.revoked = true;
  for (const { app } of teams) app.revoked = true;
  const [first = ws] = teams;
  const tokens = { oauth: [], bot: [first.app.botUserId] };
  publish(first, { subscription: "tokens_revoked", event: { type: "tokens_revoked", tokens } });
  publish(first, { subscription: "app_uninstalled", event: { type: "app_uninstalled" } });
}
