/**
 * Who may do what. Tokens of the bot are signed with its private key and name one sandbox; the sandbox holds the public half,
 * so nothing that an agent can read there makes a token. A shared secret works too, for people who start the daemon by hand.
 */
import { errors, importJWK, type JWTPayload, jwtVerify } from "jose";
import { type Scope, TokenClaims } from "../wire/routes.ts";
import type { DaemonClock } from "./clock.ts";
import type { AuthConfig } from "./config.ts";
import { DaemonProblem } from "./problem.ts";

export interface Authenticator {
  /** Throws a `DaemonProblem` unless the request may do it. `expiresAt` (null: never) is when even an open stream has to end. */
  check(headers: Headers, needed: Scope): Promise<{ expiresAt: number | null }>;
}

const BEARER = /^Bearer ([\w.~+/=-]+)$/i;

export function createAuthenticator(auth: AuthConfig, name: string, clock: DaemonClock): Authenticator {
  const key = auth.is === "on" && auth.publicKey ? importJWK(auth.publicKey, "EdDSA") : null;
  const secret = auth.is === "on" && auth.secret ? new TextEncoder().encode(auth.secret) : null;

  return {
    async check(headers, needed) {
      if (needed === "open") return { expiresAt: null };
      if (auth.is === "off") return refuseBrowsers(headers);
      const token = BEARER.exec(headers.get("authorization") ?? "")?.[1];
      if (!token) throw new DaemonProblem("unauthorized", "Send the header: authorization: Bearer <token>.");
      const { scope, exp } = await readClaims(token);
      if (needed === "control" && scope !== "control") {
        throw new DaemonProblem("forbidden", `This needs a token of scope control; yours has ${scope}.`);
      }
      return { expiresAt: exp * 1000 };
    },
  };

  async function readClaims(token: string): Promise<TokenClaims> {
    const now = { currentDate: new Date(clock.now()) };
    try {
      return TokenClaims.parse(await verify(token, now));
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw new DaemonProblem("unauthorized", "The token has expired.");
      if (error instanceof errors.JWTClaimValidationFailed && error.claim === "aud") {
        throw new DaemonProblem("unauthorized", "The token is for another sandbox.");
      }
      throw new DaemonProblem("unauthorized", "The token is not valid here.");
    }
  }

  /** The algorithm is ours to choose, never the token's: each key verifies its own kind of signature and nothing else. */
  async function verify(token: string, now: { currentDate: Date }): Promise<JWTPayload> {
    if (key && (!secret || !isHs256(token))) {
      return (await jwtVerify(token, await key, { algorithms: ["EdDSA", "Ed25519"], audience: name, ...now })).payload;
    }
    if (!secret) throw new DaemonProblem("unauthorized", "The daemon has no key.");
    return (await jwtVerify(token, secret, { algorithms: ["HS256"], ...now })).payload;
  }
}

/** Only decides which of two keys to try when both are set; the signature is checked either way. */
function isHs256(token: string): boolean {
  const header = Buffer.from(token.split(".")[0] ?? "", "base64url").toString();
  return header.includes('"HS256"');
}

/**
 * Without tokens the loopback address is the only guard, and a web page in a browser on the same machine gets past that:
 * by a form or fetch (which name their Origin), or by a host name that it points at 127.0.0.1.
 */
function refuseBrowsers(headers: Headers): { expiresAt: null } {
  const host = (headers.get("host") ?? "").replace(/:\d+$/, "");
  if (headers.has("origin") || !["127.0.0.1", "localhost", "[::1]"].includes(host)) {
    throw new DaemonProblem("forbidden", "Without tokens, only programs on this machine may ask.");
  }
  return { expiresAt: null };
}
