/** What octokit throws, as one of our codes. Decided by status and headers; GitHub's sentences are only passed on. */
import { RequestError } from "octokit";
import type { Clock } from "../clock.ts";
import { ThreadboxError, toThreadboxError } from "../errors.ts";
import { blankTokens } from "../wire/secrets.ts";

/** `doing` says in a few words what was tried: "comment on acme/api#12". */
export function githubFailure(thrown: unknown, doing: string, clock: Clock): ThreadboxError {
  if (thrown instanceof ThreadboxError) return thrown;
  if (!(thrown instanceof RequestError)) return toThreadboxError(thrown);
  const detail = `GitHub, ${doing}: ${blankTokens(thrown.message.split("\n")[0] ?? "")}`;
  const retryAfterMs = limitedForMs(thrown, clock);
  if (retryAfterMs !== null) {
    return new ThreadboxError("surface.rate-limited", detail, { cause: thrown, retryAfterMs });
  }
  return new ThreadboxError(codeOf(thrown), detail, { cause: thrown });
}

/** The status that GitHub answered with, or null when it did not answer. */
export function statusOf(thrown: unknown): number | null {
  return thrown instanceof RequestError && thrown.response ? thrown.status : null;
}

function codeOf(
  error: RequestError,
): "surface.unauthorized" | "surface.thread-gone" | "surface.refused" | "surface.unavailable" {
  // Without a response it never got there, whatever status octokit made up for it.
  if (!error.response || error.status >= 500) return "surface.unavailable";
  switch (error.status) {
    case 401:
      return "surface.unauthorized";
    case 404:
    case 410:
      return "surface.thread-gone";
    case 408:
    case 409:
    case 425:
      return "surface.unavailable";
    default:
      return "surface.refused";
  }
}

/** GitHub asks for at least a minute when it does not say how long. */
const UNSAID_LIMIT_MS = 60_000;

/** How long GitHub wants to be left alone; null where it failed for another reason. */
export function limitedForMs(error: unknown, clock: Clock): number | null {
  if (!(error instanceof RequestError)) return null;
  if (error.status !== 403 && error.status !== 429) return null;
  const headers = error.response?.headers ?? {};
  const retryAfterS = Number(headers["retry-after"]);
  if (retryAfterS > 0) return retryAfterS * 1_000;
  if (headers["x-ratelimit-remaining"] === "0") {
    const resetMs = Number(headers["x-ratelimit-reset"]) * 1_000;
    return Math.max(1_000, resetMs - clock.now()) || UNSAID_LIMIT_MS;
  }
  return error.status === 429 ? UNSAID_LIMIT_MS : null;
}
