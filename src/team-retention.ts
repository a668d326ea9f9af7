/** The section of `threadbox.yml` that says how long the bot keeps what it has stored. */
import { z } from "zod";
import type { Ms } from "./core/types.ts";

const DAY_MS = 24 * 60 * 60_000;
const DEFAULT_DAYS = 30;
/**
 * What came in is recognised by its row when it comes again. GitHub can deliver again for three days, by itself or by hand, and a bot
 * may be down over a weekend; a row that is gone by then would be work that is done twice.
 */
const MIN_DAYS = 7;

export const DEFAULT_RETENTION_MS: Ms = DEFAULT_DAYS * DAY_MS;

export const Retention = z.strictObject({
  days: z
    .number()
    .min(MIN_DAYS, {
      error: `at least ${MIN_DAYS}: what GitHub delivers again days later has to be recognised by what is kept`,
    })
    .optional()
    .describe(
      `What came in, what was done, transcripts, answers and the files of sleeping local sandboxes are deleted after that many days; sessions stay. ${DEFAULT_DAYS}.`,
    ),
});

export const retentionMs = ({ days = DEFAULT_DAYS }: z.infer<typeof Retention>): Ms => days * DAY_MS;
