/** `conversations.*`: what a channel is, who is in it, and what was said. */
import { joined } from "../events.ts";
import { findMessage } from "../messages.ts";
import { channelShape, messageShape, repliesOf } from "../shapes.ts";
import type { Channel, Json, Message } from "../types.ts";
import { directMessage } from "../workspace.ts";
import * as given from "./method.ts";
import { type Call, type Methods, refuse } from "./method.ts";

export const conversationMethods: Methods = {
  "conversations.info": { token: "bot", scopes: given.scopeByKind("read"), tier: 3, run: info },
  "conversations.members": { token: "bot", scopes: given.scopeByKind("read"), tier: 4, run: members },
  "conversations.history": { token: "bot", scopes: given.scopeByKind("history"), tier: 3, run: history },
  "conversations.replies": { token: "bot", scopes: given.scopeByKind("history"), tier: 3, run: replies },
  "conversations.open": { token: "bot", scopes: openScopes, tier: 3, run: open },
  "conversations.join": { token: "bot", scopes: ["channels:join"], tier: 3, run: join },
};

function info(call: Call): Json {
  const channel = given.channelArg(call);
  const count = given.flagArg(call, "include_num_members") ? { num_members: channel.members.size } : {};
  return { channel: { ...channelShape(call.ws, channel), ...count } };
}

function members(call: Call): Json {
  const { items, rest } = given.page(call, [...given.channelArg(call).members], 100);
  return { members: items, ...rest };
}

/** Newest first, and without replies: those belong to their threads, unless they were sent to the channel too. */
function history(call: Call): Json {
  const channel = given.joinedChannelArg(call);
  const all = call.ws.messages.get(channel.id) ?? [];
  const roots = all.filter((message) => !isReply(message) || message.subtype === "thread_broadcast");
  const { items, rest } = given.page(call, roots.filter(inRange(call)).reverse(), 100);
  return { messages: shapes(call, items), pin_count: 0, ...rest };
}

/** Oldest first. The root is part of the answer even when `oldest` is younger than it. */
function replies(call: Call): Json {
  const channel = given.joinedChannelArg(call);
  const wanted = given.requiredArg(call, "ts", "thread_not_found");
  const root = findMessage(call.ws, channel.id, wanted) ?? refuse("thread_not_found");
  const { items, rest } = given.page(call, [root, ...repliesOf(call.ws, root).filter(inRange(call))], 1000);
  return { messages: shapes(call, items), ...rest };
}

function open(call: Call): Json {
  const { ws } = call;
  const users = given.textArg(call, "users");
  if (!users) return opened(call, given.channelArg(call), false);
  const ids = users.split(",").map((id) => id.trim());
  for (const id of ids) {
    const person = ws.people.get(id) ?? refuse("user_not_found");
    if (person.kind === "deleted") refuse("user_disabled");
    if (person.kind === "bot") refuse("cannot_dm_bot");
  }
  const { channel, isNew } = directMessage(ws, [...ids, ws.app.botUserId]);
  return opened(call, channel, isNew);
}

function opened(call: Call, channel: Channel, isNew: boolean): Json {
  const whole = given.flagArg(call, "return_im");
  const known = isNew ? {} : { no_op: true, already_open: true };
  return { ...known, channel: whole ? channelShape(call.ws, channel) : { id: channel.id } };
}

function openScopes(call: Call): string[] {
  return given.textArg(call, "users")?.includes(",") ? ["mpim:write"] : ["im:write"];
}

function join(call: Call): Json {
  const { ws } = call;
  const channel = given.channelArg(call);
  if (channel.kind !== "public") refuse("method_not_supported_for_channel_type");
  if (channel.archived) refuse("is_archived");
  const was = given.isMember(ws, channel);
  channel.members.add(ws.app.botUserId);
  if (!was) joined(ws, channel, given.bot(ws), ws.app.botUserId);
  return { channel: channelShape(ws, channel), ...(was ? { warning: "already_in_channel" } : {}) };
}

function isReply(message: Message): boolean {
  return message.threadTs !== undefined && message.threadTs !== message.ts;
}

function inRange(call: Call): (message: Message) => boolean {
  const oldest = given.textArg(call, "oldest");
  const latest = given.textArg(call, "latest");
  const inclusive = given.flagArg(call, "inclusive");
  return ({ ts }) => {
    const onEdge = inclusive && (ts === oldest || ts === latest);
    return onEdge || ((!oldest || Number(ts) > Number(oldest)) && (!latest || Number(ts) < Number(latest)));
  };
}

function shapes(call: Call, messages: Message[]): Json[] {
  const metadata = given.flagArg(call, "include_all_metadata");
  return messages.map((message) => messageShape(call.ws, message, { metadata }));
}
