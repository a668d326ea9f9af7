/** What Slack tells of whatever somebody pressed, chose or submitted: who it was, in which workspace, and under which message. */
import { z } from "zod";
import { type Heard, ignored, type Us } from "./envelope.ts";
import { type Spoken, spoken } from "./spoken.ts";

export const Interaction = z.object({
  is_enterprise_install: z.boolean().nullish(),
  team: z.object({ id: z.string() }).nullish(),
  user: z.object({ id: z.string(), name: z.string().nullish(), username: z.string().nullish() }),
});
type Interaction = z.infer<typeof Interaction>;

export const personIn = ({ user }: Pick<Interaction, "user">): { id: string; name: string } => ({
  id: user.id,
  name: user.username ?? user.name ?? user.id,
});

/** In a channel shared with others `team` is the presser's; one installation serves many workspaces only in an organisation. */
export const workspaceIn = ({ is_enterprise_install, team }: Omit<Interaction, "user">, us: Us): string =>
  is_enterprise_install && team ? team.id : us.teamId;

/** Somebody used something under one of our messages. */
export const Click = Interaction.extend({
  container: z.object({ channel_id: z.string(), message_ts: z.string(), thread_ts: z.string().nullish() }),
  message: z.object({ thread_ts: z.string().nullish() }).nullish(),
  actions: z.tuple([z.object({ action_ts: z.string() })], z.unknown()),
});

/** As if whoever clicked had said that in the thread. */
export function clicked(click: z.infer<typeof Click>, us: Us, { text, way }: Pick<Spoken, "text" | "way">): Heard {
  const { container, message, actions } = click;
  const threadTs = container.thread_ts ?? message?.thread_ts;
  if (!threadTs) return ignored("no-thread");
  return spoken({
    ...{ team: workspaceIn(click, us), channel: container.channel_id, threadTs, message: container.message_ts },
    ...{ by: personIn(click), text, way, ts: actions[0].action_ts },
  });
}
