/**
 * What is stored, and then what becomes stored, as server-sent events. The reader subscribes before it reads, so nothing
 * falls between the two; the id of each frame is the place to go on from, which browsers send by themselves after a drop.
 */
import type { Context } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import { type Bell, createBell } from "../bell.ts";
import type { Clock } from "../clock.ts";
import type { News } from "../core/pages.ts";
import type { Log } from "../log.ts";
import { CUT_OFF_AFTER_MS, CUT_OFF_REASON, HEARTBEAT_EVERY_MS, HEARTBEAT_FRAME } from "../wire/sse.ts";

/** Soon enough that a reader hardly notices a restart, late enough not to hammer a bot that is down. */
const RECONNECT_AFTER_MS = 1_000;

export interface Followed {
  topic: string;
  after: number;
  /** The next stored things after a place, oldest first; none when the reader has them all. */
  read(after: number): Promise<{ id: number; event: string; data: string }[]>;
  /** What stands above them (a title, a state); sent when it differs from what was sent last. */
  state(): Promise<string>;
}

export interface FollowDeps {
  news: News;
  clock: Clock;
  log: Log;
}

export function follow(c: Context, followed: Followed, deps: FollowDeps): Response {
  return streamSSE(c, async (stream) => {
    const bell = createBell();
    const unsubscribe = deps.news.subscribe(followed.topic, bell.ring);
    stream.onAbort(bell.ring);
    try {
      await tell(stream, followed, bell, deps);
    } catch (thrown) {
      if (thrown instanceof TooSlow) return cutOff(c, stream, followed, deps);
      // The stream ends here; the browser comes back and goes on from its last id.
      deps.log.error({ err: thrown, topic: followed.topic }, "web.stream-failed");
    } finally {
      unsubscribe();
    }
  });
}

/** Resolves when the reader has left. */
async function tell(stream: SSEStreamingApi, followed: Followed, bell: Bell, { clock }: FollowDeps): Promise<void> {
  const taken = (writing: Promise<unknown>): Promise<void> => takenInTime(clock, writing);
  await taken(stream.write(`retry: ${RECONNECT_AFTER_MS}\n\n`));
  let { after } = followed;
  let shown: string | null = null;
  while (!stream.aborted) {
    const state = await followed.state();
    if (state !== shown) await taken(stream.writeSSE({ event: "state", data: state }));
    shown = state;
    for (let batch = await followed.read(after); batch.length > 0; batch = await followed.read(after)) {
      for (const { id, event, data } of batch) await taken(stream.writeSSE({ id: String(id), event, data }));
      after = batch.at(-1)?.id ?? after;
      if (stream.aborted) return;
    }
    if ((await bell.heardWithin(clock, HEARTBEAT_EVERY_MS)) === "silence") await taken(stream.write(HEARTBEAT_FRAME));
  }
}

/** The reader has not taken what was written for it. */
class TooSlow extends Error {}

/** Nothing more is written before the last piece has left for the socket, so a slow reader costs one piece and not a history. */
function takenInTime(clock: Clock, writing: Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    const callOff = clock.after(CUT_OFF_AFTER_MS, () => reject(new TooSlow()));
    void writing.then(() => resolve(), reject).finally(callOff);
  });
}

/** What the listener knows of a connection; an answer that code of ours asked for has none. */
interface Departure {
  outgoing?: { writableFinished: boolean; destroy(): void };
}

/** The reason stands behind what was not taken: whoever reads on after all meets it, comes back and goes on from the last id. */
function cutOff(c: Context, stream: SSEStreamingApi, { topic }: Followed, { clock, log }: FollowDeps): void {
  log.warn({ topic }, "web.stream-cut-off");
  // `writeSSE` looks at its data first, and would come after the end.
  const data = JSON.stringify({ type: "cut-off", reason: CUT_OFF_REASON });
  void stream.write(`event: cut-off\ndata: ${data}\n\n`);
  const { outgoing }: Departure = c.env ?? {};
  clock.after(CUT_OFF_AFTER_MS, () => {
    if (outgoing?.writableFinished === false) outgoing.destroy();
  });
}

/** Where a reader goes on: what the browser had last, or what the address says. */
export function placeToGoOn(c: Context, parameter: "after" | "cursor"): number {
  const place = Number(c.req.header("last-event-id") ?? c.req.query(parameter) ?? 0);
  return Number.isSafeInteger(place) && place > 0 ? place : 0;
}
