/** What is for one person: in the thread for their eyes alone, and where that shows them nothing, in a direct message. */
import type { WebClient } from "@slack/web-api";
import type { Mention } from "../core/types.ts";
import type { Rendered } from "./slack-blocks.ts";
import { type SlackClients, unless } from "./slack-calls.ts";
import { sentDirectly } from "./slack-direct.ts";
import { inSlack } from "./slack-thread.ts";
import type { PostId } from "./surface.ts";

/** False where they could not be told. */
export async function toldAlone(
  clients: SlackClients,
  mention: Mention,
  note: Rendered[],
  id: PostId,
): Promise<boolean> {
  if (await unless(NOT_SEEN, () => postAlone(clients.answers, mention, note))) return true;
  return (await sentDirectly(clients, [mention.author], note, id)) !== null;
}

/** An ephemeral message reaches only people who are in the channel, where the bot is too. */
const NOT_SEEN = ["user_not_in_channel", "not_in_channel", "channel_not_found", "is_archived", "messages_tab_disabled"];

/** Slack shows an ephemeral message in a thread only to people who have it open, and nobody has a thread that does not exist yet. */
function postAlone(client: WebClient, mention: Mention, [first]: Rendered[]): Promise<unknown> {
  const { channel, threadTs } = inSlack(mention.thread);
  const isReply = mention.message !== threadTs;
  if (!first) return Promise.resolve();
  const to = { channel, user: mention.author.id };
  return client.chat.postEphemeral({ ...to, ...first, ...(isReply ? { thread_ts: threadTs } : {}) });
}
