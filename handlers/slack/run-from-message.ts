/**
 * The message shortcut: whoever uses it asks us to look into somebody's message, in the thread of that message. What the message says is
 * not their order, and may come from anybody.
 */
import { z } from "zod";
import { slackThreadKey } from "../../src/core/correlation.ts";
import { msOf } from "../../src/surfaces/slack-moments.ts";
import { plainText } from "../../src/surfaces/slack-text.ts";
import { attachedTo, type Heard, ignored, MessageEvent, type Us } from "./envelope.ts";
import { Interaction, personIn, workspaceIn } from "./interaction.ts";

const Shortcut = Interaction.extend({
  channel: z.object({ id: z.string() }),
  message: MessageEvent.omit({ channel: true, channel_type: true }),
  action_ts: z.string(),
});
type Shortcut = z.infer<typeof Shortcut>;

export function onRunFromMessage(body: unknown, us: Us): Heard {
  const parsed = Shortcut.safeParse(body);
  if (!parsed.success) return ignored("malformed");
  const { user, channel, message, action_ts } = parsed.data;
  const team = workspaceIn(parsed.data, us);
  const threadTs = message.thread_ts ?? message.ts;
  return {
    is: "mention",
    mention: {
      dedupe: `slack:${team}/${channel.id}/shortcut/${action_ts}/${user.id}`,
      keys: [slackThreadKey(team, channel.id, threadTs)],
      thread: { surface: "slack", team, channel: channel.id, threadTs },
      author: { surface: "slack", ...personIn(parsed.data) },
      text: "please look into this",
      addressed: true,
      at: msOf(action_ts),
      message: message.ts,
      about: messageText(message),
      ...attachedTo(message).files,
    },
  };
}

/** Where we are not, nothing can be posted; the one who asked can change that. */
export const inviteHint = (name: string): string =>
  `I am not in this channel, so I cannot work in its threads. \`/invite @${name}\`, then use *Fix with Threadbox* once more.`;

function messageText(message: Shortcut["message"]): string {
  const from = message.user ? `Message of <@${message.user}>:` : "Message of an app:";
  return [`${from}\n${plainText(message.text ?? "").trim()}`, attachedTo(message).about].filter(Boolean).join("\n\n");
}
