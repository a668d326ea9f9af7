/**
 * `message`: everything that is said where we are. A direct message and our name are for us; a plain reply in a thread may be, and the
 * engine knows whether a session follows that thread. The rest is dropped here, before it costs a database anything.
 */
import { z } from "zod";
import { addressOf } from "./addressing.ts";
import { Envelope, type Heard, ignored, mentionOf, type Us } from "./envelope.ts";

export function onMessage(body: unknown, us: Us): Heard {
  const kind = Kind.safeParse(body);
  if (!kind.success) return ignored("malformed");
  const subtype = kind.data.event.subtype ?? "";
  // Each edit of our own progress comes back as one of these, again and again while a turn goes on.
  if (subtype === "message_changed" || subtype === "message_deleted") return ignored("edit-or-deletion");
  if (subtype === "bot_message") return ignored("bot");
  if (!SUBTYPES_OF_PEOPLE.has(subtype)) return ignored("subtype");
  const parsed = Envelope.safeParse(body);
  return parsed.success ? onSaid(parsed.data, us) : ignored("malformed");
}

/** Only what is needed to drop the many that are not for us. */
const Kind = z.object({ event: z.object({ subtype: z.string().nullish() }) });

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
