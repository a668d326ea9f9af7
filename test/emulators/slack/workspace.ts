/** Builds the emulated workspace from a few words: who is there, which channels, what the app may do. */
import { type Clock, systemClock } from "../../../src/clock.ts";
import { idFor } from "./ids.ts";
import { defaultEvents, defaultScopes } from "./manifest.ts";
import { createDistribution, type Distribution, type OAuthOptions } from "./oauth.ts";
import type { Channel, ChannelKind, Person, PersonKind, Workspace } from "./types.ts";

export interface PersonSeed {
  name: string;
  kind?: PersonKind;
  realName?: string;
  email?: string;
  /** Default: the workspace's, or `T0ELSEWHERE` for a stranger. */
  teamId?: string;
  tz?: string;
  tzOffsetSeconds?: number;
}

export interface ChannelSeed {
  name: string;
  kind?: "public" | "private";
  /** Names or ids. Default: everybody of the workspace who is no guest. */
  members?: string[];
  /** Whether our bot has been invited. Default: yes. */
  bot?: boolean;
  archived?: boolean;
  extShared?: boolean;
  hostTeamId?: string;
}

export interface WorkspaceOptions {
  clock?: Clock;
  team?: { id?: string; name?: string; domain?: string };
  enterprise?: { id: string; name: string };
  /** With it nothing is installed until somebody consents, see `oauth.ts`. */
  oauth?: OAuthOptions;
  app?: {
    name?: string;
    agent?: boolean;
    scopes?: readonly string[];
    events?: readonly string[];
    socketMode?: boolean;
    signingSecret?: string;
    botToken?: string;
    appToken?: string;
  };
  /** Default: ada and grace. */
  people?: readonly (string | PersonSeed)[];
  /** Default: #general. */
  channels?: readonly (string | ChannelSeed)[];
}

/** What the workspaces of one emulator have in common. */
type Hooks = Pick<Workspace, "send" | "changed"> & Partial<Pick<Workspace, "distribution" | "sequence">>;

export function createWorkspace(options: WorkspaceOptions, hooks: Hooks): Workspace {
  const distribution: Distribution = hooks.distribution ?? createDistribution(options.oauth);
  const ws: Workspace = { ...emptyRecords(), ...identity(options), ...hooks, distribution, origin: "" };
  distribution.workspaces.push(ws);
  seed(ws, options);
  return ws;
}

/** Forgets all that has happened; the people and channels of the options are there again, under the same ids. */
export function resetWorkspace(ws: Workspace, options: WorkspaceOptions): void {
  for (const records of Object.values(ws)) if (records instanceof Map) records.clear();
  for (const list of [ws.ephemerals, ws.pings, ws.suggestedPrompts]) list.splice(0);
  ws.sequence.counters.clear();
  ws.app.revoked = options.oauth !== undefined;
  ws.app.orgWide = false;
  ws.distribution.codes.clear();
  ws.distribution.grants.splice(0);
  seed(ws, options);
}

export function addPerson(ws: Workspace, wanted: string | PersonSeed): Person {
  const from = typeof wanted === "string" ? { name: wanted } : wanted;
  const kind = from.kind ?? "member";
  const id = idFor(ws, "U", from.name);
  const person: Person = {
    id,
    name: from.name,
    realName: from.realName ?? from.name.replace(/^./, (first) => first.toUpperCase()),
    kind,
    email: from.email ?? `${from.name}@example.com`,
    teamId: from.teamId ?? (kind === "stranger" ? "T0ELSEWHERE" : ws.team.id),
    tz: from.tz ?? "Europe/Berlin",
    tzOffsetSeconds: from.tzOffsetSeconds ?? 3600,
  };
  if (kind === "bot") Object.assign(person, { botId: id.replace(/^U/, "B"), appId: id.replace(/^U/, "A") });
  ws.people.set(id, person);
  return person;
}

export function addChannel(ws: Workspace, wanted: string | ChannelSeed): Channel {
  const from = typeof wanted === "string" ? { name: wanted } : wanted;
  const everybody = [...ws.people.values()].filter((who) => who.kind === "member" || who.kind === "admin");
  const members = from.members?.map((name) => personOf(ws, name).id) ?? everybody.map((who) => who.id);
  if (from.bot ?? true) members.push(ws.app.botUserId);
  // Private channels begin with a C as well, as Slack's have since 2021: the kind cannot be told from the id.
  const channel = insertChannel(ws, {
    id: idFor(ws, "C", from.name),
    name: from.name,
    kind: from.kind ?? "public",
    members,
  });
  channel.archived = from.archived ?? false;
  channel.extShared = from.extShared ?? false;
  channel.hostTeamId = from.hostTeamId ?? ws.team.id;
  const teams = new Set(members.map((id) => ws.people.get(id)?.teamId ?? ws.team.id).concat(channel.hostTeamId));
  channel.otherTeamIds = [...teams].filter((id) => id !== ws.team.id);
  return channel;
}

