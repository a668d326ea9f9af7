/** Who hears of what happens in the engine: the log, the metrics and, where they are wanted, the traces. */
import type { Config } from "./config.ts";
import type { Tell } from "./engine/happenings.ts";
import type { Log } from "./log.ts";
import { type Asked, createMetrics, type Metrics } from "./metrics.ts";
import { toLog } from "./told-log.ts";

export interface Watching {
  tell: Tell;
  metrics: Metrics;
  /** Sends what is left. Never rejects. */
  close(): Promise<void>;
}

export async function openWatching(
  { otlpEndpoint: endpoint }: Pick<Config, "otlpEndpoint">,
  { asked, bot, log }: { asked: Asked; bot: string; log: Log },
): Promise<Watching> {
  const metrics = createMetrics(asked);
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
