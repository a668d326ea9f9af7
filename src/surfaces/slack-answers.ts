/** The answer of a turn: in its thread, a long one as a file besides; and where nothing can be posted there any more, to those who asked. */
import type { Answer } from "../core/types.ts";
import type { ThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Rendered } from "./slack-blocks.ts";
import { type SlackClients, slackWord, toSlackFailure } from "./slack-calls.ts";
import { sentDirectly } from "./slack-direct.ts";
import { withoutFeedback } from "./slack-feedback.ts";
import { ANSWER_FILE, answerFiles } from "./slack-file.ts";
import type { PieceMessages } from "./slack-pieces.ts";
import { renderAnswer, renderBeginning, renderNote, wholeAnswer } from "./slack-render.ts";
import type { SlackSessions } from "./slack-sessions.ts";
import { type SlackThread, standingFor } from "./slack-thread.ts";
import type { MessageRef, PostId } from "./surface.ts";

export interface AnswerMessages {
  post(at: SlackThread, answer: Answer, id: PostId): Promise<MessageRef>;
}

/** A thread is for reading in passing; what is longer than two screenfuls of Slack's largest message is read elsewhere. */
const MAX_MESSAGES = 2;

interface Ground {
  pieces: PieceMessages;
  sessions: SlackSessions;
  log: Log;
}

export function answerMessages(clients: SlackClients, { pieces, sessions, log }: Ground): AnswerMessages {
  const files = answerFiles({ answers: clients.answers, log });

  /** The file is uploaded first: the beginning then says where it is. */
  async function inThread(at: SlackThread, answer: Answer, whole: Rendered[], id: PostId): Promise<MessageRef> {
    const standing = await standingFor(clients.reads, at, id);
    if (whole.length <= MAX_MESSAGES) return pieces.post(at, whole, id, standing);
    const permalink = await files.upload(at, wholeAnswer(answer), id.marker, standing);
    const shown = permalink === null ? whole : [renderBeginning(answer, { name: ANSWER_FILE, permalink })];
    return pieces.post(at, shown, id, standing);
  }

  return {
    async post(at, answer, id) {
      const whole = renderAnswer(answer);
      try {
        const ref = await inThread(at, answer, whole, id);
        sessions.over(at, answer);
        return ref;
      } catch (thrown) {
        const failure = toSlackFailure(thrown);
        if (!isNoPlace(failure)) throw failure;
        const ref = await sentDirectly(clients, answer.askers, instead(answer, whole, failure), id);
        if (ref === null) throw failure;
        log.info({ turn: answer.turn, code: failure.code, detail: failure.detail }, "slack.answered-directly");
        return ref;
      }
    },
  };
}

/** Nothing can be posted there any more, whatever it is; another place may still do. A dead token has no other place. */
function isNoPlace(failure: ThreadboxError): boolean {
  if (failure.code === "surface.thread-gone" || failure.code === "surface.not-in-channel") return true;
  return slackWord(failure)?.startsWith("restricted_action") ?? false;
}

function instead({ title }: Answer, whole: Rendered[], { detail }: ThreadboxError): Rendered[] {
  const why = renderNote(`I cannot post where you asked for "${title}": ${detail}. So you get it here.`);
  return [...why, ...whole.map(withoutFeedback)];
}
