/** The records of the emulated workspace, as Slack would keep them; `shapes.ts` turns them into what goes over the network. */
import type { Clock } from "../../../src/clock.ts";
import type { Delivery, Outgoing } from "./deliveries.ts";
import type { Distribution } from "./oauth.ts";

export type Json = Record<string, unknown>;

/** `guest` is a multi-channel guest, `stranger` somebody of another workspace who is met in a shared channel. */
export type PersonKind = "member" | "admin" | "guest" | "single-channel-guest" | "stranger" | "bot" | "deleted";

export interface Person {
  id: string;
  /** The handle without the at sign. */
  name: string;
  realName: string;
  kind: PersonKind;
  email: string;
  teamId: string;
  tz: string;
  tzOffsetSeconds: number;
  /** Only for bots: the two other names of a bot. */
  botId?: string;
  appId?: string;
}

export type ChannelKind = "public" | "private" | "im" | "mpim";

export interface Channel {
  id: string;
  name: string;
  kind: ChannelKind;
  members: Set<string>;
  archived: boolean;
  /** Slack Connect: people of other workspaces take part. */
  extShared: boolean;
  hostTeamId: string;
  otherTeamIds: string[];
  topic: string;
  purpose: string;
  createdMs: number;
}

export interface Message {
  channel: string;
  ts: string;
  threadTs?: string;
  /** User id of the author. */
  author: string;
  subtype?: string;
  text: string;
  blocks: Json[];
  attachments: Json[];
  files: string[];
  metadata?: Json;
  username?: string;
  iconEmoji?: string;
  edited?: { user: string; ts: string };
  /** How often it was edited after it was posted. */
  edits: number;
  reactions: { name: string; users: string[] }[];
  clientMsgId?: string;
  inviter?: string;
}

/** Seen by one person only, and not part of any history. */
export interface Ephemeral {
  channel: string;
  ts: string;
  threadTs?: string;
  user: string;
  text: string;
  blocks: Json[];
  deleted: boolean;
  via: "chat.postEphemeral" | "response_url" | "acknowledgement";
}

export interface StoredFile {
  id: string;
  name: string;
  title: string;
  mimetype: string;
  user: string;
  content: Buffer;
  createdMs: number;
  /** False between the request for an upload address and its completion. */
  shared: boolean;
}

export type PingKind = "channel" | "here" | "everyone" | "usergroup" | "user";
export interface Ping {
  kind: PingKind;
  /** The usergroup or the user. */
  id?: string;
}
/** A ping and where it was made. Edits are kept apart, because Slack notifies nobody of an edit. */
export interface RecordedPing extends Ping {
  channel: string;
  ts: string;
  via: "post" | "edit" | "ephemeral";
}

export interface AgentSession {
  channel: string;
  threadTs: string;
  status: "active" | "processing" | "suspended" | "closed";
  title: string;
  setAtMs: number;
}

export interface ResponseUrl {
  channel: string;
  user: string;
  /** The message with the button, when there was one. */
  source?: { ts: string; ephemeral: boolean };
  usesLeft: number;
  expiresAtMs: number;
}

export interface TheApp {
  id: string;
  name: string;
  botUserId: string;
  botId: string;
  /** Declared as an agent in the app's settings; without it there are no agent sessions. */
  agent: boolean;
  scopes: Set<string>;
  /** In the words of a manifest: `message.channels`, `app_mention`, and so on. */
  events: Set<string>;
  socketMode: boolean;
  signingSecret: string;
  botToken: string;
  appToken: string;
  verificationToken: string;
  /** True as well where it was never installed. */
  revoked: boolean;
  /** Installed for the whole organisation of this workspace. */
  orgWide: boolean;
}

export interface Workspace {
  readonly clock: Clock;
  readonly team: { id: string; name: string; domain: string };
  /** The organisation that the workspace belongs to. */
  readonly enterprise: { id: string; name: string } | null;
  readonly app: TheApp;
  readonly distribution: Distribution;
  readonly people: Map<string, Person>;
  readonly channels: Map<string, Channel>;
  /** By channel, oldest first, replies among them. */
  readonly messages: Map<string, Message[]>;
  readonly ephemerals: Ephemeral[];
  readonly files: Map<string, StoredFile>;
  readonly pings: RecordedPing[];
  /** By `channel:thread_ts`. */
  readonly sessions: Map<string, AgentSession>;
  readonly threadStatuses: Map<string, { text: string; setAtMs: number }>;
  readonly suggestedPrompts: Json[];
  readonly homes: Map<string, Json>;
  readonly views: Map<string, { user: string; view: Json }>;
  readonly responseUrls: Map<string, ResponseUrl>;
  readonly triggers: Map<string, { user: string; expiresAtMs: number }>;
  readonly sequence: { lastTsMicros: number; counters: Map<string, number> };
  /** `http://127.0.0.1:PORT`, known once the server listens. */
  origin: string;
  /** Hands something to the app, if it may know of it. */
  send(outgoing: Outgoing): Delivery[];
  /** Wakes those who wait for a condition. */
  changed(): void;
}
