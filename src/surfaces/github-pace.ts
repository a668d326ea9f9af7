/**
 * GitHub's secondary limits, for each installation or token
 * (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api and .../best-practices-for-using-the-rest-api):
 * a second between requests that change something, about 80 requests a minute and 500 an hour that create content. Edits of
 * comments are counted as such, because GitHub does not say that they are not. Three seconds between what notifies people is
 * octokit's own caution (plugin-throttling). GitHub counts strictly and may shut out who goes on, so each limit is cut into
 * windows of which any that fall into a minute or an hour together stay below it.
 */
import type { Gate, Limit } from "./pace.ts";

const CHANGES: Limit = { places: 1, inSeconds: 1, reserve: 0 };
const NOTIFIES: Limit = { places: 1, inSeconds: 3, reserve: 0 };
/** 64 a minute; five windows that touch one minute are 80. */
const CONTENT_IN_A_MINUTE: Limit = { places: 16, inSeconds: 15, reserve: 8 };
/** 426 an hour; seven windows that touch one hour are 497. Shorter ones would waste less and let fewer answers pass together. */
const CONTENT_IN_AN_HOUR: Limit = { places: 71, inSeconds: 600, reserve: 35 };

/** Comments, reviews, pull requests and issues. Reactions, labels and checks change something and create no content. */
const IS_CONTENT = /\/(?:comments|replies|reviews|pulls|issues)(?:\/\{\w+\})?$/;

/** What a request has to pass; null for those that are about tokens and the App itself. `path` is octokit's template. */
export function githubGate(installation: string, method: string, path: string): Gate | null {
  if (path.startsWith("/app/") || path === "/app") return null;
  if (method === "GET" || method === "HEAD") return { name: installation, line: `${installation} reads`, limits: [] };
  const isContent = (method === "POST" || method === "PATCH") && IS_CONTENT.test(path);
  const limits: [Limit, string][] = [[CHANGES, installation]];
  if (isContent && method === "POST") limits.push([NOTIFIES, installation]);
  if (isContent) limits.push([CONTENT_IN_A_MINUTE, installation], [CONTENT_IN_AN_HOUR, installation]);
  return { name: installation, limits };
}
