/** Which events a happening makes for our app, and their envelopes. Nothing is sent for channels that our bot is not in. */
import type { Delivery } from "./deliveries.ts";
import { nextTs, numberedId } from "./ids.ts";
import { channelType, messageShape, repliesOf } from "./shapes.ts";
import type { Channel, Json, Message, Person, Workspace } from "./types.ts";

interface Happening {
  /** As the manifest subscribes to it, `message.channels` for a `message` event. */
  subscription: string;
  event: Json & { type: string };
  channel?: Channel;
  /** Who did it, for the team of the envelope. */
  by?: string;
}

/** Sends one event, when the app subscribed to it and its bot is there to see it. */
export function publish(ws: Workspace, happening: Happening): Delivery[] {
  const { channel, event, subscription } = happening;
  if (ws.app.revoked && !ENDINGS.has(subscription)) return [];
  if (!ws.app.events.has(subscription)) return [];
  if (channel && !channel.members.has(ws.app.botUserId)) return [];
  const eventId = numberedId(ws, "Ev");
  return ws.send({ kind: "event", type: event.type, eventId, payload: envelope(ws, happening, eventId) });
}

/** A mention is told twice, as `message` and as `app_mention`, under one ts and two event ids. */
export function posted(ws: Workspace, message: Message, mentionsUs: boolean): Delivery[] {
  const channel = channelFor(ws, message);
  const told = publishMessage(ws, channel, messageEvent(ws, message, channel), message.author);
  // Never in a direct message: there everything is meant for the bot.
  if (!mentionsUs || message.author === ws.app.botUserId || channel.kind === "im") return told;
  return [...told, ...mentioned(ws, message)];
}

export function mentioned(ws: Workspace, message: Message): Delivery[] {
  const channel = channelFor(ws, message);
  const { channel_type: _, subtype: __, ...event } = messageEvent(ws, message, channel);
  return publish(ws, {
    subscription: "app_mention",
    event: { ...event, type: "app_mention" },
    channel,
    by: message.author,
  });
}

export function edited(ws: Workspace, message: Message, before: Json): Delivery[] {
  const channel = channelFor(ws, message);
  const after = eventShape(ws, message);
  return publishMessage(
    ws,
    channel,
    hidden(ws, channel, { subtype: "message_changed", message: after, previous_message: before }),
    message.author,
  );
}

export function deleted(ws: Workspace, channel: Channel, before: Json, by: string): Delivery[] {
  return publishMessage(
    ws,
    channel,
    hidden(ws, channel, { subtype: "message_deleted", deleted_ts: before.ts, previous_message: before }),
    by,
  );
}

export function reacted(
  ws: Workspace,
  message: Message,
  name: string,
  by: Person,
  type: "reaction_added" | "reaction_removed",
): Delivery[] {
  const channel = channelFor(ws, message);
  const item = { type: "message", channel: channel.id, ts: message.ts };
  const event = { type, user: by.id, reaction: name, item, item_user: message.author, event_ts: nextTs(ws) };
  return publish(ws, { subscription: type, event, channel, by: by.id });
}

export function joined(ws: Workspace, channel: Channel, who: Person, inviter: string): Delivery[] {
  const channelLetter = channel.kind === "public" ? "C" : "G";
  const event = {
    type: "member_joined_channel",
    user: who.id,
    channel: channel.id,
    channel_type: channelLetter,
    team: who.teamId,
    inviter,
    event_ts: nextTs(ws),
  };
  return publish(ws, { subscription: "member_joined_channel", event, channel, by: inviter });
}

export function archived(ws: Workspace, channel: Channel, by: string): Delivery[] {
  const type = channel.kind === "public" ? "channel_archive" : "group_archive";
  return publish(ws, {
    subscription: type,
    event: { type, channel: channel.id, user: by, event_ts: nextTs(ws) },
    channel,
    by,
  });
}

