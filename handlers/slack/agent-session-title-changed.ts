/** `agent_session_title_changed`: somebody gave the session of a thread another title. */
import { z } from "zod";
import { titleGiven } from "../../src/core/places.ts";
import { type Clicked, Installation, ignored, teamOf, type Us } from "./envelope.ts";

const Renamed = Installation.extend({
  event: z.object({
    channel: z.string(),
    user: z.string().nullish(),
    /** Absent where a whole channel is the session. */
    thread_ts: z.string().nullish(),
    title: z.string(),
  }),
});

export function onAgentSessionTitleChanged(body: unknown, us: Us): Clicked {
  const parsed = Renamed.safeParse(body);
  if (!parsed.success) return ignored("malformed");
  const { channel, user, thread_ts: threadTs, title } = parsed.data.event;
  if (user === us.userId) return ignored("own-message");
  if (!threadTs) return ignored("no-thread");
  if (titleGiven(title) === "") return ignored("no-text");
  return { is: "renamed", thread: { surface: "slack", team: teamOf(parsed.data, us), channel, threadTs }, title };
}
