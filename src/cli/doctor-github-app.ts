/** What an App has of what it needs, from what GitHub says of it. Pure: a table of tests holds it. */
import { GITHUB_EVENTS, GITHUB_PERMISSIONS, type GitHubPermission } from "../surfaces/github-app.ts";
import type { AppLook, Permissions } from "../surfaces/github-app-look.ts";
import { BETTER_WITHOUT, WITHOUT_EVENT, WITHOUT_PERMISSION } from "../surfaces/github-app-reasons.ts";
import { webhookUrl } from "../surfaces/github-manifest.ts";
import { type Finding, fail, ok, warn } from "./doctor-finding.ts";

/** Octokit mends up to a point what a wrong clock does to its JWTs; GitHub's own tolerance is a minute. */
const SKEW_MS = 30_000;

export interface AppWish {
  publicUrl: string | null;
  /** Whether threadbox.yml lets turns change them, for which nobody asks but whoever wrote that. */
  workflows: boolean;
}

/** In the order in which a person mends them. */
export function ofApp(app: AppLook, { publicUrl, workflows }: AppWish): Finding[] {
  const wanted = workflows ? [...GITHUB_PERMISSIONS, WORKFLOWS] : GITHUB_PERMISSIONS;
  return [
    ...ofClock(app.aheadMs),
    ...ofPermissions(app, wanted),
    ...ofEvents(app),
    ...ofHook(app, publicUrl),
    ...ofInstallations(app, wanted),
  ];
}

const WORKFLOWS: GitHubPermission = { name: "workflows", title: "Workflows", access: "write" };

export function ofClock(aheadMs: number): Finding[] {
  if (Math.abs(aheadMs) <= SKEW_MS) return [];
  const detail = `This machine's clock is ${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? "ahead of" : "behind"} GitHub's.`;
  return [warn("GitHub clock", detail, "Keep it in time (NTP): GitHub refuses an App whose clock is a minute off.")];
}

function ofPermissions({ permissions, htmlUrl }: AppLook, wanted: readonly GitHubPermission[]): Finding[] {
  const what = "GitHub permissions";
  const page = `${htmlUrl}/permissions`;
  const missing = lacking(permissions, wanted).map(({ name, title, access, has }) => {
    const reason = `Without it ${WITHOUT_PERMISSION[name] ?? "some of it does not work"}.`;
    const detail = `The App lacks ${title} (${access}${has ? `; it has ${has}` : ""}). ${reason}`;
    return fail(what, detail, `Change it at ${page}; each owner has to accept it then.`);
  });
  const asked = new Map(wanted.map(({ name, access }) => [name, access]));
  const more = Object.entries(permissions)
    .filter(([name, access]) => rank(access) > rank(asked.get(name) ?? ""))
    .map(([name, access]) => {
      const why = BETTER_WITHOUT[name] ?? "nothing that the bot does needs it";
      return warn(what, `The App has ${name} (${access}), which is too much: ${why}.`, `Take it away at ${page}.`);
    });
  const found = [...missing, ...more];
  return found.length > 0 ? found : [ok(what, "all that is needed, and no more")];
}

const RANKS = ["", "read", "write", "admin"];
const rank = (access: string | undefined): number => RANKS.indexOf(access ?? "");

const lacking = (permissions: Permissions, wanted: readonly GitHubPermission[]) =>
  wanted
    .filter(({ name, access }) => rank(permissions[name]) < rank(access))
    .map((one) => ({
      ...one,
      has: permissions[one.name],
    }));

function ofEvents({ events, htmlUrl }: AppLook): Finding[] {
  const what = "GitHub events";
  const missing = GITHUB_EVENTS.filter((event) => !events.includes(event));
  if (missing.length === 0) return [ok(what, "all that are needed")];
  const remedy = `Subscribe to it at ${htmlUrl}/permissions.`;
  return missing.map((event) =>
    fail(what, `The App is not told of ${event}: ${WITHOUT_EVENT[event] ?? "some of it does not work"}.`, remedy),
  );
}

function ofHook({ hook, htmlUrl }: AppLook, publicUrl: string | null): Finding[] {
  const what = "GitHub webhook";
  const found: Finding[] = [];
  const wanted = publicUrl ? webhookUrl(publicUrl) : null;
  if (hook.url === "")
    found.push(
      fail(
        what,
        "The App has none, so GitHub tells nothing.",
        `Set it at ${htmlUrl}: ${wanted ?? "https://<your host>/github/webhooks"}`,
      ),
    );
  else if (wanted && hook.url !== wanted)
    found.push(
      fail(what, `It goes to ${hook.url}, and this bot is at ${wanted}.`, `Change it at ${htmlUrl}, or PUBLIC_URL.`),
    );
  else if (!wanted && !hook.url.endsWith("/github/webhooks"))
    found.push(warn(what, `It goes to ${hook.url}; the bot listens at /github/webhooks.`, `Change it at ${htmlUrl}.`));
  if (!hook.isSecure)
    found.push(
      warn(
        what,
        "GitHub does not check the certificate of this bot, so others can read along.",
        `Enable SSL verification at ${htmlUrl}.`,
      ),
    );
  return found.length > 0 ? found : [ok(what, hook.url)];
}

function ofInstallations({ installations, slug, htmlUrl }: AppLook, wanted: readonly GitHubPermission[]): Finding[] {
  const what = "GitHub installations";
  if (installations.length === 0)
    return [
      warn(what, `${slug} is installed nowhere, so it works on nothing.`, `Install it: ${htmlUrl}/installations`),
    ];
  return installations.map((one) => {
    const named = `GitHub at ${one.account}`;
    if (one.suspended)
      return fail(named, "The installation is suspended.", `Its owner lets it on again at ${one.htmlUrl}`);
    const missing = lacking(one.permissions, wanted);
    if (missing.length === 0) return ok(named, "installed, with all that is needed");
    const list = missing.map(({ name, access }) => `${name} (${access})`).join(", ");
    return fail(named, `Its owner has not accepted ${list}.`, `They accept it at ${one.htmlUrl}/permissions/update`);
  });
}
