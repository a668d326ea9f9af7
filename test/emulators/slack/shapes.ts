/** Our records in Slack's JSON: the objects that methods answer with and events carry. */
import type { Channel, Json, Message, Person, StoredFile, Workspace } from "./types.ts";

export function messageShape(ws: Workspace, message: Message, options: { metadata?: boolean } = {}): Json {
  const author = ws.people.get(message.author);
  return {
    ...(message.subtype ? { subtype: message.subtype } : {}),
    user: message.author,
    type: "message",
    ts: message.ts,
    ...(message.clientMsgId ? { client_msg_id: message.clientMsgId } : {}),
    text: message.text,
    team: author?.teamId ?? ws.team.id,
    ...(author?.botId ? botFields(ws, author, message) : {}),
    ...(message.inviter ? { inviter: message.inviter } : {}),
    ...(message.blocks.length > 0 ? { blocks: message.blocks } : {}),
    ...(message.attachments.length > 0 ? { attachments: message.attachments } : {}),
    ...(message.files.length > 0 ? { files: filesOf(ws, message), upload: false, display_as_bot: false } : {}),
    ...threadFields(ws, message),
    ...(message.edited ? { edited: message.edited } : {}),
    ...(message.reactions.length > 0 ? { reactions: reactionShapes(message) } : {}),
    ...(options.metadata && message.metadata ? { metadata: message.metadata } : {}),
  };
}

export function reactionShapes(message: Message): Json[] {
  return message.reactions.map(({ name, users }) => ({ name, users: [...users], count: users.length }));
}

export function repliesOf(ws: Workspace, root: { channel: string; ts: string }): Message[] {
  const all = ws.messages.get(root.channel) ?? [];
  return all.filter((message) => message.threadTs === root.ts && message.ts !== root.ts);
}

export function channelType(channel: Channel): string {
  return { public: "channel", private: "group", im: "im", mpim: "mpim" }[channel.kind];
}

export function channelShape(ws: Workspace, channel: Channel): Json {
  const created = Math.floor(channel.createdMs / 1000);
  const base = {
    id: channel.id,
    created,
    is_archived: channel.archived,
    context_team_id: ws.team.id,
    updated: channel.createdMs,
  };
  if (channel.kind === "im") {
    const user = [...channel.members].find((id) => id !== ws.app.botUserId);
    return { ...base, is_im: true, is_org_shared: false, is_open: true, user, latest: null, priority: 0 };
  }
  return {
    ...base,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: channel.kind === "public",
    is_group: channel.kind === "private",
    is_im: false,
    is_mpim: channel.kind === "mpim",
    is_private: channel.kind !== "public",
    is_general: channel.name === "general",
    is_member: channel.members.has(ws.app.botUserId),
    ...sharedFields(ws, channel),
    topic: { value: channel.topic, creator: "", last_set: 0 },
    purpose: { value: channel.purpose, creator: "", last_set: 0 },
    previous_names: [],
  };
}

export function userShape(ws: Workspace, person: Person): Json {
  const guest = person.kind === "guest" || person.kind === "single-channel-guest";
  const withEmail = ws.app.scopes.has("users:read.email") && person.email !== "";
  return {
    id: person.id,
    team_id: person.teamId,
    name: person.name,
    deleted: person.kind === "deleted",
    real_name: person.realName,
    tz: person.tz,
    tz_label: person.tz,
    tz_offset: person.tzOffsetSeconds,
    profile: {
      real_name: person.realName,
      real_name_normalized: person.realName,
      display_name: person.name,
      display_name_normalized: person.name,
      team: person.teamId,
      ...(withEmail ? { email: person.email } : {}),
      ...(person.botId ? { bot_id: person.botId, api_app_id: person.appId } : {}),
    },
    is_admin: person.kind === "admin",
    is_owner: false,
    is_primary_owner: false,
    is_restricted: guest,
    is_ultra_restricted: person.kind === "single-channel-guest",
    is_bot: person.kind === "bot",
    is_app_user: false,
    ...(ws.enterprise && person.teamId === ws.team.id ? { enterprise_user: enterpriseUser(ws, person) } : {}),
    // Only set for people of other workspaces.
    ...(person.teamId === ws.team.id ? {} : { is_stranger: true }),
    updated: 0,
  };
}

