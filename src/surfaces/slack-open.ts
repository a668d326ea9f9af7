/** A thread that the bot itself begins: a message of ours in the channel of another thread. */
import { call, type SlackClients } from "./slack-calls.ts";
import { renderNote } from "./slack-render.ts";
import { findStandingIn, nothingStands, post, type SlackThread } from "./slack-thread.ts";
import type { Opened, PostId } from "./surface.ts";

export async function openedBeside(
  { answers, reads }: SlackClients,
  { team, channel }: SlackThread,
  text: string,
  { marker, again }: PostId,
): Promise<Opened> {
  const standing = again ? await findStandingIn(reads, channel) : nothingStands();
  const [note = { text, blocks: [] }] = renderNote(text);
  const ts = standing.messages.get(marker) ?? (await post(answers, { channel }, note, marker));
  // What it is called is known by now, and a link is a courtesy.
  const address = await call(() => reads.chat.getPermalink({ channel, message_ts: ts })).catch(() => null);
  return { thread: { surface: "slack", team, channel, threadTs: ts }, message: ts, link: address?.permalink ?? null };
}
