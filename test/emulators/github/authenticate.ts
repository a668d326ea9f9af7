/** From an `Authorization` header to an actor: an app's JWT, an installation's token or a person's. */
import { compactVerify, decodeJwt, importSPKI } from "jose";
import { type Actor, actorOfToken } from "./access.ts";
import type { Hub } from "./hub.ts";
import { ApiProblem, badCredentials } from "./problem.ts";
import type { App } from "./state.ts";

const MAX_LIFETIME_S = 600;
/** How far the other side's clock may run ahead. */
const SKEW_S = 60;

export async function authenticate(hub: Hub, header: string | undefined): Promise<Actor> {
  if (!header) return { is: "anonymous" };
  const [scheme = "", secret = ""] = header.split(/ +/, 2);
  if (scheme.toLowerCase() === "basic") return basicActor(hub, secret);
  if (!/^(bearer|token)$/i.test(scheme)) throw badCredentials();
  // A stateless installation token has dots too; only a bare JWT starts with the base64 of `{"`.
  if (secret.startsWith("eyJ") && secret.split(".").length === 3) {
    return { is: "app", app: await appOfJwt(hub, secret) };
  }
  const actor = actorOfToken(hub, secret);
  if (!actor) throw badCredentials();
  return actor;
}

/** Git and old clients send the token as the password; the user name may be anything. */
export function basicActor(hub: Hub, encoded: string): Actor {
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const [user, password] = [text.slice(0, text.indexOf(":")), text.slice(text.indexOf(":") + 1)];
  const app = hub.apps.find(({ clientId, clientSecret }) => clientId === user && clientSecret === password);
  if (app) return { is: "client", app };
  const actor = actorOfToken(hub, password);
  if (!actor) throw badCredentials();
  return actor;
}

const refused = (message: string) => new ApiProblem(401, message);
const undecodable = () => refused("A JSON web token could not be decoded");

async function appOfJwt(hub: Hub, jwt: string): Promise<App> {
  const issuer = issuerOf(jwt);
  const app = hub.apps.find((one) => String(one.id) === issuer || one.clientId === issuer);
  // Without the issuer's key the signature cannot be held against anything.
  if (!app) throw new ApiProblem(404, "Integration not found");
  const key = await importSPKI(app.publicKeyPem, "RS256");
  await compactVerify(jwt, key, { algorithms: ["RS256"] }).catch(() => {
    throw undecodable();
  });
  const { iat, exp } = decodeJwt(jwt);
  checkTimes(iat, exp, Math.floor(hub.jwtNow() / 1000));
  return app;
}

function issuerOf(jwt: string): string {
  try {
    return String(decodeJwt(jwt).iss);
  } catch {
    throw undecodable();
  }
}

/** The three sentences are literal: octokit's auth-app reads them to find out that its clock is wrong. */
function checkTimes(iat: number | undefined, exp: number | undefined, nowS: number): void {
  if (iat === undefined || iat > nowS + SKEW_S) {
    throw refused("'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued");
  }
  if (exp === undefined || exp <= nowS) {
    throw refused(
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    );
  }
  if (exp > nowS + MAX_LIFETIME_S + SKEW_S) throw refused("'Expiration time' claim ('exp') is too far in the future");
}
