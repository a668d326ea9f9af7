/**
 * Slack, the way out: one edited message while a turn goes on, one new message at its end, and what Slack knows about people and threads.
 * Every message carries its marker in Slack's metadata; an effect that is repeated looks there first, so that nothing is posted twice.
 */
import type { WebClient } from "@slack/web-api";
import type { Clock } from "../clock.ts";
import type { Answer, Mention, Thread } from "../core/types.ts";
import { ThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import { createPace } from "./pace.ts";
import type { Rendered } from "./slack-blocks.ts";
import { type SlackAccess, slackClients, slackWord, toSlackFailure, unless } from "./slack-calls.ts";
import { cardMessages } from "./slack-cards.ts";
import { withChoices } from "./slack-choices.ts";
import { sentDirectly } from "./slack-direct.ts";
import { fetchSlackFile } from "./slack-download.ts";
import { besideFeedback, withoutFeedback } from "./slack-feedback.ts";
import { ANSWER_FILE, answerFiles } from "./slack-file.ts";
import { openedBeside } from "./slack-open.ts";
import { type SlackAllow, slackPeople } from "./slack-people.ts";
import { placed, selfOf } from "./slack-place.ts";
import { progressMessages } from "./slack-progress.ts";
import { questionMessages } from "./slack-questions.ts";
import { renderAnswer, renderBeginning, renderNote, wholeAnswer, withButton } from "./slack-render.ts";
import { renderPing } from "./slack-render-card.ts";
import { slackSessions } from "./slack-sessions.ts";
import { findStanding, nothingStands, post, type SlackThread, type Standing, saidBefore } from "./slack-thread.ts";
import type { MessageRef, PostId, Surface } from "./surface.ts";

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

/** Slack can do all of it; whoever passes it on has to pass on all of it. */
export type SlackSurface = Required<Surface>;

/** See the header, and `surface.ts` for what each method promises. */
export function slackSurface(options: SlackSurfaceOptions): SlackSurface {
  const { clock, name } = options;
  const log = options.log.child({ surface: "slack" });
  const clients = slackClients(options, log, createPace(options));
  const { progress: edits, answers, reads } = clients;
  const self = selfOf(reads);
  const people = slackPeople({ reads, allow: options.allow, clock });
  const sessions = slackSessions({ edits, clock, log });
  const messages = progressMessages(clients, { clock, log, repositories: options.repositories ?? [] });
  const files = answerFiles({ answers, log });
  const questions = questionMessages(clients, sessions);
  const cards = cardMessages(clients, log);
  const asking = besideFeedback(log);

  return {
    pace: "sparing",

    authorize: (mention) => people.authorize(mention.author.id, inSlack(mention.thread)),

    complete: async (mention) =>
      mention.lookup === "thread" ? placed({ reads, people, self }, inSlack(mention.thread), mention) : mention,

    context: (mention) => saidBefore(reads, people, inSlack(mention.thread), mention.message),

    fetchFile: (file) => fetchSlackFile(options, reads, file),

    isPublic: (thread) => people.isPublic(inSlack(thread)),

    async acknowledge(mention) {
      const { channel } = inSlack(mention.thread);
      const eyes = { channel, name: "eyes", timestamp: mention.message };
      await unless(FINE_FOR_EYES, () => edits.reactions.add(eyes));
    },

    async refuse(mention, text, id, button) {
      const note = withButton(renderNote(text), button);
      if (await unless(NOT_SEEN, () => postAlone(answers, mention, note))) return;
      const told = await sentDirectly(clients, [mention.author], note, id);
      if (told !== null) return;
      log.info({ mention: mention.id, person: mention.author.id, refusal: text }, "slack.refusal-unseen");
    },

    async show(thread, progress, page, ref, id) {
      const at = inSlack(thread);
      if (progress.ended) sessions.over(at, progress);
      else if (progress.waits) sessions.waiting(at, progress);
      else sessions.working(at, progress);
      return messages.show(at, { progress, page }, ref, id).catch((thrown) => hintToInvite(thrown, name));
    },

    async answer(thread, answer, id) {
      const at = inSlack(thread);
      const whole = renderAnswer(answer);
      try {
        const ref = await postAnswer(at, answer, whole, id);
        sessions.over(at, answer);
        return ref;
      } catch (thrown) {
        const failure = toSlackFailure(thrown);
        if (!isNoPlace(failure)) throw failure;
        const why = renderNote(
          `I cannot post where you asked for "${answer.title}": ${failure.detail}. So you get it here.`,
        );
        const ref = await sentDirectly(clients, answer.askers, [...why, ...whole.map(withoutFeedback)], id);
        if (ref === null) throw failure;
        log.info({ turn: answer.turn, code: failure.code, detail: failure.detail }, "slack.answered-directly");
        return ref;
      }
    },

    ask: (thread, question, id) =>
      questions.ask(inSlack(thread), question, id).catch((thrown) => hintToInvite(thrown, name)),

    settle: (thread, question, id) => questions.settle(inSlack(thread), question, id),

    async say(thread, text, id, choices = []) {
      const at = inSlack(thread);
      const standing = id.again ? await findStanding(reads, at) : nothingStands();
      return postAll(at, withChoices(renderNote(text), choices), id, standing);
    },

    async ping(thread, text, people, id) {
      const at = inSlack(thread);
      const standing = id.again ? await findStanding(reads, at) : nothingStands();
      return postAll(at, [renderPing(text, people)], id, standing);
    },

    card: (thread, card, ref, id) =>
      cards.show(inSlack(thread), card, ref, id).catch((thrown) => hintToInvite(thrown, name)),

    open: (thread, text, id) => openedBeside(clients, inSlack(thread), text, id),
  };

  /** Where it is longer than people read in a thread, the whole is a file, uploaded first: its beginning then says where it is. */
  async function postAnswer(at: SlackThread, answer: Answer, whole: Rendered[], id: PostId): Promise<MessageRef> {
    const standing = id.again ? await findStanding(reads, at) : nothingStands();
    if (whole.length <= MAX_MESSAGES) return postAll(at, whole, id, standing);
    const permalink = await files.upload(at, wholeAnswer(answer), id.marker, standing);
    const pieces = permalink === null ? whole : [renderBeginning(answer, { name: ANSWER_FILE, permalink })];
    return postAll(at, pieces, id, standing);
  }

  /** Piece by piece, each under a marker of its own: what broke off half-way is completed, not begun again. */
  async function postAll(at: SlackThread, pieces: Rendered[], id: PostId, standing: Standing): Promise<MessageRef> {
    const refs: MessageRef[] = [];
    for (const [i, piece] of pieces.entries()) {
      const marker = `${id.marker}/${i}`;
      const known = standing.messages.get(marker);
      const send = (message: Rendered) => post(answers, at, message, marker);
      refs.push(known ?? (await asking(at.team, piece, send).catch((thrown) => hintToInvite(thrown, name))));
    }
    if (refs[0] === undefined) throw new ThreadboxError("internal", "there was nothing to say");
    return refs[0];
  }
}

/** A thread is for reading in passing; what is longer than two screenfuls of Slack's largest message is read elsewhere. */
const MAX_MESSAGES = 2;

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

/** An ephemeral message reaches only people who are in the channel, where the bot is too. */
const NOT_SEEN = ["user_not_in_channel", "not_in_channel", "channel_not_found", "is_archived", "messages_tab_disabled"];

/** Nothing can be posted there any more, whatever it is; another place may still do. A dead token has no other place. */
function isNoPlace(failure: ThreadboxError): boolean {
  if (failure.code === "surface.thread-gone" || failure.code === "surface.not-in-channel") return true;
  return slackWord(failure)?.startsWith("restricted_action") ?? false;
}

/** Slack shows an ephemeral message in a thread only to people who have it open, and nobody has a thread that does not exist yet. */
function postAlone(client: WebClient, mention: Mention, [first]: Rendered[]): Promise<unknown> {
  const { channel, threadTs } = inSlack(mention.thread);
  const isReply = mention.message !== threadTs;
  if (!first) return Promise.resolve();
  const to = { channel, user: mention.author.id };
  return client.chat.postEphemeral({ ...to, ...first, ...(isReply ? { thread_ts: threadTs } : {}) });
}

function hintToInvite(thrown: unknown, name: string): never {
  const failure = toSlackFailure(thrown);
  if (failure.code !== "surface.not-in-channel") throw failure;
  throw new ThreadboxError(failure.code, `The bot is not in the channel: /invite @${name}`, { cause: failure });
}

function inSlack(thread: Thread): SlackThread {
  if (thread.surface !== "slack") throw new ThreadboxError("internal", `a thread of ${thread.surface} reached Slack`);
  return thread;
}
