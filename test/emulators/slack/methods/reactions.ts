/** `reactions.*`. */
import { react, unreact } from "../messages.ts";
import { messageShape, reactionShapes } from "../shapes.ts";
import type { Channel, Json, Message } from "../types.ts";
import * as given from "./method.ts";
import { type Call, type Methods, refuse } from "./method.ts";

export const reactionMethods: Methods = {
  "reactions.add": { token: "bot", scopes: ["reactions:write"], tier: 3, run: add },
  "reactions.remove": { token: "bot", scopes: ["reactions:write"], tier: 2, run: removeOne },
  "reactions.get": { token: "bot", scopes: ["reactions:read"], tier: 3, run: get },
};

function add(call: Call): Json {
  const { message, name, channel } = target(call);
  if (channel.archived) refuse("is_archived");
  if (has(message, name, call.ws.app.botUserId)) refuse("already_reacted");
  react(call.ws, message, name, given.bot(call.ws));
  return {};
}

function removeOne(call: Call): Json {
  const { message, name } = target(call);
  if (!has(message, name, call.ws.app.botUserId)) refuse("no_reaction");
  unreact(call.ws, message, name, given.bot(call.ws));
  return {};
}

function get(call: Call): Json {
  const channel = given.joinedChannelArg(call);
  const message = given.messageArg(call, channel, "timestamp");
  return {
    type: "message",
    channel: channel.id,
    message: { ...messageShape(call.ws, message), reactions: reactionShapes(message) },
  };
}

function target(call: Call): { channel: Channel; message: Message; name: string } {
  const name = given.requiredArg(call, "name", "invalid_name").replaceAll(":", "");
  // Slack knows its emoji; we only know how their names are written.
  if (!/^[a-z0-9_+'-]+(::skin-tone-[2-6])?$/.test(name)) refuse("invalid_name");
  if (!given.textArg(call, "timestamp")) refuse("no_item_specified");
  const channel = given.joinedChannelArg(call);
  return { channel, message: given.messageArg(call, channel, "timestamp"), name };
}

function has(message: Message, name: string, user: string): boolean {
  return message.reactions.some((reaction) => reaction.name === name && reaction.users.includes(user));
}
