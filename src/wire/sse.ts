/** JournalEntry <-> server-sent-event frames. The parsing side is the `eventsource` package; this is the writing side. */
import type { JournalEntry } from "./events.ts";

/** Comment frame that keeps idle proxies from cutting the stream. Sent every 15 s. */
export const HEARTBEAT_FRAME = ": heartbeat\n\n";
export const HEARTBEAT_EVERY_MS = 15_000;

/**
 * A reader that takes nothing for so long, although there is something for it, is cut off: it holds a connection and what was read for
 * it. It goes on from its last id. As long again is waited for it to read that; then the connection ends in any case.
 */
export const CUT_OFF_AFTER_MS = 60_000;
export const CUT_OFF_REASON = "Nothing was read for a minute. Go on from the last id.";

/** One entry as a frame; the SSE id is the cursor, so a browser's Last-Event-ID resumes by itself. */
export function toFrame(entry: JournalEntry): string {
  return `id: ${entry.cursor}\ndata: ${JSON.stringify(entry)}\n\n`;
}
