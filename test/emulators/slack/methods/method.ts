/** What a Web API method is here: its token, scopes and rate tier as data, and one function. */

import { findMessage } from "../messages.ts";
import type { Channel, ChannelKind, Json, Message, Person, Workspace } from "../types.ts";
import { directMessage, findChannel } from "../workspace.ts";

export interface Call {
  ws: Workspace;
  args: Json;
}

/** Slack's tiers are calls per minute; `post` is one message per second and channel, with a short burst. */
export type Tier = 1 | 2 | 3 | 4 | "post" | "special";

export interface Method {
  token: "bot" | "app" | "none";
  /** One of these must have been granted. A function where it depends on the kind of channel. */
  scopes?: readonly string[] | ((call: Call) => readonly string[]);
  tier: Tier;
  run(call: Call): Json;
}

export type Methods = Readonly<Record<string, Method>>;

/** The answer `{ok: false, error}`. */
export class Refusal extends Error {
  readonly error: string;
  readonly extra: Json;
  constructor(error: string, extra: Json = {}) {
    super(error);
    this.error = error;
    this.extra = extra;
  }
}

export function refuse(error: string, extra: Json = {}): never {
  throw new Refusal(error, extra);
}

export function textArg(call: Call, name: string): string | undefined {
  const value = call.args[name];
  return value === undefined || value === null ? undefined : typeof value === "string" ? value : JSON.stringify(value);
}

/** Refuses with `error` when it is absent or empty. */
export function requiredArg(call: Call, name: string, error = "invalid_arguments"): string {
  const value = textArg(call, name);
  if (value) return value;
  return refuse(error, { response_metadata: { messages: [`[ERROR] missing required field: ${name}`] } });
}

/** `true`, `1` and their texts; a form knows no booleans. */
export function flagArg(call: Call, name: string): boolean {
  return ["true", "1"].includes(String(call.args[name] ?? ""));
}

export function numberArg(call: Call, name: string, otherwise: number): number {
  const value = Number(call.args[name] ?? otherwise);
  return Number.isFinite(value) && value > 0 ? value : otherwise;
}

/** A nested argument: an object in a JSON body, JSON text in a form. `undefined` when it is absent, else a refusal. */
export function nestedArg(call: Call, name: string, error: string): unknown {
  const value = call.args[name];
  if (typeof value !== "string") return value ?? undefined;
  if (value === "") return undefined;
  try {
    return JSON.parse(value);
  } catch {
    return refuse(error);
  }
}

/** The channel of an argument, if our bot may know of it: a private one that it is not in does not exist for it. */
export function channelArg(call: Call, name = "channel"): Channel {
  const wanted = requiredArg(call, name, "channel_not_found");
  const channel = findChannel(call.ws, wanted) ?? direct(call.ws, wanted) ?? refuse("channel_not_found");
  if (channel.kind !== "public" && !isMember(call.ws, channel)) refuse("channel_not_found");
  return channel;
}

/** The same, where the bot must be a member too. */
export function joinedChannelArg(call: Call, name = "channel"): Channel {
  const channel = channelArg(call, name);
  return isMember(call.ws, channel) ? channel : refuse("not_in_channel");
}

export function messageArg(call: Call, channel: Channel, name: string): Message {
  return findMessage(call.ws, channel.id, requiredArg(call, name, "message_not_found")) ?? refuse("message_not_found");
}

export function isMember(ws: Workspace, channel: Channel): boolean {
  return channel.members.has(ws.app.botUserId);
}

export function bot(ws: Workspace): Person {
  return ws.people.get(ws.app.botUserId) ?? refuse("account_inactive");
}

/** `channels:read` for a public channel, `groups:read` for a private one, and so on. */
export function scopeByKind(what: "read" | "history"): (call: Call) => string[] {
  const families: Record<ChannelKind, string> = { public: "channels", private: "groups", im: "im", mpim: "mpim" };
  return (call) => {
    const channel = findChannel(call.ws, textArg(call, "channel") ?? "");
    return channel ? [`${families[channel.kind]}:${what}`] : [];
  };
}

/** A page of a list, and where the next one begins. Slack's cursors are opaque; ours hold an offset. */
export function page<T>(call: Call, all: readonly T[], defaultLimit: number): { items: T[]; rest: Json } {
  const cursor = textArg(call, "cursor");
  const start = cursor ? Number(Buffer.from(cursor, "base64").toString().replace("next:", "")) : 0;
  if (!Number.isInteger(start)) refuse("invalid_cursor");
  const limit = Math.min(numberArg(call, "limit", defaultLimit), 1000);
  const items = all.slice(start, start + limit);
  const next = start + limit < all.length ? Buffer.from(`next:${start + limit}`).toString("base64") : "";
  return { items, rest: next ? { has_more: true, response_metadata: { next_cursor: next } } : { has_more: false } };
}

/** A user id in place of a channel means the direct message with that person. */
function direct(ws: Workspace, wanted: string): Channel | undefined {
  return ws.people.has(wanted) ? directMessage(ws, [wanted, ws.app.botUserId]).channel : undefined;
}
