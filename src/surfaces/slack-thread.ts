/** A Slack thread: what people said in it before a mention, which of our own messages already stand there, and one more of them. */
import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import type { Attachment as AttachedFile, Said, Thread } from "../core/types.ts";
import { ThreadboxError } from "../errors.ts";
import { attachedFiles, SlackFile } from "./slack-attached.ts";
import type { Rendered } from "./slack-blocks.ts";
import { call } from "./slack-calls.ts";
import { msOf } from "./slack-moments.ts";
import type { SlackPeople } from "./slack-people.ts";
import { Attachment, forwardedFiles, forwardedText, plainText } from "./slack-text.ts";
import type { MessageRef, PostId } from "./surface.ts";

/** The `event_type` of the metadata on everything that we post. */
const METADATA_TYPE = "threadbox";

export interface SlackThread {
  team: string;
  channel: string;
  threadTs: string;
}

/** Whoever passes on a thread of another surface has a bug. */
export function inSlack(thread: Thread): Extract<Thread, { surface: "slack" }> {
  if (thread.surface !== "slack") throw new ThreadboxError("internal", `a thread of ${thread.surface} reached Slack`);
  return thread;
}

/** Without a thread it goes into the channel itself. */
export async function post(
  client: WebClient,
  at: { channel: string; threadTs?: string },
  message: Rendered,
  marker: string,
): Promise<MessageRef> {
  const answer = await call(() =>
    client.chat.postMessage({
      channel: at.channel,
      ...(at.threadTs ? { thread_ts: at.threadTs } : {}),
      ...message,
      metadata: { event_type: METADATA_TYPE, event_payload: { marker } },
      unfurl_links: false,
      unfurl_media: false,
    }),
  );
  if (!answer.ts) throw new ThreadboxError("surface.unavailable", "Slack took a message and did not name it");
  return answer.ts;
}

/** What stands in a thread already. */
export interface Standing {
  /** Our messages, by the marker that they were posted with. */
  messages: Map<string, MessageRef>;
  /** The address of each file, by its title: what is uploaded carries no marker. */
  files: Map<string, string>;
}

export async function findStanding(reads: WebClient, thread: SlackThread): Promise<Standing> {
  const found = nothingStands();
  for await (const message of replies(reads, thread, { include_all_metadata: true })) note(found, message);
  return found;
}

/** The same for a channel or a direct message itself, with what stands in it outside of threads: its newest page. */
export async function findStandingIn(reads: WebClient, channel: string): Promise<Standing> {
  const found = nothingStands();
  const page = { channel, limit: PAGE_MESSAGES, include_all_metadata: true };
  const { messages = [] } = await call(() => reads.conversations.history(page));
  for (const message of messages) note(found, Message.parse(message));
  return found;
}

/** Looked for only where an earlier attempt may have got through. */
export const standingFor = async (reads: WebClient, thread: SlackThread, { again }: PostId): Promise<Standing> =>
  again ? findStanding(reads, thread) : nothingStands();

export const nothingStands = (): Standing => ({ messages: new Map(), files: new Map() });

function note({ messages, files }: Standing, { metadata, ts, files: attached }: Message): void {
  const marker = metadata?.event_type === METADATA_TYPE ? metadata.event_payload?.marker : null;
  if (marker && !messages.has(marker)) messages.set(marker, ts);
  for (const { title, permalink } of attached ?? []) if (title) files.set(title, permalink ?? "");
}

/** What people said before `messageTs`, oldest first: the root and the newest, as many as the budget holds. */
export async function saidBefore(
  reads: WebClient,
  people: SlackPeople,
  thread: SlackThread,
  messageTs: string,
): Promise<Said[]> {
  if (messageTs === thread.threadTs) return []; // it opened the thread
  const spoken: Spoken[] = [];
  for await (const message of replies(reads, thread, { latest: messageTs, inclusive: false })) {
    const said = saidIn(message);
    const isPerson = message.user && !message.bot_id && message.subtype !== "bot_message";
    // Slack gives the root whatever `latest` says. All ts of Slack's have ten digits, a dot and six, so they compare as text.
    if (isPerson && (said.text !== "" || said.files) && message.ts < messageTs)
      spoken.push({ user: message.user ?? "", ts: message.ts, ...said });
  }
  return Promise.all(
    withinBudget(spoken).map(async ({ user, ts, ...said }) => {
      const { name, trusted } = await people.introduce(user, thread);
      return { author: name, at: msOf(ts), ...said, trusted };
    }),
  );
}

interface Spoken {
  user: string;
  ts: string;
  text: string;
  files?: AttachedFile[];
}

/** More would drown the order itself; a thread that long has its point at its head and at its end. */
const MAX_MESSAGES = 50;
const MAX_CHARS = 30_000;

function withinBudget(spoken: Spoken[]): Spoken[] {
  const [root, ...rest] = spoken;
  if (!root) return [];
  const first = { ...root, text: shortened(root.text, MAX_CHARS / 2) };
  let chars = first.text.length;
  const newest: Spoken[] = [];
  for (const message of rest.toReversed()) {
    chars += message.text.length;
    if (newest.length + 1 === MAX_MESSAGES || chars > MAX_CHARS) break;
    newest.unshift(message);
  }
  const leftOut = rest.length - newest.length;
  if (leftOut > 0) first.text += `\n[${leftOut} messages after this one are left out]`;
  return [first, ...newest];
}

const shortened = (text: string, maxChars: number): string =>
  text.length <= maxChars ? text : `${text.slice(0, maxChars)}\n[the rest of this message is left out]`;

/** Ours are known by their title. */
const File = SlackFile.extend({ title: z.string().nullish(), permalink: z.string().nullish() });

/** The fields that we use. */
const Message = z.object({
  ts: z.string(),
  user: z.string().nullish(),
  bot_id: z.string().nullish(),
  subtype: z.string().nullish(),
  text: z.string().nullish(),
  files: z.array(File).nullish().catch(null),
  attachments: z.array(Attachment).nullish(),
  metadata: z
    .object({ event_type: z.string().nullish(), event_payload: z.object({ marker: z.string().nullish() }).nullish() })
    .nullish(),
});
type Message = z.infer<typeof Message>;

function saidIn({ text, files, attachments }: Message): Pick<Spoken, "text" | "files"> {
  const attached = attachedFiles([...(files ?? []), ...forwardedFiles(attachments)]);
  const words = [plainText(text ?? ""), forwardedText(attachments), ...attached.leftOut];
  return {
    text: words.filter(Boolean).join("\n\n").trim(),
    ...(attached.files.length > 0 ? { files: attached.files } : {}),
  };
}

interface Window {
  latest?: string;
  inclusive?: boolean;
  include_all_metadata?: boolean;
}

/** Slack's limit is 1,000; it answers sooner with fewer. Twenty pages are 4,000 messages: no thread that people read is longer. */
const PAGE_MESSAGES = 200;
const MAX_PAGES = 20;

async function* replies(reads: WebClient, thread: SlackThread, window: Window): AsyncGenerator<Message> {
  let cursor = "";
  for (let page = 0; page < MAX_PAGES; page++) {
    const at = { channel: thread.channel, ts: thread.threadTs, limit: PAGE_MESSAGES };
    const answer = await call(() => reads.conversations.replies({ ...at, ...window, ...(cursor ? { cursor } : {}) }));
    for (const message of answer.messages ?? []) yield Message.parse(message);
    cursor = answer.response_metadata?.next_cursor ?? "";
    if (cursor === "") return;
  }
}
