/**
 * Follows a daemon's journal through everything that breaks connections. The journal is on the daemon's disk and each entry
 * has its cursor, so a new connection goes on exactly behind the last entry.
 */
import { createParser } from "eventsource-parser";
import { type Clock, pause } from "../clock.ts";
import { ThreadboxError } from "../errors.ts";
import { JournalEntry, type StreamPosition } from "../wire/events.ts";
import { HEARTBEAT_EVERY_MS } from "../wire/sse.ts";
import { type Connection, openStream } from "./daemon-client-request.ts";

interface Following {
  connection: Connection;
  from: StreamPosition;
  signal: AbortSignal;
  onBreak: () => void;
  giveUpAfterMs: number;
}

/** Three heartbeats missed: nobody is there any more, although no end of the connection was told. */
const DEAD_AFTER_MS = 3 * HEARTBEAT_EVERY_MS;
/** Most connections that broke can be had again at once; the pause doubles for those that cannot. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 15_000;
/** The largest entry is a diff of 200,000 characters, at most six bytes each as JSON. */
const MAX_FRAME_CHARS = 4_000_000;

export async function* followStream(following: Following): AsyncGenerator<JournalEntry, void, void> {
  const { connection, signal, onBreak, giveUpAfterMs } = following;
  const { clock } = connection;
  const life = { heardAt: clock.now(), failures: 0 };
  let at = following.from;
  while (!signal.aborted) {
    try {
      for await (const entry of readUntilItBreaks(connection, at, signal, () => alive(life, clock))) {
        if (entry.epoch === at.epoch && entry.cursor <= at.cursor) continue;
        at = { cursor: entry.cursor, epoch: entry.epoch };
        yield entry;
      }
      // What answers in its place says yes to everything, and tells nothing: not even that it lives.
      if (!signal.aborted && clock.now() - life.heardAt >= giveUpAfterMs) throw silentDaemon();
    } catch (error) {
      if (signal.aborted) return;
      const broke = error instanceof ThreadboxError && error.code === "daemon.unreachable";
      if (!broke || clock.now() - life.heardAt >= giveUpAfterMs) throw error;
    }
    if (!signal.aborted) onBreak();
    await pause(clock, Math.min(FIRST_PAUSE_MS * 2 ** life.failures++, LONGEST_PAUSE_MS), signal);
  }
}

const silentDaemon = (): ThreadboxError =>
  new ThreadboxError("daemon.unreachable", "The daemon's stream tells nothing, and ends each time");

function alive(life: { heardAt: number; failures: number }, clock: Clock): void {
  life.heardAt = clock.now();
  life.failures = 0;
}

/** One connection; ends when the daemon ends it. `heard` is called for every piece of it, heartbeats too. */
async function* readUntilItBreaks(
  connection: Connection,
  { cursor, epoch }: StreamPosition,
  signal: AbortSignal,
  heard: () => void,
): AsyncGenerator<JournalEntry, void, void> {
  const hangUp = new AbortController();
  const query = { cursor: String(cursor), follow: "1", ...(epoch === null ? {} : { epoch }) };
  const body = await openStream(connection, query, AbortSignal.any([signal, hangUp.signal]));
  const entries: JournalEntry[] = [];
  const parser = createParser({ onEvent: ({ data }) => entries.push(toEntry(data)), maxBufferSize: MAX_FRAME_CHARS });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      // The clock runs while we wait, not while whoever reads us is busy.
      const callOff = connection.clock.after(DEAD_AFTER_MS, () => hangUp.abort());
      const { done, value } = await reader.read().catch(broken).finally(callOff);
      if (done) return;
      heard();
      parser.feed(decoder.decode(value, { stream: true }));
      yield* entries.splice(0);
    }
  } finally {
    hangUp.abort();
  }
}

function broken(cause: unknown): never {
  throw new ThreadboxError("daemon.unreachable", "The connection to the daemon broke", { cause });
}

function toEntry(data: string): JournalEntry {
  try {
    return JournalEntry.parse(JSON.parse(data));
  } catch (cause) {
    throw new ThreadboxError("daemon.refused", "The daemon told an event that cannot be understood", { cause });
  }
}
