/** A person's message was deleted, or has left a tombstone because somebody had replied to it: what it asked for is taken back. */
import { z } from "zod";
import { msOf } from "../../src/surfaces/slack-moments.ts";
import { addressOf } from "./addressing.ts";
import { type Heard, Installation, ignored, MessageEvent, mentionOf, type Us } from "./envelope.ts";

/** Slack does not tell who deleted it. */
const Deleted = Installation.extend({
  event: z.object({
    channel: z.string(),
    channel_type: z.string().nullish(),
    /** Of the deletion. */
    ts: z.string(),
    previous_message: MessageEvent.omit({ channel: true, channel_type: true }),
  }),
});

export function onMessageDeleted(body: unknown, us: Us): Heard {
  const parsed = Deleted.safeParse(body);
  if (!parsed.success) return ignored("malformed");
  const { channel, channel_type, ts, previous_message: was } = parsed.data.event;
  const { us: named, toSomebodyElse } = addressOf(was.text ?? "", us);
  const isReply = !!was.thread_ts && was.thread_ts !== was.ts;
  if (channel_type !== "im" && !isReply && (named !== "mentioned" || toSomebodyElse))
    return ignored("no-mention-and-no-thread");
  const envelope = { ...parsed.data, event: { ...was, channel, channel_type } };
  const heard = mentionOf(envelope, us, { text: "", addressed: false });
  if (heard.is === "ignored") return heard;
  const { about: _, link: __, files: ___, ...said } = heard.mention;
  const taken = { dedupe: `${said.dedupe}/deleted`, corrects: said.message, at: msOf(ts) };
  return { is: "mention", mention: { ...said, ...taken } };
}
