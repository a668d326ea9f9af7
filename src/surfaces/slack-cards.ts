/** The message about a pull request, posted once and edited where it stands: as Slack's own card, or in lines where the workspace does not take that block. */
import type { Card } from "../core/card.ts";
import type { Log } from "../log.ts";
import type { Rendered } from "./slack-blocks.ts";
import { type SlackClients, slackWord, unless } from "./slack-calls.ts";
import { refusalsOf } from "./slack-refusals.ts";
import { type CardAs, renderCard } from "./slack-render-card.ts";
import { findStanding, post, type SlackThread } from "./slack-thread.ts";
import type { MessageRef, PostId } from "./surface.ts";

export interface CardMessages {
  /** Posts it where `ref` is null. */
  show(at: SlackThread, card: Card, ref: MessageRef | null, id: PostId): Promise<MessageRef>;
}

/** Whoever deleted it does not want it; what Slack does not let us edit stays as it was. */
const NOT_EDITABLE = ["message_not_found", "cant_update_message", "edit_window_closed"];

export function cardMessages({ answers, reads }: SlackClients, log: Log): CardMessages {
  const refusals = refusalsOf("card-blocks", log);
  return {
    async show(at, card, ref, { marker, again }) {
      const known = ref ?? (again ? ((await findStanding(reads, at)).messages.get(marker) ?? null) : null);
      const send = async (message: Rendered): Promise<MessageRef> => {
        if (known === null) return post(answers, at, message, marker);
        const edit = { channel: at.channel, ts: known, ...message };
        await unless(NOT_EDITABLE, () => answers.chat.update(edit));
        return known;
      };
      const as = (how: CardAs) => send(renderCard(card, how));
      if (refusals.has(at.team)) return as("lines");
      try {
        return await as("card");
      } catch (thrown) {
        if (slackWord(thrown) !== "invalid_blocks") throw thrown;
        const sent = await as("lines");
        // Only now: the message might have been refused for something else.
        refusals.add(at.team, "invalid_blocks");
        return sent;
      }
    },
  };
}
