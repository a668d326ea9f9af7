/**
 * `message`: everything that is said where we are. A direct message and our name are for us; a plain reply in a thread may be, and the
 * engine knows whether a session follows that thread. The rest is dropped here, before it costs a database anything.
 */
import { z } from "zod";
import { addressOf } from "./addressing.ts";
import { Envelope, type Heard, ignored, mentionOf, type Us } from "./envelope.ts";
import { onMessageChanged } from "./message-changed.ts";
import { onMessageDeleted } from "./message-deleted.ts";

export function onMessage(body: unknown, us: Us): Heard {
  const kind = Kind.safeParse(body);
  if (!kind.success) return ignored("malformed");
  const { message: now, previous_message: before } = kind.data.event;
  const subtype = kind.data.event.subtype ?? "";
  const isDeleted = subtype === "message_deleted" || now?.subtype === "tombstone";
  // Each edit of our own progress comes back as one of these, again and again while a turn goes on.
  if (isDeleted) return isOfAPerson(before, us) ? onMessageDeleted(body, us) : ignored("edit-or-deletion");
  if (subtype === "message_changed")
    return isOfAPerson(now, us) ? onMessageChanged(body, us) : ignored("edit-or-deletion");
  if (subtype === "bot_message") return ignored("bot");
  if (!SUBTYPES_OF_PEOPLE.has(subtype)) return ignored("subtype");
  const parsed = Envelope.safeParse(body);
  return parsed.success ? onSaid(parsed.data, us) : ignored("malformed");
}

/** Only what is needed to drop the many that are not for us. */
const Whose = z
  .object({ user: z.string().nullish(), bot_id: z.string().nullish(), subtype: z.string().nullish() })
  .nullish();
/** `message` is what an edit leaves, `previous_message` what was there before. */
const Kind = z.object({
  event: z.object({ subtype: z.string().nullish(), message: Whose, previous_message: Whose }),
});

function isOfAPerson(message: z.infer<typeof Whose>, us: Us): boolean {
  if (!message?.user || message.bot_id || message.user === us.userId || message.user === "USLACKBOT") return false;
  return SUBTYPES_OF_PEOPLE.has(message.subtype ?? "");
}

/** Everything else is Slack telling of joins, topics and the like. */
const SUBTYPES_OF_PEOPLE = new Set(["", "file_share", "thread_broadcast"]);

function onSaid(envelope: Envelope, us: Us): Heard {
  const { event } = envelope;
  if (event.user === us.userId) return ignored("own-message");
  if (event.bot_id || event.user === "USLACKBOT") return ignored("bot");
  const address = addressOf(event.text ?? "", us);
  if (event.channel_type === "im") return mentionOf(envelope, us, { text: address.text, addressed: true });
  if (address.toSomebodyElse) return ignored("to-somebody-else");
  const addressed = address.us === "mentioned";
  if (!addressed && !event.thread_ts) return ignored("no-mention-and-no-thread");
  // A picture dropped into a thread asks nothing of us.
  if (!addressed && address.text === "") return ignored("no-text");
  return mentionOf(envelope, us, { text: address.text, addressed });
}
