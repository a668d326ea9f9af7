/** `schedules` of threadbox.yml: what is asked again and again, and when. */
import { z } from "zod";

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** Minute, hour, day, month, day of the week. What stands in each of them is read by the queue, at the start. */
const CRON = /^\S+(?: +\S+){4}$/;

export const Schedule = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z\d][a-z\d-]{0,39}$/, "is a name of a-z, 0-9 and -, at most 40")
    .describe("Names it in the log and among the sessions; another name is another schedule."),
  cron: z
    .string()
    .regex(CRON, "has five fields: minute, hour, day, month, day of the week, such as `0 3 * * 1-5`")
    .describe("When: minute, hour, day of the month, month, day of the week."),
  timezone: z
    .string()
    .refine(isTimezone, "is no time zone; they are called like Europe/Berlin")
    .optional()
    .describe("Whose clock `cron` is read by; UTC when it is left out."),
  repository: z.string().min(1).describe("Name of a repository of this file."),
  text: z
    .string()
    .trim()
    .min(1)
    .max(50_000)
    .describe("What is to be done. It chooses nothing: options have no place in it."),
});
export type Schedule = z.infer<typeof Schedule>;
