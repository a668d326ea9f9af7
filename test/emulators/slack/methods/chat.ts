/** `chat.*`: posting, editing, deleting, whispering. */
import { edit, findMessage, post, remove, whisper } from "../messages.ts";
import { messageShape } from "../shapes.ts";
import type { Channel, Json, Message, Workspace } from "../types.ts";
import { personOf } from "../workspace.ts";
import { contentArg } from "./content.ts";
import * as given from "./method.ts";
import { type Call, type Methods, refuse } from "./method.ts";

const write = ["chat:write"];

export const chatMethods: Methods = {
  "chat.postMessage": { token: "bot", scopes: write, tier: "post", run: postMessage },
  "chat.update": { token: "bot", scopes: write, tier: 3, run: update },
  "chat.delete": { token: "bot", scopes: write, tier: 3, run: deleteMessage },
  "chat.postEphemeral": { token: "bot", scopes: write, tier: 4, run: postEphemeral },
  "chat.getPermalink": { token: "bot", tier: "special", run: getPermalink },
};

/** Edits are shorter than posts: Slack refuses where `chat.postMessage` would cut. */
const maxTextOnUpdate = 4_000;

function postMessage(call: Call): Json {
  const { ws } = call;
  const channel = postableChannel(call);
  const content = contentArg(call);
  const message = post(ws, {
    channel,
    author: given.bot(ws),
    text: content.text ?? "",
    blocks: content.blocks ?? [],
    attachments: content.attachments ?? [],
    metadata: content.metadata,
    linkNames: content.linkNames,
    threadTs: threadArg(call, channel),
    broadcast: given.flagArg(call, "reply_broadcast"),
    ...disguise(call),
  }).message;
  return { channel: channel.id, ts: message.ts, message: messageShape(ws, message, { metadata: true }) };
}

function update(call: Call): Json {
  const { ws } = call;
  const channel = given.joinedChannelArg(call);
  if (channel.archived) refuse("is_archived");
  const message = own(ws, given.messageArg(call, channel, "ts"), "cant_update_message");
  const content = contentArg(call);
  if ((content.text?.length ?? 0) > maxTextOnUpdate) refuse("msg_too_long");
  edit(ws, message, content);
  return {
    channel: channel.id,
    ts: message.ts,
    text: message.text,
    message: messageShape(ws, message, { metadata: true }),
  };
}

function deleteMessage(call: Call): Json {
  const channel = given.joinedChannelArg(call);
  const message = own(call.ws, given.messageArg(call, channel, "ts"), "cant_delete_message");
  remove(call.ws, message, call.ws.app.botUserId);
  return { channel: channel.id, ts: message.ts };
}

function postEphemeral(call: Call): Json {
  const { ws } = call;
  const channel = postableChannel(call);
  const user = given.requiredArg(call, "user");
  if (!ws.people.has(user)) refuse("user_not_found");
  if (!channel.members.has(user)) refuse("user_not_in_channel");
  const content = contentArg(call);
  const threadTs = threadArg(call, channel);
  const whispered = whisper(ws, {
    channel: channel.id,
    user: personOf(ws, user).id,
    text: content.text ?? "",
    blocks: content.blocks ?? [],
    via: "chat.postEphemeral",
    ...(threadTs ? { threadTs } : {}),
  });
  return { message_ts: whispered.ts };
}

function getPermalink(call: Call): Json {
  const channel = given.channelArg(call);
  const message = given.messageArg(call, channel, "message_ts");
  const inThread = message.threadTs ? `?thread_ts=${message.threadTs}&cid=${channel.id}` : "";
  const address = `https://${call.ws.team.domain}.slack.com/archives/${channel.id}/p${message.ts.replace(".", "")}${inThread}`;
  return { channel: channel.id, permalink: address };
}

/** A public channel may be posted to from outside, with a scope of its own. */
function postableChannel(call: Call): Channel {
  const channel = given.channelArg(call);
  if (!given.isMember(call.ws, channel) && !call.ws.app.scopes.has("chat:write.public")) refuse("not_in_channel");
  return channel.archived ? refuse("is_archived") : channel;
}

/** The ts of a reply is answered in its thread, as Slack does, although it advises against it. */
function threadArg(call: Call, channel: Channel): string | undefined {
  const ts = given.textArg(call, "thread_ts");
  if (!ts) return undefined;
  const root = findMessage(call.ws, channel.id, ts) ?? refuse("thread_not_found");
  if (root.subtype === "channel_join" || root.subtype === "channel_archive") refuse("cannot_reply_to_message");
  return root.threadTs ?? root.ts;
}

/** Another name or picture than the app's takes a scope of its own. */
function disguise(call: Call): { username?: string | undefined; iconEmoji?: string | undefined } {
  const username = given.textArg(call, "username");
  const iconEmoji = given.textArg(call, "icon_emoji");
  const wanted = username ?? iconEmoji ?? given.textArg(call, "icon_url");
  if (wanted && !call.ws.app.scopes.has("chat:write.customize"))
    refuse("missing_scope", { needed: "chat:write.customize", provided: [...call.ws.app.scopes].join(",") });
  return { username, iconEmoji };
}

function own(ws: Workspace, message: Message, otherwise: string): Message {
  const plain =
    message.subtype === undefined || message.subtype === "thread_broadcast" || message.subtype === "file_share";
  return message.author === ws.app.botUserId && plain ? message : refuse(otherwise);
}
