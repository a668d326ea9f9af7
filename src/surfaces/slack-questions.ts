/** The message of a question, posted once and settled where it stands. */
import type { AskedQuestion, SettledQuestion } from "../core/question.ts";
import { type SlackClients, unless } from "./slack-calls.ts";
import { renderQuestion, renderSettled } from "./slack-render-question.ts";
import type { SlackSessions } from "./slack-sessions.ts";
import { findStanding, post, type SlackThread, standingFor } from "./slack-thread.ts";
import type { MessageRef, PostId } from "./surface.ts";

export interface QuestionMessages {
  ask(at: SlackThread, question: AskedQuestion, id: PostId): Promise<MessageRef>;
  settle(at: SlackThread, question: SettledQuestion, id: PostId): Promise<void>;
}

/** Whoever deleted it has seen it; what Slack does not let us edit keeps its buttons, and they answer that it is over. */
const NOT_EDITABLE = ["message_not_found", "cant_update_message", "edit_window_closed"];

export function questionMessages({ answers, reads }: SlackClients, sessions: SlackSessions): QuestionMessages {
  return {
    async ask(at, question, id) {
      const { messages } = await standingFor(reads, at, id);
      const ref = messages.get(id.marker) ?? (await post(answers, at, renderQuestion(question), id.marker));
      sessions.waiting(at, question);
      return ref;
    },

    async settle(at, question, { marker }) {
      const ts = question.ref ?? (await findStanding(reads, at)).messages.get(marker);
      const edit = { channel: at.channel, ts: ts ?? "", ...renderSettled(question) };
      if (ts !== undefined) await unless(NOT_EDITABLE, () => answers.chat.update(edit));
      const { is } = question.decision;
      // Where the turn is over, its answer says so.
      if (is !== "stopped" && is !== "ended") sessions.working(at, question);
    },
  };
}
