/** However somebody says something other than by writing it: by a button, a form, a reaction, or in their App Home. */
import { slackThreadKey } from "../../src/core/correlation.ts";
import { msOf } from "../../src/surfaces/slack-moments.ts";
import type { Mentioned } from "./envelope.ts";

export interface Spoken {
  team: string;
  channel: string;
  threadTs: string;
  /** What it was done to, or the thread's first one. */
  message: string;
  by: { id: string; name: string };
  text: string;
  /** Names it among all that is said in the channel, so that a second delivery is known. */
  way: string;
  ts: string;
}

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
      at: msOf(ts),
      message,
      pressed: true,
    },
  };
}
