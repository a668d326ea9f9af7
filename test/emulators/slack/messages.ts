/** What can happen to messages, whoever does it: the methods of the API and the people of a test both come through here. */
import type { Delivery } from "./deliveries.ts";
import * as events from "./events.ts";
import { countUp, nextTs } from "./ids.ts";
import { pingsOf } from "./pings.ts";
import { repliesOf } from "./shapes.ts";
import type { Channel, Ephemeral, Json, Message, Person, RecordedPing, Workspace } from "./types.ts";

export interface Draft {
  channel: Channel;
  author: Person;
  text: string;
  blocks?: Json[];
  attachments?: Json[];
  files?: string[];
  threadTs?: string | undefined;
  broadcast?: boolean;
  subtype?: string;
  metadata?: Json | undefined;
  username?: string | undefined;
  iconEmoji?: string | undefined;
  linkNames?: boolean;
  clientMsgId?: string;
  inviter?: string;
}

/** A fact, and the deliveries that it caused. */
export interface Happened {
  message: Message;
  deliveries: Delivery[];
}

/** Slack cuts what is longer, without a word. */
const maxTextOnPost = 40_000;

export function post(ws: Workspace, draft: Draft): Happened {
  const message: Message = {
    channel: draft.channel.id,
    ts: nextTs(ws),
    author: draft.author.id,
    text: draft.text.slice(0, maxTextOnPost),
    blocks: withBlockIds(ws, draft.blocks ?? []),
    attachments: draft.attachments ?? [],
    files: draft.files ?? [],
    edits: 0,
    reactions: [],
    ...optional(draft),
  };
  messagesIn(ws, draft.channel).push(message);
  const mentionsUs = record(ws, message, "post", draft.linkNames ?? false);
  clearThreadStatus(ws, message);
  const deliveries = events.posted(ws, message, mentionsUs);
  ws.changed();
  return { message, deliveries };
}

export interface Change {
  text?: string | undefined;
  blocks?: Json[] | undefined;
  attachments?: Json[] | undefined;
  metadata?: Json | undefined;
  linkNames?: boolean;
  /** Slack's own edits (link cards, tombstones) carry no `edited` field. */
  bySlack?: boolean;
  /** What a message becomes that had replies when it was deleted. What it was is told along with it. */
  tombstone?: boolean;
}

/** What is not given stays as it was. */
export function edit(ws: Workspace, message: Message, change: Change): Happened {
  const before = events.eventShape(ws, message);
  if (change.tombstone) Object.assign(message, { subtype: "tombstone", author: "USLACKBOT", files: [] });
  if (change.text !== undefined) message.text = change.text;
  if (change.blocks) message.blocks = withBlockIds(ws, change.blocks);
  if (change.attachments) message.attachments = change.attachments;
  if (change.metadata) message.metadata = change.metadata;
  if (!change.bySlack) {
    message.edits += 1;
    message.edited = { user: message.author, ts: nextTs(ws) };
  }
  record(ws, message, "edit", change.linkNames ?? false);
  const deliveries = events.edited(ws, message, before);
  ws.changed();
  return { message, deliveries };
}

/** The root of a thread leaves a tombstone behind, everything else is gone. */
export function remove(ws: Workspace, message: Message, by: string): Happened {
  if (repliesOf(ws, message).length > 0) {
    const nothing = { text: "This message was deleted.", blocks: [], attachments: [] };
    return edit(ws, message, { ...nothing, bySlack: true, tombstone: true });
  }
  const channel = ws.channels.get(message.channel);
  const all = ws.messages.get(message.channel) ?? [];
  const before = events.eventShape(ws, message);
  all.splice(all.indexOf(message), 1);
  const deliveries = channel ? events.deleted(ws, channel, before, by) : [];
  ws.changed();
  return { message, deliveries };
}

