/** The message with the menu under it, once somebody has chosen. */
import type { Chosen } from "../core/menu.ts";
import { code, plain, section } from "./slack-blocks.ts";
import { type SlackClients, unless } from "./slack-calls.ts";

/** The same message says who chose what, and nothing in it can be chosen any more. */
export async function closeMenu(
  { answers }: Pick<SlackClients, "answers">,
  at: { channel: string; ts: string },
  { repository, by }: Chosen,
): Promise<void> {
  const text = `Which repository? ${code(repository)}, chosen by ${plain(by)}.`;
  await unless(NOT_EDITABLE, () => answers.chat.update({ ...at, text, blocks: [section(text)] }));
}

/** Whoever deleted it has seen it. */
const NOT_EDITABLE = ["message_not_found", "cant_update_message", "edit_window_closed"];
