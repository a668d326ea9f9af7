/** JournalEntry <-> server-sent-event frames. The parsing side is the `eventsource` package; this is the writing side. */
import type { JournalEntry } from "./events.ts";

/** Comment frame that keeps idle proxies from cutting the stream. Sent every 15 s. */
export const HEARTBEAT_FRAME = ": heartbeat\n\n";
export const HEARTBEAT_EVERY_MS = 15_000;

/** One entry as a frame; the SSE id is the cursor, so a browser's Last-Event-ID resumes by itself. */
export function toFrame(entry: JournalEntry): string {
  return `id: ${entry.cursor}\ndata: ${JSON.stringify(entry)}\n\n`;
}
