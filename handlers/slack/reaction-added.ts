/**
 * `reaction_added`: a cross or a stop sign on an order, or on something that we posted, is a person's "stop". Slack does not tell in which
 * thread the message stands, nor what it says, so both are looked up. A thumb on an answer of ours is what they think of it.
 */
import { z } from "zod";
import { msOf } from "../../src/surfaces/slack-moments.ts";
import { type Clicked, Installation, ignored, teamOf, type Us } from "./envelope.ts";
import { thumbOf } from "./feedback.ts";
import { spoken } from "./spoken.ts";

const Reaction = Installation.extend({
  event: z.object({
    user: z.string(),
    reaction: z.string(),
    event_ts: z.string(),
    /** Whose message it is. */
    item_user: z.string().nullish(),
    /** A file or a canvas has neither channel nor ts. */
    item: z.object({ type: z.string(), channel: z.string().nullish(), ts: z.string().nullish() }),
  }),
});

/** ❌ and 🛑 by Slack's names. */
const STOPS = new Set(["x", "octagonal_sign"]);

export function onReactionAdded(body: unknown, us: Us): Clicked {
  const parsed = Reaction.safeParse(body);
  if (!parsed.success) return ignored("malformed");
  const { user, reaction, event_ts, item, item_user } = parsed.data.event;
  if (user === us.userId) return ignored("own-message");
  if (item.type !== "message" || !item.channel || !item.ts) return ignored("other-reaction");
  const value = item_user === us.userId ? thumbOf(reaction) : undefined;
  if (value) {
    const on = { team: teamOf(parsed.data, us), channel: item.channel, message: item.ts };
    const at = msOf(event_ts);
    return { is: "feedback", feedback: { on, by: { surface: "slack", id: user }, value, at } };
  }
  if (!STOPS.has(reaction)) return ignored("other-reaction");
  const said = spoken({
    // The thread is a guess until it was looked up; no key is made of it.
    ...{ team: teamOf(parsed.data, us), channel: item.channel, threadTs: item.ts, message: item.ts },
    by: { id: user, name: user },
    ...{ text: "stop", way: `${item.ts}/${reaction}/${event_ts}/${user}`, ts: event_ts },
  });
  return { is: "mention", mention: { ...said.mention, keys: [], addressed: false, lookup: "thread" } };
}
