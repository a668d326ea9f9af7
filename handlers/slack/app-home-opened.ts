/** `app_home_opened`: somebody looks at the bot's own page. Slack tells of both its tabs; the one with the messages is a direct message. */
import { z } from "zod";
import { type Clicked, Installation, ignored, teamOf, type Us } from "./envelope.ts";

const Opened = Installation.extend({ event: z.object({ user: z.string(), tab: z.string().nullish() }) });

export function onAppHomeOpened(body: unknown, us: Us): Clicked {
  const parsed = Opened.safeParse(body);
  if (!parsed.success) return ignored("malformed");
  const { user, tab } = parsed.data.event;
  return tab === "home"
    ? { is: "home", person: { surface: "slack", team: teamOf(parsed.data, us), id: user } }
    : ignored("other-tab");
}
