/** A schedule of threadbox.yml has come round: the mention that it is. Pure. */
import { spelled } from "./command.ts";
import { scheduleKey, webThreadKey } from "./correlation.ts";
import type { Ms, NewMention } from "./types.ts";

export interface Scheduled {
  name: string;
  cron: string;
  timezone?: string | undefined;
  /** By its name. */
  repository: string;
  text: string;
}

/** Each has a thread of its own. Its author is the schedule itself: whoever may change threadbox.yml has decided, and limits count it as one person. */
export function mentionOf({ name, repository, text }: Scheduled, at: Ms): NewMention {
  const time = minuteOf(at);
  const thread = `schedule-${name}-${time.replace(/[-:Z]/g, "")}`;
  const key = scheduleKey(name, time);
  return {
    dedupe: key,
    keys: [webThreadKey(thread), key],
    thread: { surface: "web", id: thread },
    author: { surface: "web", id: `schedule:${name}`, name: `${name} (schedule)` },
    text: spelled(text, { repo: repository }),
    addressed: true,
    at,
    message: key,
  };
}

/** `2026-11-22T03:00Z`: finer than that nothing fires. */
const minuteOf = (at: Ms): string => `${new Date(at).toISOString().slice(0, 16)}Z`;
