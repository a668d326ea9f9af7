/** `app_mention`: our name in a channel that we are in. Slack sends it for names in code and in quotes too. */
import { addressOf } from "./addressing.ts";
import { Envelope, type Heard, ignored, mentionOf, type Us } from "./envelope.ts";

export function onAppMention(body: unknown, us: Us): Heard {
  const parsed = Envelope.safeParse(body);
  if (!parsed.success) return ignored("malformed");
  const { event } = parsed.data;
  if (event.user === us.userId) return ignored("own-message");
  if (event.bot_id || event.subtype === "bot_message") return ignored("bot");
  const address = addressOf(event.text ?? "", us);
  if (address.toSomebodyElse) return ignored("to-somebody-else");
  if (address.us === "quoted") return ignored("mention-in-code-or-quote");
  return mentionOf(parsed.data, us, { text: address.text, addressed: true });
}
