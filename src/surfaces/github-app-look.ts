/** What GitHub says of our App itself: what it may, what it is told, where it is installed. For `doctor`, which changes nothing. */
import { createAppAuth } from "@octokit/auth-app";
import { Octokit, RequestError } from "octokit";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Ms } from "../core/types.ts";
import { fetchWithTimeout } from "./github-access.ts";
import { githubFailure } from "./github-failure.ts";

export type Permissions = Record<string, string>;

export interface AppLook {
  slug: string;
  htmlUrl: string;
  permissions: Permissions;
  events: string[];
  hook: { url: string; isSecure: boolean };
  installations: { account: string; htmlUrl: string; permissions: Permissions; suspended: boolean }[];
  /** How far our clock is ahead of GitHub's. */
  aheadMs: Ms;
}

const App = z.object({
  slug: z.string(),
  html_url: z.string(),
  owner: z.object({ login: z.string(), type: z.string().optional() }).nullish(),
  permissions: z.record(z.string(), z.string()),
  events: z.array(z.string()),
});
const HookConfig = z.object({
  url: z.string().nullish(),
  insecure_ssl: z.union([z.string(), z.number()]).nullish(),
});
const Installation = z.object({
  account: z.object({ login: z.string().optional(), slug: z.string().optional() }).nullish(),
  html_url: z.string(),
  permissions: z.record(z.string(), z.string()),
  suspended_at: z.string().nullish(),
});

interface LookOptions {
  credentials: { appId: string; privateKey: string };
  apiUrl: string;
  url: string;
  clock: Clock;
}

/** Throws a ThreadboxError. */
export async function lookAtApp({ credentials, apiUrl, url, clock }: LookOptions): Promise<AppLook> {
  const client = quiet(apiUrl, { authStrategy: createAppAuth, auth: credentials });
  try {
    const answer = await client.rest.apps.getAuthenticated();
    const app = App.parse(answer.data);
    const hook = HookConfig.parse((await client.rest.apps.getWebhookConfigForApp()).data);
    const installations = z
      .array(Installation)
      .parse(await client.paginate(client.rest.apps.listInstallations, { per_page: 100 }));
    return {
      ...{ slug: app.slug, permissions: app.permissions, events: app.events },
      htmlUrl: settingsOf(url, app),
      hook: {
        url: hook.url ?? "",
        isSecure: String(hook.insecure_ssl ?? "0") === "0",
      },
      installations: installations.map(({ account, html_url, permissions, suspended_at }) => ({
        ...{ account: account?.login ?? account?.slug ?? "?", htmlUrl: html_url, permissions },
        suspended: Boolean(suspended_at),
      })),
      aheadMs: ahead(answer.headers.date, clock),
    };
  } catch (thrown) {
    throw githubFailure(thrown, "look at the App", clock);
  }
}

/** Where its owner changes it. */
function settingsOf(url: string, { slug, owner }: z.infer<typeof App>): string {
  const of = owner?.type === "Organization" ? `/organizations/${owner.login}` : "";
  return `${url.replace(/\/+$/, "")}${of}/settings/apps/${slug}`;
}

const ahead = (date: string | undefined, clock: Clock): Ms => {
  const theirs = Date.parse(date ?? "");
  return Number.isNaN(theirs) ? 0 : clock.now() - theirs;
};

/** How far our clock is ahead, asked without a credential: a JWT that is refused for its times says only that it is refused. Null where nobody says. */
export async function clockAheadOf({ apiUrl, clock }: Pick<LookOptions, "apiUrl" | "clock">): Promise<Ms | null> {
  try {
    return ahead((await quiet(apiUrl, {}).request("GET /meta")).headers.date, clock);
  } catch (thrown) {
    const date = thrown instanceof RequestError ? thrown.response?.headers.date : undefined;
    return date ? ahead(date, clock) : null;
  }
}

/** What a classic token may; null for another kind, of which GitHub does not say. */
export async function scopesOf({ apiUrl, clock, token }: { apiUrl: string; clock: Clock; token: string }) {
  try {
    const { headers } = await quiet(apiUrl, { auth: token }).rest.users.getAuthenticated();
    const scopes = headers["x-oauth-scopes"];
    return scopes === undefined ? null : scopes.split(",").flatMap((scope) => scope.trim() || []);
  } catch (thrown) {
    throw githubFailure(thrown, "ask what the token may", clock);
  }
}

const nothing = (): void => {};

const quiet = (apiUrl: string, auth: Record<string, unknown>): Octokit =>
  new Octokit({
    ...auth,
    baseUrl: apiUrl.replace(/\/+$/, ""),
    userAgent: "threadbox",
    request: { fetch: fetchWithTimeout },
    retry: { enabled: false },
    throttle: { enabled: false },
    log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  });
