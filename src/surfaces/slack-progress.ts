/** The one message of a turn that is edited: as Slack's own plan, or in lines where the workspace does not take that block. */
import type { Clock } from "../clock.ts";
import type { Progress } from "../core/types.ts";
import type { Log } from "../log.ts";
import type { Rendered } from "./slack-blocks.ts";
import { type SlackClients, slackWord, unless } from "./slack-calls.ts";
import { withChange } from "./slack-choices.ts";
import { refusalsOf } from "./slack-refusals.ts";
import { renderProgress, type StepsAs } from "./slack-render-progress.ts";
import type { SlackSessions } from "./slack-sessions.ts";
import { findStanding, post, type SlackThread } from "./slack-thread.ts";
import type { MessageRef, PostId } from "./surface.ts";

export interface ProgressMessages {
  /** Posts it where `known` is null. */
  show(
    at: SlackThread,
    what: { progress: Progress; page: string | null },
    known: MessageRef | null,
    id: PostId,
  ): Promise<MessageRef>;
}

/** The message that we would edit is not there any more, or Slack does not let it be edited. */
const NOT_EDITABLE = ["message_not_found", "cant_update_message", "edit_window_closed"];

interface Ground {
  sessions: SlackSessions;
  clock: Clock;
  log: Log;
  /** Those that one can change to. */
  repositories: readonly string[];
}

export function progressMessages(clients: SlackClients, ground: Ground): ProgressMessages {
  const { sessions, clock, log, repositories } = ground;
  const plans = refusalsOf("plan-blocks", log);
  return {
    async show(at, { progress, page }, ref, id) {
      if (progress.ended) sessions.over(at, progress);
      else if (progress.waits) sessions.waiting(at, progress);
      else sessions.working(at, progress);
      const known =
        ref ?? (id.again ? ((await findStanding(clients.reads, at)).messages.get(id.marker) ?? null) : null);
      // The last state takes the Stop button away, so it goes where things must arrive.
      const client = progress.ended ? clients.answers : clients.progress;
      const send = async (message: Rendered): Promise<MessageRef> => {
        const edit = { channel: at.channel, ts: known ?? "", ...message };
        // Metadata stays as it was posted, because `chat.update` leaves alone what it is not given.
        if (known !== null && (await unless(NOT_EDITABLE, () => client.chat.update(edit)))) return known;
        return post(client, at, message, id.marker);
      };
      const now = clock.now();
      const rendered = (as: StepsAs) => withChange(renderProgress(progress, page, now, as), progress, repositories);
      const inLines = () => send(rendered("lines"));
      if (plans.has(at.team)) return inLines();
      const asPlan = rendered("plan");
      try {
        return await send(asPlan);
      } catch (thrown) {
        if (slackWord(thrown) !== "invalid_blocks" || !hasPlan(asPlan)) throw thrown;
        plans.add(at.team, "invalid_blocks");
        return inLines();
      }
    },
  };
}

const hasPlan = ({ blocks }: Rendered): boolean => blocks.some(({ type }) => type === "plan");
