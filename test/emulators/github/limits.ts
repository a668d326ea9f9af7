/** The two limits that shape a bot's life: requests an hour (told in headers), and content created a minute (told by refusal). */
import { ApiProblem } from "./problem.ts";

export interface LimitOptions {
  /** Requests an hour with a token. GitHub gives an installation 5,000. */
  requestsPerHour?: number;
  /** Issues, comments, pull requests and reviews a minute, per actor. GitHub documents about 80. */
  contentPerMinute?: number;
}

export interface Limits {
  /** Counts a request; refuses it when the hour is used up. Gives the headers that every answer carries. */
  request(actor: string, isAnonymous: boolean): Record<string, string>;
  /** Counts a piece of content; refuses it when the minute is used up. */
  content(actor: string): void;
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const ANONYMOUS_PER_HOUR = 60;

export function createLimits(now: () => number, options: LimitOptions): Limits {
  const hours = new Map<string, { startedAtMs: number; used: number }>();
  const minutes = new Map<string, number[]>();
  const contentPerMinute = options.contentPerMinute ?? 80;
  return {
    request(actor, isAnonymous) {
      const limit = isAnonymous ? ANONYMOUS_PER_HOUR : (options.requestsPerHour ?? 5_000);
      const running = hours.get(actor);
      const hour = running && now() < running.startedAtMs + HOUR_MS ? running : { startedAtMs: now(), used: 0 };
      hours.set(actor, hour);
      if (hour.used >= limit) {
        throw primaryLimit(actor, hourHeaders(limit, hour.used, hour.startedAtMs + HOUR_MS));
      }
      hour.used++;
      return hourHeaders(limit, hour.used, hour.startedAtMs + HOUR_MS);
    },
    content(actor) {
      const recent = (minutes.get(actor) ?? []).filter((atMs) => atMs > now() - MINUTE_MS);
      if (recent.length >= contentPerMinute) throw secondaryLimit(60, 403);
      minutes.set(actor, [...recent, now()]);
    },
  };
}

function hourHeaders(limit: number, used: number, resetAtMs: number): Record<string, string> {
  return {
    "x-ratelimit-limit": String(limit),
    "x-ratelimit-remaining": String(limit - used),
    "x-ratelimit-used": String(used),
    "x-ratelimit-reset": String(Math.ceil(resetAtMs / 1000)),
    "x-ratelimit-resource": "core",
  };
}

export function primaryLimit(actor: string, headers: Record<string, string>): ApiProblem {
  return new ApiProblem(403, `API rate limit exceeded for ${actor}.`, { headers });
}

export function secondaryLimit(retryAfterSeconds: number, status: number): ApiProblem {
  return new ApiProblem(
    status,
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    { headers: { "retry-after": String(retryAfterSeconds) } },
  );
}
