/** Schedules: each firing is told to one of all bots, and comes in like everything else. */
import type { Inbox } from "../core/incoming.ts";
import type { WebThreads } from "../core/pages.ts";
import { mentionOf, type Scheduled } from "../core/scheduled.ts";
import type { Log } from "../log.ts";
import type { Jobs } from "./jobs.ts";

interface SchedulesDeps {
  jobs: Pick<Jobs, "schedules">;
  inbox: Inbox;
  threads: Pick<WebThreads, "put">;
  schedules: Scheduled[];
  log: Log;
}

export function createSchedules({ jobs, inbox, threads, schedules, log }: SchedulesDeps) {
  async function fire(name: string, at: number): Promise<void> {
    const schedule = schedules.find((one) => one.name === name);
    // Another bot has an older or a newer threadbox.yml.
    if (!schedule) return log.warn({ schedule: name }, "schedule.unknown");
    const mention = mentionOf(schedule, at);
    const receipt = await inbox.receive(mention);
    log.info({ schedule: name, dedupe: mention.dedupe, receipt: receipt.is }, "schedule.fired");
    if (receipt.is !== "accepted" || mention.thread.surface !== "web") return;
    const post = { thread: mention.thread.id, ref: mention.message, kind: "person" as const };
    await threads.put({ ...post, author: mention.author.name, body: schedule.text, at });
  }
  return {
    /** Throws `config.invalid` for one that nobody can read. */
    start: () => jobs.schedules(schedules, fire),
    /** The queue ends with the jobs. */
    stop: async () => {},
  };
}
