/** Which session somebody means: by a link to its thread, by one of its keys, or by any id of it that the log names. */
import type { Database } from "../store/database.ts";
import { type Story, sessionsNamed, sessionsOfGitHub, sessionsOfSlack, storyOf } from "../store/story.ts";
import { Refused } from "./failure.ts";

/** Null where there is none. */
export async function findStory(db: Database, name: string, limit: number): Promise<Story | null> {
  const ids = await sessionsOf(db, name);
  const [first, ...others] = ids;
  if (first === undefined) return null;
  if (others.length > 0)
    throw new Refused(`That names several sessions: ${ids.join(", ")}.`, "Say which one, by its id.");
  return storyOf(db, first, limit);
}

async function sessionsOf(db: Database, name: string): Promise<string[]> {
  const link = linkOf(name);
  if (link?.to === "slack") return sessionsOfSlack(db, link.channel, link.ts);
  if (link?.to === "github") return sessionsOfGitHub(db, link);
  const meant = await sessionsNamed(db, name);
  if ("sessions" in meant) return meant.sessions;
  throw new Refused("That came in and is stored; where it belongs is being looked up.", "Ask again in a minute.");
}

export type Link =
  | { to: "slack"; channel: string; ts: string }
  | { to: "github"; owner: string; name: string; number: number };

/** Null for what is no link of these, such as a key. The host is not looked at: both vendors' things can stand under any. */
export function linkOf(text: string): Link | null {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return null;
  const { pathname, searchParams } = new URL(text);
  const [, channel, seconds, rest] = /^\/archives\/([A-Z0-9]+)\/p(\d+)(\d{6})$/.exec(pathname) ?? [];
  // A message in a thread says which thread; one that begins a thread is itself its name.
  if (channel && seconds) return { to: "slack", channel, ts: searchParams.get("thread_ts") ?? `${seconds}.${rest}` };
  const [, owner, name, number] = /^\/([^/]+)\/([^/]+)\/(?:pull|issues)\/(\d+)(?:\/|$)/.exec(pathname) ?? [];
  return owner && name ? { to: "github", owner, name, number: Number(number) } : null;
}