/** A message as events carry it; people of other workspaces bring their profile along. */
export function eventShape(ws: Workspace, message: Message): Json {
  const author = ws.people.get(message.author);
  const { reply_count: _, subscribed: __, is_locked: ___, ...shape } = messageShape(ws, message, { metadata: true });
  if (!author || author.teamId === ws.team.id) return shape;
  const profile = {
    name: author.name,
    first_name: author.name,
    real_name: author.realName,
    display_name: author.name,
    team: author.teamId,
    is_restricted: false,
    is_ultra_restricted: false,
  };
  return { ...shape, user_team: author.teamId, source_team: author.teamId, user_profile: profile };
}

function messageEvent(ws: Workspace, message: Message, channel: Channel): Json & { type: string } {
  const root = ws.messages.get(message.channel)?.find((other) => other.ts === message.threadTs);
  const broadcast = message.subtype === "thread_broadcast" && root;
  return {
    ...eventShape(ws, message),
    type: "message",
    ...(broadcast ? { root: { ...messageShape(ws, root), reply_count: repliesOf(ws, root).length } } : {}),
    channel: channel.id,
    event_ts: message.ts,
    channel_type: channelType(channel),
  };
}

/** Changes and deletions come as messages of their own, with a ts of their own and no author at the top. */
function hidden(ws: Workspace, channel: Channel, fields: Json): Json & { type: string } {
  const ts = nextTs(ws);
  return {
    type: "message",
    ...fields,
    channel: channel.id,
    hidden: true,
    ts,
    event_ts: ts,
    channel_type: channelType(channel),
  };
}

function publishMessage(ws: Workspace, channel: Channel, event: Json & { type: string }, by: string): Delivery[] {
  const subscription = `message.${{ public: "channels", private: "groups", im: "im", mpim: "mpim" }[channel.kind]}`;
  return publish(ws, { subscription, event, channel, by });
}

/** With Slack Connect the team at the top is the author's; the installation it is meant for is in `authorizations`. */
function envelope(ws: Workspace, happening: Happening, eventId: string): Json {
  if (ENDINGS.has(happening.subscription)) return ending(ws, happening, eventId);
  const team = happening.by ? (ws.people.get(happening.by)?.teamId ?? ws.team.id) : ws.team.id;
  return {
    token: ws.app.verificationToken,
    team_id: happening.channel?.extShared ? team : ws.team.id,
    context_team_id: happening.channel?.hostTeamId ?? ws.team.id,
    context_enterprise_id: ws.enterprise?.id ?? null,
    ...(ws.enterprise ? { enterprise_id: ws.enterprise.id } : {}),
    api_app_id: ws.app.id,
    event: happening.event,
    type: "event_callback",
    event_id: eventId,
    event_time: Math.floor(ws.clock.now() / 1000),
    authorizations: [
      {
        enterprise_id: ws.enterprise?.id ?? null,
        team_id: ws.team.id,
        user_id: ws.app.botUserId,
        is_bot: true,
        is_enterprise_install: ws.app.orgWide,
      },
    ],
    is_ext_shared_channel: happening.channel?.extShared ?? false,
    event_context: `4-${Buffer.from(eventId).toString("base64url")}`,
  };
}

const ENDINGS = new Set(["tokens_revoked", "app_uninstalled"]);

/** By then there is no installation that it could be authorized by. */
function ending(ws: Workspace, { event }: Happening, eventId: string): Json {
  const { enterprise, team, app } = ws;
  return {
    token: app.verificationToken,
    team_id: app.orgWide && enterprise ? enterprise.id : team.id,
    ...(enterprise ? { enterprise_id: enterprise.id } : {}),
    api_app_id: app.id,
    event,
    type: "event_callback",
    event_id: eventId,
    event_time: Math.floor(ws.clock.now() / 1000),
  };
}

function channelFor(ws: Workspace, message: Message): Channel {
  const channel = ws.channels.get(message.channel);
  if (!channel) throw new Error(`the message ${message.ts} is in no channel: ${JSON.stringify(message)}`);
  return channel;
}
