/** Who hears of what happens in the engine: the log, the metrics and, where they are wanted, the traces. */
import { inTime } from "./bounded-wait.ts";
import type { Config } from "./config.ts";
import { startOfDay } from "./core/limits.ts";
import type { Ms } from "./core/types.ts";
import type { Tell } from "./engine/happenings.ts";
import type { Log } from "./log.ts";
import { type Asked, createMetrics, type Metrics, type Pending } from "./metrics.ts";
import { toLog } from "./told-log.ts";

export interface Watching {
  tell: Tell;
  metrics: Metrics;
  /** Sends what is left. Never rejects. */
  close(): Promise<void>;
}

export interface Watched extends Pick<Asked, "sessionsHeld"> {
  /** What all bots of the database have to do, counted up to `max`. */
  pendingNow(max: number): Promise<Pending>;
  /** Dollars that all bots' turns have cost since then. */
  dollarsSince(since: Ms): Promise<number>;
  dollarsPerDay: number | null;
  bot: string;
  log: Log;
}

/** More would take longer to count than a scrape waits; whoever has that many knows enough. */
const MAX_COUNTED = 10_000;
/** Prometheus waits ten seconds for everything, unless it is told otherwise. */
const COUNTED_WITHIN_MS = 2_000;

export async function openWatching(
  { otlpEndpoint: endpoint }: Pick<Config, "otlpEndpoint">,
  { sessionsHeld, pendingNow, dollarsSince, dollarsPerDay, bot, log }: Watched,
): Promise<Watching> {
  const pending = inTime<Pending | null>(() => pendingNow(MAX_COUNTED), COUNTED_WITHIN_MS, null);
  const spentToday = inTime<number | null>(() => dollarsSince(startOfDay(Date.now())), COUNTED_WITHIN_MS, null);
  const metrics = createMetrics({ sessionsHeld, pending, spentToday, dollarsPerDay });
  // Loaded only where it is wanted: it is a tenth of a second of every start.
  const traces = endpoint === null ? null : (await import("./traces.ts")).openTraces({ endpoint, bot, log });
  const listeners = [toLog(log), metrics.tell, ...(traces ? [traces.tell] : [])];
  return {
    metrics,
    tell(happening) {
      for (const listen of listeners) {
        try {
          listen(happening);
        } catch (thrown) {
          // Whoever watches must not stop the work.
          log.error({ err: thrown, happening: happening.type }, "watching.failed");
        }
      }
    },
    close: async () => traces?.close(),
  };
}
