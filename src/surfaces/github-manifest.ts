/**
 * A GitHub App that GitHub makes from a manifest: what ours says, where it is handed over, and what GitHub gives for the code that it
 * sends back. See "Registering a GitHub App from a manifest" in GitHub's documentation.
 */
import { Octokit, RequestError } from "octokit";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Ms } from "../core/types.ts";
import { ThreadboxError } from "../errors.ts";
import { fetchWithTimeout } from "./github-access.ts";
import { GITHUB_EVENTS, GITHUB_PERMISSIONS } from "./github-app.ts";
import { githubFailure } from "./github-failure.ts";

/** All of it, from the form to the exchange of the code, has to be done in an hour. */
export const MANIFEST_LASTS_MS: Ms = 60 * 60_000;
/** GitHub's own limit for the name of an App. */
export const MAX_APP_NAME_CHARS = 34;

export interface ManifestWish {
  name: string;
  /** Where GitHub reaches the bot; no slash at the end. */
  publicUrl: string;
  /** Where GitHub sends the browser with the code. */
  redirectUrl: string;
}

/** Not public: whoever can install it would let the bot in. Nobody is asked to sign in when they install it: people connect by themselves. */
export function githubManifest({ name, publicUrl, redirectUrl }: ManifestWish) {
  return {
    name,
    url: publicUrl,
    public: false,
    redirect_url: redirectUrl,
    callback_urls: [`${publicUrl}/connect/github/callback`],
    request_oauth_on_install: false,
    hook_attributes: { url: webhookUrl(publicUrl), active: true },
    default_permissions: Object.fromEntries(GITHUB_PERMISSIONS.map(({ name, access }) => [name, access])),
    default_events: [...GITHUB_EVENTS],
  };
}

export const webhookUrl = (publicUrl: string): string => `${publicUrl}/github/webhooks`;

/** Where a form with the manifest is sent to; `organisation` is null for an App of the person's own account. */
export function newAppUrl(githubUrl: string, organisation: string | null, state: string): string {
  const owner = organisation === null ? "" : `/organizations/${encodeURIComponent(organisation)}`;
  return `${githubUrl.replace(/\/+$/, "")}${owner}/settings/apps/new?${new URLSearchParams({ state })}`;
}

/** What GitHub tells once, and never again. */
export interface MadeApp {
  id: number;
  slug: string;
  name: string;
  htmlUrl: string;
  owner: string;
  privateKey: string;
  webhookSecret: string;
  clientId: string;
  clientSecret: string;
}

const Made = z.object({
  id: z.number(),
  slug: z.string().min(1),
  name: z.string(),
  html_url: z.url(),
  owner: z.object({ login: z.string() }),
  pem: z.string().min(1),
  webhook_secret: z.string().min(1),
  client_id: z.string().min(1),
  client_secret: z.string().min(1),
});

/** Good once, and for an hour. Throws `github.app-not-made` for a code that is neither. */
export async function exchangeManifest(
  { apiUrl, clock }: { apiUrl: string; clock: Clock },
  code: string,
): Promise<MadeApp> {
  const client = new Octokit({
    baseUrl: apiUrl.replace(/\/+$/, ""),
    userAgent: "threadbox",
    request: { fetch: fetchWithTimeout },
    // Whether a code was used by an attempt that failed, nobody can tell.
    retry: { enabled: false },
    throttle: { enabled: false },
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  });
  try {
    const { data } = await client.rest.apps.createFromManifest({ code });
    const { html_url, owner, pem, webhook_secret, client_id, client_secret, ...rest } = Made.parse(data);
    const secrets = {
      privateKey: pem,
      webhookSecret: webhook_secret,
      clientId: client_id,
      clientSecret: client_secret,
    };
    return { ...rest, htmlUrl: html_url, owner: owner.login, ...secrets };
  } catch (thrown) {
    // What was thrown has the address of the request in it, and with that the code: it is no cause that may be logged.
    if (thrown instanceof z.ZodError) throw notMade("GitHub's answer lacks a part of the credentials");
    if (thrown instanceof RequestError && thrown.response && thrown.status < 500)
      throw notMade(`GitHub does not take the code (${thrown.status})`);
    throw githubFailure(thrown, "exchange the code of the manifest", clock);
  }
}

const notMade = (detail: string): ThreadboxError => new ThreadboxError("github.app-not-made", detail);
