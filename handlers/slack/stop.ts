/** The Stop button under the progress: the presser says "stop" in that thread. */
import { z } from "zod";
import { slackThreadKey } from "../../src/core/correlation.ts";
import { type Heard, ignored, type Mentioned, type Us } from "./envelope.ts";

/** Somebody used something under one of our messages. */
export const Click = z.object({
  is_enterprise_install: z.boolean().nullish(),
  team: z.object({ id: z.string() }).nullish(),
  user: z.object({ id: z.string(), name: z.string().nullish(), username: z.string().nullish() }),
  container: z.object({ channel_id: z.string(), message_ts: z.string(), thread_ts: z.string().nullish() }),
  message: z.object({ thread_ts: z.string().nullish() }).nullish(),
  actions: z.tuple([z.object({ action_ts: z.string() })], z.unknown()),
});

export function onStop(body: unknown, us: Us): Heard {
  const parsed = Click.safeParse(body);
  if (!parsed.success) return ignored("malformed");
  // A double click is two actions; to stop twice does no harm, but a delivery that is repeated must count once.
  const { user, actions } = parsed.data;
  return clicked(parsed.data, us, { text: "stop", way: `action/${actions[0].action_ts}/${user.id}` });
}

/** As if whoever clicked had said that in the thread. */
export function clicked(click: z.infer<typeof Click>, us: Us, { text, way }: Pick<Spoken, "text" | "way">): Heard {
  const { user, container, message, actions, team, is_enterprise_install } = click;
  const threadTs = container.thread_ts ?? message?.thread_ts;
  if (!threadTs) return ignored("no-thread");
  return spoken({
    // In a channel shared with others `team` is the presser's; one installation serves many workspaces only in an organisation.
    ...{ team: is_enterprise_install && team ? team.id : us.teamId, channel: container.channel_id, threadTs },
    ...{ message: container.message_ts, by: { id: user.id, name: user.username ?? user.name ?? user.id } },
    ...{ text, way, ts: actions[0].action_ts },
  });
}

export interface Spoken {
  team: string;
  channel: string;
  threadTs: string;
  /** What gets the 👀. */
  message: string;
  by: { id: string; name: string };
  text: string;
  /** Names it among all that is said in the channel, so that a second delivery is known. */
  way: string;
  ts: string;
}

/** However somebody says it other than by writing it. */
export function spoken({ team, channel, threadTs, message, by, text, way, ts }: Spoken): Mentioned {
  return {
    is: "mention",
    mention: {
      dedupe: `slack:${team}/${channel}/${way}`,
      keys: [slackThreadKey(team, channel, threadTs)],
      thread: { surface: "slack", team, channel, threadTs },
      author: { surface: "slack", ...by },
      text,
      addressed: true,
      at: Math.round(Number(ts) * 1_000),
      message,
    },
  };
}
