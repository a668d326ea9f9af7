/**
 * Values as Postgres can store them. Neither text nor jsonb takes the character U+0000, and jsonb no half of a surrogate pair; both come
 * from outside (the output of a tool, a text that was cut inside an emoji). A row that can never be written would hold up its session,
 * or the mention in it, for ever.
 */

/** JSON text for a jsonb column. */
export function toJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!MAYBE_UNSTORABLE.test(json)) return json;
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === "string" ? storable(part) : part));
}

/** What cannot be stored is replaced by U+FFFD, as browsers do. */
export const storable = (text: string): string => text.toWellFormed().replaceAll("\0", "\ufffd");

/** How JSON spells it. Somebody may have written just that, behind a backslash; then looking twice does no harm. */
const MAYBE_UNSTORABLE = /\\u(?:0000|d[89a-f])/;
