/** What Slack's events have in common: who we are there, the fields that we read, and the mention that a message becomes. */
import type { types } from "@slack/bolt";
import { z } from "zod";
import { slackThreadKey } from "../../src/core/correlation.ts";
import type { Feedback } from "../../src/core/feedback.ts";
import type { Membership } from "../../src/core/identity.ts";
import type { Move } from "../../src/core/places.ts";
import type { NewMention, Thread } from "../../src/core/types.ts";
import { attachedFiles, SlackFile } from "../../src/surfaces/slack-attached.ts";
import { msOf } from "../../src/surfaces/slack-moments.ts";
import { Attachment, forwardedFiles, forwardedText } from "../../src/surfaces/slack-text.ts";

/** Ourselves, as `auth.test` tells it. */
export interface Us {
  userId: string;
  botId: string;
  teamId: string;
  /** The workspace's address, `https://acme.slack.com/`: links are made of it without asking. */
  url: string;
  /** What people type: `threadbox`. */
  name: string;
}

/** What a handler made of an event. The reasons are literal, so that "why did it not answer?" can be searched for. */
export type Heard = Mentioned | { is: "ignored"; reason: IgnoredReason };

/** Something has to be asked back in a form. */
export interface FormAsked {
  trigger: string;
  view: types.ModalView;
}

/** What follows from a click: it is heard, it is news, something has to be asked back first, or somebody looks at their App Home. */
export type Clicked = Heard | News | ({ is: "form" } & FormAsked) | { is: "home"; person: Membership };

/** What is no mention, and is stored all the same. */
export type News =
  | { is: "moved"; move: Move }
  | { is: "renamed"; thread: Thread; title: string }
  /** `ask`: what to ask back once it is stored. */
  | { is: "feedback"; feedback: Feedback; ask?: FormAsked };

export interface Mentioned {
  is: "mention";
  mention: NewMention;
  /** What it is where that very message was taken in before. */
  ifTaken?: NewMention;
}

export type IgnoredReason =
  | "malformed"
  | "no-handler"
  | "edit-or-deletion"
  | "unchanged"
  | "link-opened"
  | "other-reaction"
  | "other-tab"
  | "subtype"
  | "bot"
  | "own-message"
  | "to-somebody-else"
  | "mention-in-code-or-quote"
  | "no-mention-and-no-thread"
  | "no-text"
  | "no-thread";

export const ignored = (reason: IgnoredReason): Heard => ({ is: "ignored", reason });

/** Of a `message` and of an `app_mention`; edits and joins have other fields, so nearly nothing is required. */
export const MessageEvent = z.object({
  channel: z.string(),
  channel_type: z.string().nullish(),
  ts: z.string(),
  thread_ts: z.string().nullish(),
  subtype: z.string().nullish(),
  user: z.string().nullish(),
  bot_id: z.string().nullish(),
  text: z.string().nullish(),
  files: z.array(SlackFile).nullish().catch(null),
  attachments: z.array(Attachment).nullish(),
});
export type MessageEvent = z.infer<typeof MessageEvent>;

/** What stands around every event. */
export const Installation = z.object({
  team_id: z.string().nullish(),
  /** Whose installation this delivery belongs to; in a channel shared with others `team_id` is the author's. */
  authorizations: z.array(z.object({ team_id: z.string().nullish() })).nullish(),
});

export const Envelope = Installation.extend({ event: MessageEvent });
export type Envelope = z.infer<typeof Envelope>;

export const teamOf = ({ authorizations, team_id }: z.infer<typeof Installation>, us: Us): string =>
  authorizations?.[0]?.team_id ?? team_id ?? us.teamId;

/** `text` is plain, our name taken out. The same for `app_mention` and for `message`, so that whichever comes first counts. */
export function mentionOf(
  envelope: Envelope,
  us: Us,
  { text, addressed }: { text: string; addressed: boolean },
): Heard {
  const { event } = envelope;
  if (!event.user) return ignored("bot");
  const team = teamOf(envelope, us);
  const threadTs = event.thread_ts ?? event.ts;
  const { files, about } = attachedTo(event);
  const mention: NewMention = {
    // Slack tells of one message twice, as `message` and as `app_mention`, under two event ids and one ts.
    dedupe: `slack:${team}/${event.channel}/${event.ts}`,
    keys: [slackThreadKey(team, event.channel, threadTs)],
    thread: { surface: "slack", team, channel: event.channel, threadTs },
    author: { surface: "slack", id: event.user, name: event.user },
    text,
    addressed,
    at: msOf(event.ts),
    message: event.ts,
    link: permalink(us, event, threadTs),
  };
  return { is: "mention", mention: { ...mention, ...(about === "" ? {} : { about }), ...files } };
}

/** What comes with a message: files, what it forwards, and which files the agent does not get, rather than left to wonder about "the screenshot". */
export function attachedTo(event: Pick<MessageEvent, "files" | "attachments">): {
  files: Pick<NewMention, "files">;
  about: string;
} {
  const { files, leftOut } = attachedFiles([...(event.files ?? []), ...forwardedFiles(event.attachments)]);
  const about = [forwardedText(event.attachments), ...leftOut].filter(Boolean).join("\n\n");
  return { files: files.length > 0 ? { files } : {}, about };
}

function permalink(us: Us, event: MessageEvent, threadTs: string): string {
  const at = `${us.url.replace(/\/$/, "")}/archives/${event.channel}/p${event.ts.replace(".", "")}`;
  return threadTs === event.ts ? at : `${at}?thread_ts=${threadTs}&cid=${event.channel}`;
}
