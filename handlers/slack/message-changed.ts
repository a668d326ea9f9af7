/**
 * `message_changed` of a person's message. An edit that adds our name is an order as if it had been written so from the start; one of
 * something that was said to us corrects it, and counts while that is not over.
 */
import { z } from "zod";
import { parseCommand } from "../../src/core/command.ts";
import { msOf } from "../../src/surfaces/slack-moments.ts";
import { type Address, addressOf } from "./addressing.ts";
import { type Heard, Installation, ignored, type Mentioned, MessageEvent, mentionOf, type Us } from "./envelope.ts";

/** The message stands in it as it is now and as it was; neither names its channel. */
const Changed = Installation.extend({
  event: z.object({
    channel: z.string(),
    channel_type: z.string().nullish(),
    message: MessageEvent.omit({ channel: true, channel_type: true }).extend({
      edited: z.object({ ts: z.string() }).nullish(),
    }),
    previous_message: z.object({ text: z.string().nullish() }).nullish(),
  }),
});

export function onMessageChanged(body: unknown, us: Us): Heard {
  const parsed = Changed.safeParse(body);
  if (!parsed.success) return ignored("malformed");
  const { channel, channel_type, message, previous_message } = parsed.data.event;
  // A link that got its card, a reply that was sent to the channel as well: Slack's doing, not an edit of theirs.
  if (!message.edited || message.text === previous_message?.text) return ignored("unchanged");
  const before = addressOf(previous_message?.text ?? "", us);
  const after = addressOf(message.text ?? "", us);
  const isDirect = channel_type === "im";
  if (after.toSomebodyElse && !isDirect) return ignored("to-somebody-else");
  const heard = mentionOf({ ...parsed.data, event: { ...message, channel, channel_type } }, us, {
    text: after.text,
    addressed: true,
  });
  if (heard.is === "ignored") return heard;
  const wasForUs = isDirect || (before.us === "mentioned" && !before.toSomebodyElse);
  const isReply = !!message.thread_ts && message.thread_ts !== message.ts;
  const correction = correctionOf(heard, { before, after, at: message.edited.ts });
  // A reply in a thread that we follow was taken in without our name; any message, before our name was taken out of it.
  if (after.us === "mentioned" && !wasForUs)
    return correction.is === "mention" ? { ...heard, ifTaken: correction.mention } : heard;
  return wasForUs || isReply ? correction : ignored("no-mention-and-no-thread");
}

/** A mention of its own, which nobody addressed: where no session follows there is nothing to correct. */
function correctionOf({ mention }: Mentioned, edit: { before: Address; after: Address; at: string }): Heard {
  const { before, after, at } = edit;
  if (after.text === "") return ignored("no-text");
  if (after.text === before.text) return ignored("unchanged");
  // What came along with the message was handed over with it.
  const { about: _, files: __, ...said } = mention;
  const corrected = {
    text: correctedText(before.text, after.text),
    ...{ dedupe: `${mention.dedupe}/edit/${at}`, addressed: false, corrects: mention.message },
    at: msOf(at),
  };
  return { is: "mention", mention: { ...said, ...corrected } };
}

/** What somebody wanted to be begun anew has begun anew with its first words; these are for that, and not for yet another session. */
function correctedText(before: string, after: string): string {
  const [was, is] = [parseCommand(before), parseCommand(after)];
  return was.verb === "fresh" && is.verb === "fresh" && is.anew !== "" ? is.anew : after;
}
