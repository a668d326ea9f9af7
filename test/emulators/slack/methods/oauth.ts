/** `oauth.v2.access`, `auth.revoke`, `apps.uninstall`: how an app comes by its tokens, and how they end. */
import { granted, refreshed, uninstall } from "../oauth.ts";
import type { Json, Workspace } from "../types.ts";
import * as given from "./method.ts";
import { type Call, type Methods, refuse } from "./method.ts";

export const oauthMethods: Methods = {
  "oauth.v2.access": { token: "none", tier: "special", run: access },
  "auth.revoke": { token: "bot", tier: 3, run: revoke },
  "apps.uninstall": { token: "bot", tier: 1, run: uninstallApp },
};

function access(call: Call): Json {
  const all = call.ws.distribution;
  checkClient(call);
  const grantType = given.textArg(call, "grant_type") ?? "authorization_code";
  if (grantType === "refresh_token")
    return refreshed(all, given.textArg(call, "refresh_token") ?? "") ?? refuse("invalid_refresh_token");
  if (grantType !== "authorization_code") refuse("invalid_grant_type");
  const answer = granted(all, given.textArg(call, "code") ?? "", given.textArg(call, "redirect_uri"));
  if (answer === "bad_redirect_uri") return refuse("bad_redirect_uri");
  return answer ?? refuse("invalid_code");
}

function checkClient(call: Call): void {
  const all = call.ws.distribution;
  if (given.textArg(call, "client_id") !== all.clientId) refuse("invalid_client_id");
  if (given.textArg(call, "client_secret") !== all.clientSecret) refuse("bad_client_secret");
}

function revoke(call: Call): Json {
  if (given.flagArg(call, "test")) return { revoked: false };
  uninstall(call.ws, placeOf(call.ws));
  return { revoked: true };
}

function uninstallApp(call: Call): Json {
  checkClient(call);
  uninstall(call.ws, placeOf(call.ws));
  return {};
}

/** What this token was given for. */
const placeOf = (ws: Workspace): string => (ws.app.orgWide && ws.enterprise ? ws.enterprise.id : ws.team.id);