export function react(ws: Workspace, message: Message, name: string, by: Person): Happened {
  const entry = message.reactions.find((reaction) => reaction.name === name);
  if (entry) entry.users.push(by.id);
  else message.reactions.push({ name, users: [by.id] });
  ws.changed();
  return { message, deliveries: events.reacted(ws, message, name, by, "reaction_added") };
}

export function unreact(ws: Workspace, message: Message, name: string, by: Person): Happened {
  const entry = message.reactions.find((reaction) => reaction.name === name);
  if (entry) entry.users.splice(entry.users.indexOf(by.id), 1);
  message.reactions = message.reactions.filter((reaction) => reaction.users.length > 0);
  ws.changed();
  return { message, deliveries: events.reacted(ws, message, name, by, "reaction_removed") };
}

/** For one person's eyes; no event, no history. */
export function whisper(ws: Workspace, from: Omit<Ephemeral, "ts" | "deleted">): Ephemeral {
  const ephemeral = { ...from, blocks: withBlockIds(ws, from.blocks), ts: nextTs(ws), deleted: false };
  ws.ephemerals.push(ephemeral);
  for (const ping of pingsOf({ ...from, attachments: [], linkNames: false }))
    ws.pings.push({ ...ping, channel: from.channel, ts: ephemeral.ts, via: "ephemeral" });
  ws.changed();
  return ephemeral;
}

export function findMessage(ws: Workspace, channel: string, ts: string): Message | undefined {
  return ws.messages.get(channel)?.find((message) => message.ts === ts);
}

function messagesIn(ws: Workspace, channel: Channel): Message[] {
  const all = ws.messages.get(channel.id) ?? [];
  ws.messages.set(channel.id, all);
  return all;
}

function optional(draft: Draft): Partial<Message> {
  const subtype =
    draft.subtype ?? (draft.broadcast ? "thread_broadcast" : draft.files?.length ? "file_share" : undefined);
  return {
    ...(draft.threadTs ? { threadTs: draft.threadTs } : {}),
    ...(subtype ? { subtype } : {}),
    ...(draft.metadata ? { metadata: draft.metadata } : {}),
    ...(draft.username ? { username: draft.username } : {}),
    ...(draft.iconEmoji ? { iconEmoji: draft.iconEmoji } : {}),
    ...(draft.clientMsgId ? { clientMsgId: draft.clientMsgId } : {}),
    ...(draft.inviter ? { inviter: draft.inviter } : {}),
  };
}

/** Notes whom our app would have notified; says whether the message mentions our bot. */
function record(ws: Workspace, message: Message, via: RecordedPing["via"], linkNames: boolean): boolean {
  const pings = pingsOf({ ...message, linkNames });
  if (message.author === ws.app.botUserId)
    for (const ping of pings) ws.pings.push({ ...ping, channel: message.channel, ts: message.ts, via });
  return pings.some((ping) => ping.kind === "user" && ping.id === ws.app.botUserId);
}

/** "is thinking..." goes away with the bot's next message in the thread. */
function clearThreadStatus(ws: Workspace, message: Message): void {
  if (message.author === ws.app.botUserId)
    ws.threadStatuses.delete(`${message.channel}:${message.threadTs ?? message.ts}`);
}

function withBlockIds(ws: Workspace, blocks: Json[]): Json[] {
  return blocks.map((block) => {
    const elements = Array.isArray(block.elements)
      ? { elements: block.elements.map((part) => withActionId(ws, part)) }
      : {};
    const accessory = block.accessory ? { accessory: withActionId(ws, block.accessory) } : {};
    return { ...block, ...elements, ...accessory, block_id: block.block_id ?? `b${countUp(ws, "block")}` };
  });
}

/** Slack invents an action id for every button that comes without. */
function withActionId(ws: Workspace, part: unknown): unknown {
  const interactive =
    typeof part === "object" && part !== null && "type" in part && part.type === "button" && !("action_id" in part);
  return interactive ? { ...part, action_id: `a${countUp(ws, "action")}` } : part;
}
