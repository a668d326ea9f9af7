/**
 * News of a surface about its own places, which nobody asks anything with: a channel has another id, a person calls a thread's session
 * something else. Pure.
 */
import type { Thread } from "./types.ts";

/** A channel of Slack has another id from now on, and what was said in it stands there under the same timestamps. */
export interface Move {
  team: string;
  from: string;
  to: string;
}

/** The way in for such news; each resolves after the commit. */
export interface Places {
  /** A person gave the session of that thread another title. False where no session follows it. */
  renamed(thread: Thread, title: string): Promise<boolean>;
  /** Told again, it finds nothing left to move. Gives back how many sessions it was. */
  moved(move: Move): Promise<number>;
}

/** What Slack takes as the title of a session. */
const MAX_TITLE_CHARS = 200;

/** As people see it, on one line; empty where there is nothing to see. */
export const titleGiven = (title: string): string => title.replace(/\s+/g, " ").trim().slice(0, MAX_TITLE_CHARS);

/** Every key of a thread in that channel begins so. */
export const keysBegin = (team: string, channel: string): string => `slack:thread:${team}/${channel}/`;

/**
 * The same with every thread, key and link of the channel in its new place, however deep: a session and what it wants done name a channel in
 * a dozen fields, and one that was forgotten would be an answer that nobody gets.
 */
export const inNewPlace = <T>(value: T, move: Move): T => placed(value, move) as T;

function placed(value: unknown, move: Move): unknown {
  if (typeof value === "string") return keyIn(value, move);
  if (Array.isArray(value)) return value.map((one) => placed(one, move));
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).map(([name, field]) => [name, fieldIn(name, field, move)] as const);
  const moved: Record<string, unknown> = Object.fromEntries(fields);
  const isThere = moved.surface === "slack" && moved.team === move.team && moved.channel === move.from;
  return isThere ? { ...moved, channel: move.to } : moved;
}

/** Only our own fields are looked into for addresses: what people wrote stays as they wrote it. */
function fieldIn(name: string, field: unknown, move: Move): unknown {
  if (name === "text" || name === "about") return field;
  if (name !== "link" || typeof field !== "string") return placed(field, move);
  return field
    .replace(`/archives/${move.from}/`, `/archives/${move.to}/`)
    .replace(new RegExp(`([?&]cid=)${move.from}$`), `$1${move.to}`);
}

function keyIn(text: string, { team, from, to }: Move): string {
  const begins = keysBegin(team, from);
  return text.startsWith(begins) ? keysBegin(team, to) + text.slice(begins.length) : text;
}