function enterpriseUser({ enterprise, distribution }: Workspace, { id }: Person): Json {
  const theirs = distribution.workspaces.filter((other) => other.enterprise?.id === enterprise?.id);
  const teams = theirs.filter(({ people }) => people.has(id)).map(({ team }) => team.id);
  return { id, enterprise_id: enterprise?.id, enterprise_name: enterprise?.name, teams };
}

export function fileShape(ws: Workspace, file: StoredFile): Json {
  const address = `${ws.origin}/files-pri/${ws.team.id}-${file.id}/${encodeURIComponent(file.name)}`;
  const created = Math.floor(file.createdMs / 1000);
  return {
    id: file.id,
    created,
    timestamp: created,
    name: file.name,
    title: file.title,
    mimetype: file.mimetype,
    filetype: file.name.split(".").at(-1) ?? "",
    pretty_type: file.mimetype,
    user: file.user,
    user_team: ws.people.get(file.user)?.teamId ?? ws.team.id,
    editable: false,
    size: file.content.byteLength,
    mode: "hosted",
    is_external: false,
    external_type: "",
    is_public: true,
    public_url_shared: false,
    display_as_bot: false,
    username: "",
    url_private: address,
    url_private_download: address,
    permalink: `https://${ws.team.domain}.slack.com/files/${file.user}/${file.id}/${encodeURIComponent(file.name)}`,
    file_access: "visible",
    has_rich_preview: false,
  };
}

function filesOf(ws: Workspace, message: Message): Json[] {
  return message.files.flatMap((id) => {
    const file = ws.files.get(id);
    return file ? [fileShape(ws, file)] : [];
  });
}

function botFields(ws: Workspace, author: Person, message: Message): Json {
  return {
    bot_id: author.botId,
    app_id: author.appId,
    ...(message.username ? { username: message.username } : {}),
    ...(message.iconEmoji ? { icons: { emoji: message.iconEmoji } } : {}),
    bot_profile: {
      id: author.botId,
      app_id: author.appId,
      name: author.name,
      icons: {},
      deleted: false,
      updated: 0,
      team_id: ws.team.id,
    },
  };
}

/** A root knows its replies only once there are some; until then nothing tells it from a message without a thread. */
function threadFields(ws: Workspace, message: Message): Json {
  if (message.threadTs && message.threadTs !== message.ts) {
    const root = ws.messages.get(message.channel)?.find((other) => other.ts === message.threadTs);
    return { thread_ts: message.threadTs, ...(root ? { parent_user_id: root.author } : {}) };
  }
  const replies = repliesOf(ws, message);
  const last = replies.at(-1);
  if (!last) return {};
  const users = [...new Set(replies.map((reply) => reply.author))];
  return {
    thread_ts: message.ts,
    reply_count: replies.length,
    reply_users_count: users.length,
    reply_users: users,
    latest_reply: last.ts,
    is_locked: false,
    subscribed: false,
  };
}

function sharedFields(ws: Workspace, channel: Channel): Json {
  const teams = [ws.team.id, ...channel.otherTeamIds];
  return {
    is_shared: channel.extShared,
    is_ext_shared: channel.extShared,
    is_org_shared: false,
    is_pending_ext_shared: false,
    pending_shared: [],
    conversation_host_id: channel.hostTeamId,
    shared_team_ids: channel.extShared ? teams : [ws.team.id],
    ...(channel.extShared ? { connected_team_ids: channel.otherTeamIds, internal_team_ids: [] } : {}),
  };
}
