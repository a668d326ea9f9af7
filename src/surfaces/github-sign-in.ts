/**
 * Whose account on GitHub somebody signs in to. The token that GitHub gives for that is asked one question and handed back at once: what
 * somebody may do is asked with the App's own token, each time, so nothing of theirs has to be kept.
 */
import { OAuthApp, Octokit } from "octokit";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { GitHubAccount } from "../core/identity.ts";
import { ThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import { fetchWithTimeout } from "./github-access.ts";
import { githubFailure } from "./github-failure.ts";

export interface GitHubSignInOptions {
  clientId: string;
  clientSecret: string;
  /** Of the REST API. */
  apiUrl: string;
  /** Of the web pages. */
  url: string;
  clock: Clock;
  log: Log;
}

interface Given {
  code: string;
  /** What the challenge was made of that GitHub was shown (PKCE). */
  verifier: string;
  redirectUrl: string;
}

/** GitHub answers a code that is none with a status of 200. */
const Exchanged = z.union([z.object({ access_token: z.string() }), z.object({ error: z.string() })]);
const Account = z.object({ id: z.number(), login: z.string() });

export function githubSignIn(options: GitHubSignInOptions) {
  const { clientId, clientSecret, clock, log } = options;
  const origin = new URL(options.url).origin;
  const Plain = Octokit.defaults({
    baseUrl: options.apiUrl.replace(/\/+$/, ""),
    userAgent: "threadbox",
    request: { fetch: fetchWithTimeout },
    retry: { enabled: false },
    throttle: { enabled: false },
  });
  // As it is typed here it knows OAuth Apps only. Without scopes a GitHub App is asked for in the same words.
  const app = new OAuthApp({ clientId, clientSecret, Octokit: Plain });

  /** The library's own exchange knows no PKCE. */
  async function tokenFor({ code, verifier, redirectUrl }: Given): Promise<string> {
    const { data } = await app.octokit.request("POST /login/oauth/access_token", {
      baseUrl: options.url.replace(/\/+$/, ""),
      headers: { accept: "application/json" },
      ...{ client_id: clientId, client_secret: clientSecret, code, redirect_uri: redirectUrl, code_verifier: verifier },
    });
    const exchanged = Exchanged.parse(data);
    if ("access_token" in exchanged) return exchanged.access_token;
    throw new ThreadboxError("surface.refused", `GitHub does not take the sign-in (${exchanged.error})`);
  }

  return {
    origin,
    authorizeUrl({ state, challenge, redirectUrl }: { state: string; challenge: string; redirectUrl: string }): string {
      const url = new URL(app.getWebFlowAuthorizationUrl({ state, redirectUrl, allowSignup: false }).url);
      url.searchParams.set("code_challenge", challenge);
      url.searchParams.set("code_challenge_method", "S256");
      return url.href;
    },
    async account(given: Given): Promise<GitHubAccount> {
      try {
        const token = await tokenFor(given);
        try {
          const { id, login } = Account.parse((await new Plain({ auth: token }).rest.users.getAuthenticated()).data);
          return { id, login };
        } finally {
          await app.deleteToken({ token }).catch((thrown: unknown) => {
            const { code, detail } = githubFailure(thrown, "hand a token back", clock);
            log.warn({ code, detail }, "github.token-not-revoked");
          });
        }
      } catch (thrown) {
        throw githubFailure(thrown, "ask who signs in", clock);
      }
    },
  };
}
