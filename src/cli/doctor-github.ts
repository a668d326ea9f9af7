/** GitHub, with the very credentials that the bot would use. */
import { systemClock } from "../clock.ts";
import type { GitHubConfig } from "../config.ts";
import { toThreadboxError } from "../errors.ts";
import { type GitHubAccess, githubAccess } from "../surfaces/github-access.ts";
import { clockAheadOf, lookAtApp, scopesOf } from "../surfaces/github-app-look.ts";
import { type Finding, fail, ok, tried, warn } from "./doctor-finding.ts";
import { ofApp, ofClock } from "./doctor-github-app.ts";
import type { Checked } from "./doctor-settings.ts";

export async function checkGitHub({ config, team, log }: Checked): Promise<Finding[]> {
  const { github, publicUrl } = config;
  if (!github) return [ok("GitHub", "not set up: `threadbox github create-app` makes an App")];
  const { auth, apiUrl, url } = github;
  const ask = async (): Promise<Finding[]> => {
    const access = githubAccess({ credentials: auth, apiUrl, url, log, clock: systemClock });
    const who = await ofSelf(access, github);
    if ("token" in auth) return [who, ...(await ofToken(auth.token, apiUrl))];
    const app = await lookAtApp({ credentials: auth, apiUrl, url, clock: systemClock });
    return [
      who,
      ...ofApp(app, { publicUrl, workflows: team?.github.workflows ?? false }),
      ...(await ofDeliveries(access, app.htmlUrl)),
    ];
  };
  return tried("GitHub", "Check the network, and GITHUB_API_URL if you set it.", async () => {
    try {
      return await ask();
    } catch (thrown) {
      const error = toThreadboxError(thrown);
      if ("token" in auth || !/^surface\.(?:unauthorized|thread-gone)$/.test(error.code)) throw thrown;
      return [fail("GitHub", error.detail, OF_KEY), ...(await ofRefused(apiUrl))];
    }
  });
}

const OF_KEY = "GITHUB_APP_ID and GITHUB_PRIVATE_KEY have to be of the same App; replace them in .env.";

/** A JWT is refused for a wrong clock in the same way as for a wrong key. */
async function ofRefused(apiUrl: string): Promise<Finding[]> {
  const aheadMs = await clockAheadOf({ apiUrl, clock: systemClock });
  return aheadMs === null ? [] : ofClock(aheadMs);
}

async function ofSelf(access: GitHubAccess, { webhookSecret }: GitHubConfig): Promise<Finding> {
  const { login } = await access.self();
  if (webhookSecret) return ok("GitHub", `as ${login}`);
  const remedy = "Set GITHUB_WEBHOOK_SECRET to hear what is said in issues and pull requests.";
  return warn("GitHub", `as ${login}, for git and pull requests only`, remedy);
}

/** `repo` alone is enough. Of a fine-grained token GitHub says nothing; the repositories below are read with it. */
async function ofToken(token: string, apiUrl: string): Promise<Finding[]> {
  const what = "GitHub scopes";
  const scopes = await scopesOf({ apiUrl, clock: systemClock, token });
  if (scopes === null)
    return [warn(what, "GitHub does not say what a fine-grained token may.", "docs/github.md has what it needs.")];
  if (!scopes.includes("repo") && !scopes.includes("public_repo"))
    return [fail(what, "The token lacks repo: it can neither push nor comment.", "Make one with the scope repo.")];
  const more = scopes.filter((scope) => scope !== "repo" && scope !== "public_repo");
  if (more.length === 0) return [ok(what, scopes.join(", "))];
  const detail = `The token may more than is needed: ${more.join(", ")}. The sandbox gets it as it is.`;
  return [warn(what, detail, "Make one with the scope repo alone, or use a GitHub App.")];
}

const LOOKED_BACK_MS = 24 * 3_600_000;

/** Those that no later attempt brought through. */
async function ofDeliveries({ deliveries }: GitHubAccess, page: string): Promise<Finding[]> {
  if (!deliveries) return [];
  const what = "GitHub deliveries";
  const { attempts } = await deliveries.list(systemClock.now() - LOOKED_BACK_MS);
  const arrived = new Set(attempts.filter((one) => one.arrived).map(({ guid }) => guid));
  const lost = attempts.filter(({ guid }) => !arrived.has(guid));
  const count = new Set(lost.map(({ guid }) => guid)).size;
  const all = new Set(attempts.map(({ guid }) => guid)).size;
  if (count === 0) return [ok(what, all === 0 ? "none in the last day" : `all ${all} of the last day arrived`)];
  const last = lost[0];
  const detail = `${count} of ${all} of the last day did not arrive; the last one was ${last?.event} at ${new Date(last?.at ?? 0).toISOString()}.`;
  return [warn(what, detail, `The bot fetches them when it runs. ${page}/advanced shows what came back.`)];
}
