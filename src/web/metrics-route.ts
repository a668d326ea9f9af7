/**
 * Who may read the numbers: whoever sits on this machine, as with the pages, and whoever has the token. To everybody else, the agent in a
 * local sandbox among them, there is nothing here.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, Handler } from "hono";
import { type GuardOptions, isFromAgent, isLocal } from "./guard.ts";

export interface MetricsOptions extends Pick<GuardOptions, "isFromSandbox"> {
  /** METRICS_TOKEN, when it is set. */
  token: string | null;
  page(): Promise<{ contentType: string; text: string }>;
}

export function metricsRoute({ token, page, isFromSandbox }: MetricsOptions): Handler {
  return async (c) => {
    const may = hasToken(c, token) || (isLocal(c) && !(await isFromAgent(c, isFromSandbox)));
    if (!may) return c.notFound();
    const { contentType, text } = await page();
    return c.body(text, 200, { "content-type": contentType, "cache-control": "no-store" });
  };
}

/** Compared as digests: equal in length, and in the same time wherever they differ. */
function hasToken(c: Context, token: string | null): boolean {
  const given = /^Bearer (.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  if (token === null || given === undefined) return false;
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
