/** Where something in Slack stands: the thread of a message that somebody reacted to, and whether we are in a channel at all. */
import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import { slackThreadKey } from "../core/correlation.ts";
import type { Mention } from "../core/types.ts";
import { call, slackWord } from "./slack-calls.ts";
import type { SlackPeople } from "./slack-people.ts";
import type { SlackThread } from "./slack-thread.ts";

/** The fields that we use. */
const Message = z.object({
  ts: z.string(),
  thread_ts: z.string().nullish(),
  user: z.string().nullish(),
  bot_id: z.string().nullish(),
  text: z.string().nullish(),
  reactions: z.array(z.object({ name: z.string(), users: z.array(z.string()) })).nullish(),
});
type Message = z.infer<typeof Message>;

/**
 * The mention with the key of the thread that its message stands in. Without a key, and so without a session, where that message is
 * neither an order nor one of ours, or where a bot reacted.
 */
export async function placed(
  { reads, people, self }: { reads: WebClient; people: SlackPeople; self(): Promise<string> },
  at: SlackThread,
  { lookup: _, ...mention }: Mention,
): Promise<Mention> {
  const message = await messageAt(reads, at.channel, mention.message);
  if (!message || !isOrderOrOurs(message, at.channel, await self())) return mention;
  const verdict = await people.authorize(mention.author.id, at);
  if (!verdict.allowed && verdict.code === "surface.bot") return mention;
  const threadTs = message.thread_ts ?? message.ts;
  const { team, channel } = at;
  return {
    ...mention,
    keys: [slackThreadKey(team, channel, threadTs)],
    thread: { surface: "slack", team, channel, threadTs },
  };
}

/** Our own id there, asked for once: it stays what it is, and everybody can react to everything. */
export function selfOf(reads: WebClient): () => Promise<string> {
  let known: string | undefined;
  return async () => {
    known ??= (await call(() => reads.auth.test())).user_id;
    return known ?? "";
  };
}

/** Replies are found by their own ts too; where Slack puts the root before them there are two. */
async function messageAt(reads: WebClient, channel: string, ts: string): Promise<Message | null> {
  const only = { channel, ts, oldest: ts, latest: ts, inclusive: true, limit: 2 };
  const { messages = [] } = await call(() => reads.conversations.replies(only));
  return messages.map((message) => Message.parse(message)).find((message) => message.ts === ts) ?? null;
}

/** An order speaks to us, or has got our 👀: a reply in a thread that we follow need not name us. */
function isOrderOrOurs({ user, bot_id, text, reactions }: Message, channel: string, self: string): boolean {
  if (user === self) return true;
  if (bot_id) return false;
  const isSeen = reactions?.some(({ name, users }) => name === "eyes" && users.includes(self)) ?? false;
  return isSeen || channel.startsWith("D") || (text ?? "").includes(`<@${self}`);
}

/** False only where Slack says so: of a private channel that we are not in it says that there is none. */
export async function isInChannel(reads: WebClient, channel: string): Promise<boolean> {
  try {
    const answer = await reads.conversations.info({ channel });
    return answer.channel?.is_member !== false || answer.channel.is_im === true;
  } catch (thrown) {
    return slackWord(thrown) !== "channel_not_found";
  }
}
