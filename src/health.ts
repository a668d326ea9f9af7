/** The truth about a bot for whoever restarts it (`/healthz`) and whoever sends it work (`/readyz`). */
import { inTime } from "./bounded-wait.ts";
import type { Clock } from "./clock.ts";
import type { Ms } from "./core/types.ts";
import type { Health } from "./server.ts";

export interface Vitals {
  clock: Clock;
  /** When the loop that takes sessions last came around. */
  lookedAt(): Ms;
  isStopping(): boolean;
  /** Rejects, or never resolves, when the database is away. */
  databaseAnswers(): Promise<boolean>;
}

/** The loop comes around every two seconds; a database that comes back after a crash may keep it that long. */
const STUCK_AFTER_MS = 60_000;
/** Who asks gives up after a few seconds, and would take silence for the end of the bot. */
const ANSWERS_WITHIN_MS = 2_000;

export function healthOf({ clock, lookedAt, isStopping, databaseAnswers }: Vitals): Health {
  const answers = inTime(databaseAnswers, ANSWERS_WITHIN_MS, false);
  const stuck = (): string | null => {
    const silentMs = clock.now() - lookedAt();
    if (isStopping() || silentMs <= STUCK_AFTER_MS) return null;
    return `it has not looked for work for ${Math.floor(silentMs / 1_000)} s`;
  };
  return {
    stuck,
    async notReady() {
      const database = (await answers()) ? null : "it does not answer";
      const bot = isStopping() ? "it is stopping" : stuck();
      return Object.fromEntries(
        Object.entries({ database, bot }).filter((entry): entry is [string, string] => entry[1] !== null),
      );
    },
  };
}
