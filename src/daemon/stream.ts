/**
 * The journal as server-sent events. The reader pulls: only when the last piece has left for the socket is the next one read from
 * disk, so a client that is slow, asleep or gone costs a few kilobytes and misses nothing. One that takes nothing for a minute is cut
 * off with a word, so that it does not cost a connection for ever either.
 */
import type { JournalEntry } from "../wire/events.ts";
import { CUT_OFF_AFTER_MS, CUT_OFF_REASON, HEARTBEAT_EVERY_MS, HEARTBEAT_FRAME, toFrame } from "../wire/sse.ts";
import type { DaemonClock } from "./clock.ts";
import type { Journal } from "./journal.ts";
import type { DaemonLog } from "./log.ts";

export interface StreamParts {
  journal: Journal;
  clock: DaemonClock;
  /** Aborted when the daemon shuts down: streams send what is in the journal, then end. */
  closing: AbortSignal;
  log: DaemonLog;
}

export interface StreamRequest {
  cursor: number;
  follow: boolean;
  /** When the token ends, and with it the stream; null: never. */
  expiresAt: number | null;
  /** Ends the connection if it stands still, with what lies in its buffers. */
  hangUp(): void;
}

/** Entries per piece. Most are well below a kilobyte; the largest (a diff) is 200 kB. */
const PIECE = 64;

/** Timers overflow beyond 2^31 ms and fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  // Proxies that collect before they pass on would keep the events until the turn is over.
  "x-accel-buffering": "no",
};

export function streamResponse(parts: StreamParts, request: StreamRequest): Response {
  const reader = new StreamReader(parts, request);
  const encoder = new TextEncoder();
  let callOff = (): void => {};
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        callOff();
        const text = await reader.next();
        if (text === null) return controller.close();
        controller.enqueue(encoder.encode(text));
        // Called off by the next `pull`, which comes when the socket has taken this piece.
        callOff = parts.clock.after(CUT_OFF_AFTER_MS, () => {
          controller.enqueue(encoder.encode(CUT_OFF_FRAME));
          controller.close();
          cutOff(parts, request, reader);
        });
      },
      cancel() {
        callOff();
        reader.leave();
      },
    },
    // Nothing is read ahead: `pull` is called when the socket takes more.
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: HEADERS });
}

/** A comment: whoever parses the stream passes over it, and whoever looks at it by eye knows. */
const CUT_OFF_FRAME = `: cut-off: ${CUT_OFF_REASON}\n\n`;

function cutOff({ clock, log }: StreamParts, { hangUp }: StreamRequest, reader: StreamReader): void {
  reader.leave();
  log.warn("stream.cut-off", { cursor: reader.cursor });
  clock.after(CUT_OFF_AFTER_MS, hangUp);
}

/** One client's way through the journal. */
class StreamReader {
  readonly #parts: StreamParts;
  readonly #request: StreamRequest;
  readonly #gone = new AbortController();
  #cursor: number;
  #silent = true;

  constructor(parts: StreamParts, request: StreamRequest) {
    this.#parts = parts;
    this.#request = request;
    this.#cursor = request.cursor;
  }

  /** Of the last entry that left for the socket. */
  get cursor(): number {
    return this.#cursor;
  }

  /** Frames as soon as there are some, else a heartbeat; null when it is over. */
  async next(): Promise<string | null> {
    for (;;) {
      if (this.#gone.signal.aborted || this.#hasExpired()) return null;
      const entries = this.#parts.journal.read(this.#cursor, PIECE);
      const last = entries.at(-1);
      if (last) return this.#frames(entries, last.cursor);
      if (!this.#request.follow || this.#parts.closing.aborted) return null;
      // A first byte at once tells the client, and every proxy between, that the stream stands.
      if (this.#silent || (await this.#somethingHappens()) === "heartbeat") return this.#heartbeat();
    }
  }

  leave(): void {
    this.#gone.abort();
  }

  #frames(entries: JournalEntry[], cursor: number): string {
    this.#cursor = cursor;
    this.#silent = false;
    return entries.map(toFrame).join("");
  }

  #heartbeat(): string {
    this.#silent = false;
    return HEARTBEAT_FRAME;
  }

  #hasExpired(): boolean {
    const { expiresAt } = this.#request;
    return expiresAt !== null && this.#parts.clock.now() >= expiresAt;
  }

  /** Waits for whichever comes first: an entry, the time for a heartbeat, the token's end, the client's leaving, our shutdown. */
  #somethingHappens(): Promise<"heartbeat" | "other"> {
    const { journal, clock, closing } = this.#parts;
    const { expiresAt } = this.#request;
    const { promise, resolve } = Promise.withResolvers<"heartbeat" | "other">();
    const other = () => resolve("other");
    const undo = [
      clock.after(HEARTBEAT_EVERY_MS, () => resolve("heartbeat")),
      journal.onAppend(() => journal.cursor > this.#cursor && other()),
    ];
    if (expiresAt !== null) undo.push(clock.after(Math.min(expiresAt - clock.now(), LONGEST_TIMER_MS), other));
    for (const signal of [this.#gone.signal, closing]) {
      signal.addEventListener("abort", other);
      undo.push(() => signal.removeEventListener("abort", other));
    }
    return promise.finally(() => {
      for (const off of undo) off();
    });
  }
}
