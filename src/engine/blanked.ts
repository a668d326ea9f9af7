/** What a sandbox tells, without what the bot itself must not tell on. The daemon blanks what it knows; it does not know the bot's secrets. */
import type { JournalEntry } from "../wire/events.ts";

export async function* blanked(
  entries: AsyncIterable<JournalEntry>,
  blank: ((text: string) => string) | undefined,
): AsyncIterable<JournalEntry> {
  for await (const entry of entries) {
    const text = blank ? JSON.stringify(entry) : "";
    const clean = blank?.(text) ?? "";
    yield clean === text ? entry : (JSON.parse(clean) as JournalEntry);
  }
}