/** The direct message of these people, opened when there is none yet. */
export function directMessage(ws: Workspace, members: readonly string[]): { channel: Channel; isNew: boolean } {
  const wanted = [...new Set(members)].sort();
  const kind: ChannelKind = wanted.length > 2 ? "mpim" : "im";
  const existing = [...ws.channels.values()].find(
    (channel) => channel.kind === kind && [...channel.members].sort().join() === wanted.join(),
  );
  if (existing) return { channel: existing, isNew: false };
  const others = wanted.filter((id) => id !== ws.app.botUserId).map((id) => personOf(ws, id).name);
  const name = kind === "im" ? "" : `mpdm-${others.join("--")}-1`;
  const id = idFor(ws, kind === "im" ? "D" : "C", kind === "im" ? others.join("") : name);
  return { channel: insertChannel(ws, { id, name, kind, members: wanted }), isNew: true };
}

/** By id, by name or by `@name`. Throws, because a test that names nobody is wrong. */
export function personOf(ws: Workspace, who: string): Person {
  const name = who.replace(/^@/, "");
  const found = ws.people.get(name) ?? [...ws.people.values()].find((person) => person.name === name);
  if (!found) throw new Error(`nobody in this workspace is called ${who}`);
  return found;
}

/** By id, by name or by `#name`. */
export function findChannel(ws: Workspace, which: string): Channel | undefined {
  const name = which.replace(/^#/, "");
  return (
    ws.channels.get(name) ?? [...ws.channels.values()].find((channel) => channel.name !== "" && channel.name === name)
  );
}

export function channelOf(ws: Workspace, which: string): Channel {
  const found = findChannel(ws, which);
  if (!found) throw new Error(`there is no channel ${which}`);
  return found;
}

function insertChannel(
  ws: Workspace,
  from: { id: string; name: string; kind: ChannelKind; members: string[] },
): Channel {
  const channel: Channel = {
    ...from,
    members: new Set(from.members),
    archived: false,
    extShared: false,
    hostTeamId: ws.team.id,
    otherTeamIds: [],
    topic: "",
    purpose: "",
    createdMs: ws.clock.now(),
  };
  ws.channels.set(channel.id, channel);
  ws.messages.set(channel.id, []);
  return channel;
}

function seed(ws: Workspace, options: WorkspaceOptions): void {
  const { app } = ws;
  const bot = {
    id: app.botUserId,
    name: app.name,
    realName: app.name,
    kind: "bot" as const,
    email: "",
    teamId: ws.team.id,
  };
  ws.people.set(bot.id, { ...bot, tz: "Etc/UTC", tzOffsetSeconds: 0, botId: app.botId, appId: app.id });
  for (const person of options.people ?? ["ada", "grace"]) addPerson(ws, person);
  for (const channel of options.channels ?? ["general"]) addChannel(ws, channel);
}

function identity(options: WorkspaceOptions): Pick<Workspace, "clock" | "team" | "enterprise" | "app"> {
  const { team = {}, enterprise = null, app = {}, clock = systemClock } = options;
  const name = app.name ?? "threadbox";
  const suffix = `0${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "")}`;
  // One app, and a bot user of its own in each workspace; an organisation has one for all.
  const user = options.oauth ? `${suffix}IN${(enterprise?.id ?? team.id ?? "T0ACME").slice(2)}` : suffix;
  return {
    enterprise,
    clock,
    team: { id: team.id ?? "T0ACME", name: team.name ?? "Acme", domain: team.domain ?? "acme" },
    app: {
      id: `A${suffix}`,
      name,
      botUserId: `U${user}`,
      botId: `B${user}`,
      agent: app.agent ?? true,
      scopes: new Set(app.scopes ?? defaultScopes),
      events: new Set(app.events ?? defaultEvents),
      socketMode: app.socketMode ?? false,
      signingSecret: app.signingSecret ?? "emulated-signing-secret",
      botToken: options.oauth ? "" : (app.botToken ?? "xoxb-emulated-bot-token"),
      appToken: app.appToken ?? "xapp-emulated-app-token",
      verificationToken: "emulated-verification-token",
      revoked: options.oauth !== undefined,
      orgWide: false,
    },
  };
}

function emptyRecords(): Omit<
  Workspace,
  "clock" | "team" | "enterprise" | "app" | "origin" | Exclude<keyof Hooks, "sequence">
> {
  return {
    people: new Map(),
    channels: new Map(),
    messages: new Map(),
    ephemerals: [],
    files: new Map(),
    pings: [],
    sessions: new Map(),
    threadStatuses: new Map(),
    suggestedPrompts: [],
    homes: new Map(),
    views: new Map(),
    responseUrls: new Map(),
    triggers: new Map(),
    sequence: { lastTsMicros: 0, counters: new Map() },
  };
}
