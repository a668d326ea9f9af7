/** A session's transcript as it is stored, from any place in it: as lines for people, as the agent's own events, or for a JSON document. */
import type { OpenStore } from "../store/open.ts";
import { sessionPages } from "../store/pages.ts";
import type { AgentEvent } from "../wire/events.ts";
import type { Output } from "./output.ts";
import { type KnownTurn, rawLines, transcriptLines } from "./transcript-lines.ts";

/** Entries per question to the database: a long history passes through in pieces. */
const BATCH = 500;

/** `cursor` counts through the whole transcript, whatever sandboxes it comes from. */
export interface ToldEntry {
  cursor: number;
  at: number;
  event: AgentEvent;
}

export interface TranscriptReader {
  /** For the JSON document; nothing is printed then. */
  entries: ToldEntry[];
  /** Of the last entry that was read. */
  cursor(): number;
  /** Everything that was stored since the last time. */
  read(): Promise<void>;
  /** Prints what was held back because its end has not come. */
  end(): void;
}

export function readTranscript(
  store: OpenStore,
  session: string,
  { raw, from }: { raw: boolean; from: number },
  output: Output,
): TranscriptReader {
  const turns = new Map<string, KnownTurn>();
  const lines = transcriptLines((turn) => turns.get(turn) ?? null, output.colour);
  const entries: ToldEntry[] = [];
  let after = from;
  const print = (texts: string[]): void => {
    for (const text of texts) output.say(text);
  };
  return {
    entries,
    cursor: () => after,
    async read() {
      for (;;) {
        const batch = await sessionPages(store.db).transcript(session, after, BATCH, { raw });
        if (batch.length === 0) return;
        for (const { id, askedBy, text, result } of await turnsOf(store, session))
          turns.set(id, { asked: `${askedBy}: ${text}`, failure: result?.failure });
        for (const { cursor, entry } of batch) {
          if (output.json) entries.push({ cursor, at: entry.at, event: entry.event });
          else print(raw ? rawLines(entry.event) : lines.of(entry.event));
        }
        after = batch.at(-1)?.cursor ?? after;
      }
    },
    end: () => print(lines.rest()),
  };
}

export async function turnsOf(store: OpenStore, session: string) {
  const turns = await sessionPages(store.db).turns(session);
  return turns.map(({ id, askedBy, text, startedAt, result }) => ({ id, askedBy, text, startedAt, result }));
}
