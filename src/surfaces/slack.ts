/**
 * Slack, the way out: one edited message while a turn goes on, one new message at its end, and what Slack knows about people and threads.
 * Every message carries its marker in Slack's metadata; an effect that is repeated looks there first, so that nothing is posted twice.
 */
import type { WebClient } from "@slack/web-api";
import type { Clock } from "../clock.ts";
import type { Mention, Thread } from "../core/types.ts";
import { ThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import { createPace } from "./pace.ts";
import { type SlackAccess, slackClients, slackWord, toSlackFailure } from "./slack-calls.ts";
import { sentDirectly } from "./slack-direct.ts";
import { fetchSlackFile } from "./slack-download.ts";
import { type SlackAllow, slackPeople } from "./slack-people.ts";
import { placed } from "./slack-place.ts";
import { type Rendered, renderAnswer, renderNote, renderProgress, withChoices } from "./slack-render.ts";
import { findMarkers, post, type SlackThread, saidBefore } from "./slack-thread.ts";
import type { MessageRef, PostId, Surface } from "./surface.ts";

export interface SlackSurfaceOptions extends SlackAccess {
  allow: SlackAllow;
  /** What people call the bot, for the hint to invite it. */
  name: string;
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
  const { progress: edits, answers, reads } = clients;
  const people = slackPeople({ reads, allow: options.allow, clock });

  return {
    pace: "sparing",

    authorize: (mention) => people.authorize(mention.author.id, inSlack(mention.thread)),

    complete: async (mention) =>
      mention.lookup === "thread" ? placed({ reads, people }, inSlack(mention.thread), mention) : mention,

    context: (mention) => saidBefore(reads, people, inSlack(mention.thread), mention.message),

    fetchFile: (file) => fetchSlackFile(options, reads, file),

    async acknowledge(mention) {
      const { channel } = inSlack(mention.thread);
      const eyes = { channel, name: "eyes", timestamp: mention.message };
      await unless(FINE_FOR_EYES, () => edits.reactions.add(eyes));
    },

    async refuse(mention, text, id) {
      if (await unless(NOT_SEEN, () => postAlone(answers, mention, text))) return;
      const told = await sentDirectly(clients, [mention.author], renderNote(text), id);
      if (told !== null) return;
      log.info({ mention: mention.id, person: mention.author.id, refusal: text }, "slack.refusal-unseen");
    },

    async show(thread, progress, page, ref, id) {
      const at = inSlack(thread);
      const message = renderProgress(progress, page, clock.now());
      const known = ref ?? (id.again ? ((await findMarkers(reads, at)).get(id.marker) ?? null) : null);
      // The last state takes the Stop button away, so it goes where things must arrive.
      const client = progress.ended ? answers : edits;
      if (known !== null && (await edited(client, at, known, message))) return known;
      return post(client, at, message, id.marker).catch((thrown) => hintToInvite(thrown, name));
    },

    async answer(thread, answer, id) {
      const messages = renderAnswer(answer);
      try {
        return await postAll(inSlack(thread), messages, id);
      } catch (thrown) {
        const failure = toSlackFailure(thrown);
        if (!isNoPlace(failure)) throw failure;
        const why = renderNote(
          `I cannot post where you asked for "${answer.title}": ${failure.detail}. So you get it here.`,
        );
        const ref = await sentDirectly(clients, answer.askers, [...why, ...messages], id);
        if (ref === null) throw failure;
        log.info({ turn: answer.turn, code: failure.code, detail: failure.detail }, "slack.answered-directly");
        return ref;
      }
    },

    say: (thread, text, id, choices = []) => postAll(inSlack(thread), withChoices(renderNote(text), choices), id),
  };

  /** Piece by piece, each under a marker of its own: what broke off half-way is completed, not begun again. */
  async function postAll(at: SlackThread, messages: Rendered[], id: PostId): Promise<MessageRef> {
    const posted = id.again ? await findMarkers(reads, at) : new Map<string, MessageRef>();
    const refs: MessageRef[] = [];
    for (const [i, message] of messages.entries()) {
      const marker = `${id.marker}/${i}`;
      const ref = posted.get(marker) ?? (await post(answers, at, message, marker).catch((e) => hintToInvite(e, name)));
      refs.push(ref);
    }
    if (refs[0] === undefined) throw new ThreadboxError("internal", "there was nothing to say");
    return refs[0];
  }
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

/** An ephemeral message reaches only people who are in the channel, where the bot is too. */
const NOT_SEEN = ["user_not_in_channel", "not_in_channel", "channel_not_found", "is_archived", "messages_tab_disabled"];

/** The message that we would edit is not there any more, or Slack does not let it be edited. */
const NOT_EDITABLE = ["message_not_found", "cant_update_message", "edit_window_closed"];

/** True when the call went through, false when Slack answered with one of these words. */
async function unless(words: string[], what: () => Promise<unknown>): Promise<boolean> {
  try {
    await what();
    return true;
  } catch (thrown) {
    if (words.includes(slackWord(thrown) ?? "")) return false;
    throw toSlackFailure(thrown);
  }
}

/** Nothing can be posted there any more, whatever it is; another place may still do. A dead token has no other place. */
function isNoPlace(failure: ThreadboxError): boolean {
  if (failure.code === "surface.thread-gone" || failure.code === "surface.not-in-channel") return true;
  return slackWord(failure)?.startsWith("restricted_action") ?? false;
}

/** Metadata stays as it was posted, because `chat.update` leaves alone what it is not given. */
function edited(client: WebClient, at: SlackThread, ref: MessageRef, message: Rendered): Promise<boolean> {
  return unless(NOT_EDITABLE, () => client.chat.update({ channel: at.channel, ts: ref, ...message }));
}

/** Slack shows an ephemeral message in a thread only to people who have it open, and nobody has a thread that does not exist yet. */
function postAlone(client: WebClient, mention: Mention, text: string): Promise<unknown> {
  const { channel, threadTs } = inSlack(mention.thread);
  const isReply = mention.message !== threadTs;
  const [first] = renderNote(text);
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
