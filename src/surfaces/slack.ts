/**
 * Slack, the way out: one edited message while a turn goes on, one new message at its end, and what Slack knows about people and threads.
 * Every message carries its marker in Slack's metadata; an effect that is repeated looks there first, so that nothing is posted twice.
 */
import type { WebClient } from "@slack/web-api";
import type { Clock } from "../clock.ts";
import type { Thread } from "../core/types.ts";
import type { Log } from "../log.ts";
import { createPace } from "./pace.ts";
import { toldAlone } from "./slack-alone.ts";
import { answerMessages } from "./slack-answers.ts";
import { type SlackAccess, type SlackClients, slackClients, unless } from "./slack-calls.ts";
import { cardMessages } from "./slack-cards.ts";
import { withChoices } from "./slack-choices.ts";
import { fetchSlackFile } from "./slack-download.ts";
import { invitingAs } from "./slack-invite.ts";
import { closeMenu } from "./slack-menus.ts";
import { openedBeside } from "./slack-open.ts";
import { type SlackAllow, slackPeople } from "./slack-people.ts";
import { pieceMessages } from "./slack-pieces.ts";
import { placed, selfOf } from "./slack-place.ts";
import { progressMessages } from "./slack-progress.ts";
import { questionMessages } from "./slack-questions.ts";
import { renderNote, withButton } from "./slack-render.ts";
import { renderPing } from "./slack-render-card.ts";
import { slackSessions } from "./slack-sessions.ts";
import { inSlack, saidBefore } from "./slack-thread.ts";
import type { Surface } from "./surface.ts";

export interface SlackSurfaceOptions extends SlackAccess {
  allow: SlackAllow;
  /** What people call the bot, for the hint to invite it. */
  name: string;
  /** Names of the repositories that can be worked on. */
  repositories?: readonly string[];
  log: Log;
  clock: Clock;
  /** Keeps to Slack's rates by itself. Off only where Slack is emulated; what Slack says of its limits is obeyed in any case. */
  paced?: boolean;
}

/** See the header, and `surface.ts` for what each method promises. */
export function slackSurface(options: SlackSurfaceOptions): Surface {
  const { clock, name } = options;
  const log = options.log.child({ surface: "slack" });
  const clients = slackClients(options, log, createPace(options));
  const inviting = invitingAs(name);
  const sessions = slackSessions({ edits: clients.progress, clock, log });
  const progresses = progressMessages(clients, { sessions, clock, log, repositories: options.repositories ?? [] });
  const pieces = pieceMessages(clients, { inviting, log });
  const answers = answerMessages(clients, { pieces, sessions, log });
  const questions = questionMessages(clients, sessions);
  const cards = cardMessages(clients, log);

  return {
    ...knowing(options, clients),

    pace: "sparing",

    async acknowledge(mention) {
      const { chosen, message: ts } = mention;
      if (chosen) return closeMenu(clients, { channel: inSlack(mention.thread).channel, ts }, chosen);
      await eyesOn(clients.progress, mention);
    },

    async refuse(mention, text, id, button) {
      if (await toldAlone(clients, mention, withButton(renderNote(text), button), id)) return;
      log.info({ mention: mention.id, person: mention.author.id, refusal: text }, "slack.refusal-unseen");
    },

    show: (thread, progress, page, ref, id) => inviting(progresses.show(inSlack(thread), { progress, page }, ref, id)),

    answer: (thread, answer, id) => answers.post(inSlack(thread), answer, id),

    ask: (thread, question, id) => inviting(questions.ask(inSlack(thread), question, id)),

    settle: (thread, question, id) => questions.settle(inSlack(thread), question, id),

    say: (thread, text, id, choices = []) => pieces.post(inSlack(thread), withChoices(renderNote(text), choices), id),

    resolve: async () => {},

    ping: (thread, text, people, id) => pieces.post(inSlack(thread), [renderPing(text, people)], id),

    card: (thread, card, ref, id) => inviting(cards.show(inSlack(thread), card, ref, id)),

    open: (thread, text, id) => openedBeside(clients, inSlack(thread), text, id),
  };
}

/** What Slack knows about people and threads. */
function knowing(
  options: SlackSurfaceOptions,
  { reads }: SlackClients,
): Pick<Surface, "authorize" | "complete" | "context" | "fetchFile" | "isPublic"> {
  const self = selfOf(reads);
  const people = slackPeople({ reads, allow: options.allow, clock: options.clock });
  return {
    authorize: (mention) => people.authorize(mention.author.id, inSlack(mention.thread)),

    complete: async (mention) =>
      mention.lookup === "thread" ? placed({ reads, people, self }, inSlack(mention.thread), mention) : mention,

    context: (mention) => saidBefore(reads, people, inSlack(mention.thread), mention.message),

    fetchFile: (file) => fetchSlackFile(options, reads, file),

    isPublic: (thread) => people.isPublic(inSlack(thread)),
  };
}

async function eyesOn(edits: WebClient, { thread, message }: { thread: Thread; message: string }): Promise<void> {
  const eyes = { channel: inSlack(thread).channel, name: "eyes", timestamp: message };
  await unless(FINE_FOR_EYES, () => edits.reactions.add(eyes));
}

/** `locked` threads and messages that cannot be reacted to are no reason to fail a turn: the eyes are a courtesy. */
const FINE_FOR_EYES = [
  "already_reacted",
  "message_not_found",
  "bad_timestamp",
  "too_many_reactions",
  "too_many_emoji",
  "not_reactable",
  "thread_locked",
];
