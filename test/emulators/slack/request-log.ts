/** Every call of the Web API, so that a test can count them, and the coverage of our routes by tests. */
import { methods } from "./methods/table.ts";
import type { Json } from "./types.ts";

export interface LoggedCall {
  /** A method, or one of `otherRoutes`. */
  route: string;
  /** Of the workspace that it was about, by its token. */
  team?: string;
  args: Json;
  atMs: number;
  /** The HTTP status; 0 when the connection was cut or left hanging. */
  status: number;
  ok: boolean;
  error?: string;
}

export interface RequestLog {
  readonly calls: LoggedCall[];
  add(call: LoggedCall): void;
  of(route: string): LoggedCall[];
  count(route: string): number;
  /** Every route that was called, with how often. */
  counts(): Record<string, number>;
  clear(): void;
}

/** What is no Web API method: `IN` comes from the app, `OUT` goes to it. */
export const otherRoutes = [
  "IN POST response_url",
  "IN POST upload_url",
  "IN GET url_private",
  "IN GET oauth-authorize",
  "IN ws socket-mode",
  "OUT POST url_verification",
  "OUT POST event",
  "OUT POST interactive",
  "OUT POST command",
  "OUT ws event",
  "OUT ws interactive",
  "OUT ws command",
] as const;

export type OtherRoute = (typeof otherRoutes)[number];

/** All that is implemented. */
export const slackRoutes: readonly string[] = [...Object.keys(methods).sort(), ...otherRoutes];

export function createRequestLog(): RequestLog {
  const calls: LoggedCall[] = [];
  return {
    calls,
    add: (call) => void calls.push(call),
    of: (route) => calls.filter((call) => call.route === route),
    count: (route) => calls.filter((call) => call.route === route).length,
    counts: () =>
      Object.fromEntries(
        Object.entries(Object.groupBy(calls, (call) => call.route)).map(([route, of]) => [route, of?.length ?? 0]),
      ),
    clear: () => void calls.splice(0),
  };
}

/** Each implemented route and how often it was used since the start. */
export function coverageOf(log: RequestLog): { route: string; calls: number }[] {
  return slackRoutes.map((route) => ({ route, calls: log.count(route) }));
}
