/** Who may call: account tokens, the short-lived JWTs made from them, and those for one sandbox's command router. */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { Refusal } from "./refusal.ts";

export interface AccountToken {
  id: string;
  secret: string;
}

export interface Credentials {
  /** Answers AuthTokenGet. */
  authToken(id: string | undefined, secret: string | undefined): string;
  checkAuthToken(jwt: string | undefined): void;
  routerToken(taskId: string): string;
  /** Whose task the caller may speak for. */
  routerTask(authorization: string | undefined): string;
}

/** The SDK renews them at half of their life, by the wall clock, so they are made and checked by that. */
const LIFETIME_SECONDS = 20 * 60;

export function createCredentials(tokens: AccountToken[]): Credentials {
  const key = randomBytes(32);
  const sign = (claims: Record<string, string>): string => {
    const exp = Math.floor(Date.now() / 1000) + LIFETIME_SECONDS;
    const body = `${base64({ alg: "HS256", typ: "JWT" })}.${base64({ ...claims, exp })}`;
    return `${body}.${signatureOf(key, body)}`;
  };
  const verify = (jwt: string | undefined, purpose: string): string => {
    const [head, claims, signature] = (jwt ?? "").split(".");
    if (!head || !claims || !signature || !same(signature, signatureOf(key, `${head}.${claims}`)))
      throw new Refusal("UNAUTHENTICATED", "Invalid token");
    const { sub, aud, exp } = JSON.parse(Buffer.from(claims, "base64url").toString("utf8"));
    if (aud !== purpose) throw new Refusal("UNAUTHENTICATED", "Token is for something else");
    if (exp * 1000 <= Date.now()) throw new Refusal("UNAUTHENTICATED", "Token has expired");
    return sub;
  };
  return {
    authToken(id, secret) {
      const token = tokens.find((one) => one.id === id && one.secret === secret);
      if (!token) throw new Refusal("UNAUTHENTICATED", "Token missing or incorrect. Could not authenticate client.");
      return sign({ sub: token.id, aud: "control" });
    },
    checkAuthToken: (jwt) => void verify(jwt, "control"),
    routerToken: (taskId) => sign({ sub: taskId, aud: "router" }),
    routerTask: (authorization) => verify(authorization?.replace(/^Bearer /, ""), "router"),
  };
}

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

const signatureOf = (key: Buffer, body: string): string => createHmac("sha256", key).update(body).digest("base64url");

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
