/** `agent_session_stopped`: Slack's own Stop button, beside the input of a thread that an agent works in. */
import { z } from "zod";
import { type Heard, Installation, ignored, teamOf, type Us } from "./envelope.ts";
import { spoken } from "./spoken.ts";

const Stopped = Installation.extend({
  event: z.object({
    channel: z.string(),
    user: z.string(),
    /** Absent where a whole channel is the session. */
    thread_ts: z.string().nullish(),
    event_ts: z.string(),
  }),
});

export function onAgentSessionStopped(body: unknown, us: Us): Heard {
  const parsed = Stopped.safeParse(body);
  if (!parsed.success) return ignored("malformed");
  const { channel, user, thread_ts, event_ts } = parsed.data.event;
  if (!thread_ts) return ignored("no-thread");
  return spoken({
    ...{ team: teamOf(parsed.data, us), channel, threadTs: thread_ts, message: thread_ts },
    by: { id: user, name: user },
    ...{ text: "stop", way: `native-stop/${event_ts}/${user}`, ts: event_ts },
  });
}
