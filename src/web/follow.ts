/**
 * What is stored, and then what becomes stored, as server-sent events. The reader subscribes before it reads, so nothing
 * falls between the two; the id of each frame is the place to go on from, which browsers send by themselves after a drop.
 */
import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import { createBell } from "../bell.ts";
import type { Clock } from "../clock.ts";
import type { News } from "../core/pages.ts";
import type { Log } from "../log.ts";
import { HEARTBEAT_EVERY_MS, HEARTBEAT_FRAME } from "../wire/sse.ts";

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

export function follow(c: Context, followed: Followed, { news, clock, log }: FollowDeps): Response {
  return streamSSE(c, async (stream) => {
    const bell = createBell();
    const unsubscribe = news.subscribe(followed.topic, bell.ring);
    stream.onAbort(bell.ring);
    try {
      await stream.write(`retry: ${RECONNECT_AFTER_MS}\n\n`);
      let after = followed.after;
      let shown: string | null = null;
      while (!stream.aborted) {
        const state = await followed.state();
        if (state !== shown) await stream.writeSSE({ event: "state", data: state });
        shown = state;
        for (let batch = await followed.read(after); batch.length > 0; batch = await followed.read(after)) {
          for (const { id, event, data } of batch) await stream.writeSSE({ id: String(id), event, data });
          after = batch.at(-1)?.id ?? after;
          if (stream.aborted) return;
        }
        if ((await bell.heardWithin(clock, HEARTBEAT_EVERY_MS)) === "silence") await stream.write(HEARTBEAT_FRAME);
      }
    } catch (thrown) {
      // The stream ends here; the browser comes back and goes on from its last id.
      log.error({ err: thrown, topic: followed.topic }, "web.stream-failed");
    } finally {
      unsubscribe();
    }
  });
}

/** Where a reader goes on: what the browser had last, or what the address says. */
export function placeToGoOn(c: Context, parameter: "after" | "cursor"): number {
  const place = Number(c.req.header("last-event-id") ?? c.req.query(parameter) ?? 0);
  return Number.isSafeInteger(place) && place > 0 ? place : 0;
}
