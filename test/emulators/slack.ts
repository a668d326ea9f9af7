/**
 * Slack at its network boundary, with state: the Web API, signed events, interactivity and Socket Mode on one port of the
 * loopback. The real Bolt and the real WebClient talk to it through `clientOptions.slackApiUrl`, and tests act as people in it.
 */
import { createPost, type Delivery } from "./slack/deliveries.ts";
import { createFaults, type Faults } from "./slack/faults.ts";
import { type HttpCourierOptions, httpCourier, type RetryStyle, verifyUrl } from "./slack/http-courier.ts";
import { edit, findMessage } from "./slack/messages.ts";
import { sessionOf, threadStatusOf } from "./slack/methods/agents.ts";
import { uninstall } from "./slack/oauth.ts";
import { type Acts, actsOf, type MessageRef } from "./slack/person-acts.ts";
import { createRates } from "./slack/rates.ts";
import { coverageOf, createRequestLog, type RequestLog } from "./slack/request-log.ts";
import { printed, seen } from "./slack/seen.ts";
import { listen } from "./slack/server.ts";
import { repliesOf } from "./slack/shapes.ts";
import { type SocketSide, socketSide } from "./slack/socket.ts";
import type {
  AgentSession,
  Channel,
  Ephemeral,
  Json,
  Message,
  Person,
  RecordedPing,
  Workspace,
} from "./slack/types.ts";
import * as workspace from "./slack/workspace.ts";

export type { Attempt, Delivery, DeliveryFault } from "./slack/deliveries.ts";
export type { Fault } from "./slack/faults.ts";
export type { Acts, Done, Said, SayOptions } from "./slack/person-acts.ts";
export type { LoggedCall } from "./slack/request-log.ts";
export type { AgentSession, Channel, Ephemeral, Message, Person, Ping, RecordedPing } from "./slack/types.ts";
export type { ChannelSeed, PersonSeed } from "./slack/workspace.ts";

export interface SlackOptions extends workspace.WorkspaceOptions {
  /** Where events go over HTTP; may be set later with `deliverTo`. */
  requestUrl?: string;
  /** How a delivery that was not acknowledged is repeated. Default: at once, three times. */
  deliverRetry?: RetryStyle;
  /** On the emulator's clock. Slack's three seconds. */
  ackWithinMs?: number;
  /** Real time between the pings of Socket Mode. */
  pingEveryMs?: number;
  /** More workspaces that may install the app; all have `oauth`'s app, and its request URL. */
  teams?: readonly Pick<workspace.WorkspaceOptions, "team" | "enterprise" | "people" | "channels">[];
  /** Answer 429 where Slack would. Default: never by itself, only when a fault orders it. */
  rateLimits?: boolean;
}

/** One message as people see it. */
export interface SeenMessage {
  ts: string;
  author: string;
  /** The fallback, for notifications and screen readers. */
  text: string;
  /** What is on the screen. */
  seen: string;
  blocks: Json[];
  edits: number;
  reactions: { name: string; users: string[] }[];
  message: Message;
}

export interface SlackThread {
  /** The root and its replies, oldest first. */
  messages(): SeenMessage[];
  /** Without the root. */
  replies(): SeenMessage[];
  /** Readable, for a failed assertion or a printed journey. */
  print(): string;
  session(): AgentSession | undefined;
  /** The "is thinking..." line, if one is shown. */
  status(): string | undefined;
}

/** One of several workspaces, as the emulator is the first one. */
export interface SlackTeam extends Pick<SlackEmulator, Views | "app" | "team"> {
  /** Somebody takes the app from the list of apps, of the workspace or of its organisation. */
  uninstalls(): void;
}

export interface SlackEmulator {
  /** For `clientOptions.slackApiUrl`. */
  readonly apiUrl: string;
  /** Of the app, for several workspaces. */
  readonly oauth: Workspace["distribution"];
  /** By id. */
  at(team: string): SlackTeam;
  readonly app: Workspace["app"];
  /** What a bot needs to be this app in one workspace. */
  readonly environment: Record<"SLACK_BOT_TOKEN" | "SLACK_SIGNING_SECRET" | "SLACK_API_URL", string>;
  readonly team: Workspace["team"];
  readonly faults: Faults;
  readonly requests: RequestLog;
  /** Everything our app was told, in order. */
  readonly deliveries: readonly Delivery[];
  readonly socket: Pick<SocketSide, "connections" | "disconnect" | "drop">;
  /** Sets or clears the request URL of the app, for events, interactivity and commands alike. */
  deliverTo(url: string | undefined): void;
  /** Slack's handshake with the request URL. */
  verifyRequestUrl(): Promise<boolean>;
  as(person: string | Person): Acts;
  person(who: string): Person;
  channel(which: string): Channel;
  addPerson(seed: string | workspace.PersonSeed): Person;
  addChannel(seed: string | workspace.ChannelSeed): Channel;
  thread(channel: string, ts: string | { ts: string }): SlackThread;
  /** What stands in a channel itself: no replies, but broadcasts. */
  timeline(channel: string): SeenMessage[];
  /** Those that are still shown. */
  ephemerals(to?: string): Ephemeral[];
  home(person: string): Json | undefined;
  /** Modals that are open, by id. */
  views(): { id: string; user: string; view: Json }[];
  /** Whom our app would have notified by posting. */
  pings(): RecordedPing[];
  /** Those of them that reach a whole group. Should be empty. */
  broadcasts(): RecordedPing[];
  seen(message: Message | Ephemeral): string;
  /** Slack adds a card for a link: an edit by nobody, with the same text. */
  unfurls(message: MessageRef, card: { title: string; url: string }): Delivery[];
  /** Resolves as soon as the condition holds; rejects with what is there when it does not within ten seconds. */
  until(holds: () => boolean, what?: string): Promise<void>;
  /** Deliveries that have not ended. */
  open(): Delivery[];
  /** Resolves when every delivery has ended. */
  settled(): Promise<void>;
  coverage(): { route: string; calls: number }[];
  /** Back to the people and channels of the options; forgets everything else. */
  reset(): void;
  close(): Promise<void>;
}

/** Long enough for a loaded machine: this ends a test that would hang, it measures nothing. */
const untilGivesUpMs = 60_000;

export async function startSlack(options: SlackOptions = {}): Promise<SlackEmulator> {
  const closing = new AbortController();
  const watchers = new Set<() => void>();
  const changed = (): void => {
    for (const look of [...watchers]) look();
  };
  const faults = createFaults();
  const log = createRequestLog();
  const state = { url: options.requestUrl };
  const post = createPost(() => (ws.app.socketMode ? sockets : http), changed);
  const reachable = (): boolean => ws.app.socketMode || state.url !== undefined;
  const ws = workspace.createWorkspace(options, { send: (out) => (reachable() ? [post.send(out)] : []), changed });
  const ackWithinMs = options.ackWithinMs ?? 3_000;
  const shared = { app: ws.app, clock: ws.clock, faults, log, ackWithinMs };
  const courier: HttpCourierOptions = {
    ...shared,
    url: () => state.url,
    retry: options.deliverRetry ?? "immediate",
    changed,
    closing: closing.signal,
  };
  const http = httpCourier(courier);
  const sockets = socketSide({ ...shared, ws, pingEveryMs: options.pingEveryMs ?? 5_000 });
  for (const more of options.teams ?? []) {
    const { app, oauth, clock } = options;
    const common = { ...(app && { app }), ...(clock && { clock }), oauth: oauth ?? {} };
    const { send, changed: tell, distribution, sequence } = ws;
    workspace.createWorkspace({ ...common, ...more }, { send, changed: tell, distribution, sequence });
  }
  const rates = createRates(ws.clock, options.rateLimits ?? false);
  const server = await listen({ ws, faults, rates, log, socketUrl: () => sockets.newUrl() }, sockets);
  for (const each of ws.distribution.workspaces) each.origin = server.origin;
  return {
    apiUrl: `${server.origin}/api/`,
    app: ws.app,
    environment: {
      SLACK_BOT_TOKEN: ws.app.botToken,
      SLACK_SIGNING_SECRET: ws.app.signingSecret,
      SLACK_API_URL: `${server.origin}/api/`,
    },
    team: ws.team,
    oauth: ws.distribution,
    at(id) {
      const found = ws.distribution.workspaces.find(({ team }) => team.id === id);
      if (!found) throw new Error(`there is no workspace ${id}`);
      const { app, team, enterprise } = found;
      const uninstalls = (): void => uninstall(found, app.orgWide && enterprise ? enterprise.id : team.id);
      return { app, team, ...views(found), uninstalls };
    },
    faults,
    requests: log,
    deliveries: post.sent,
    socket: sockets,
    deliverTo(url) {
      state.url = url;
    },
    verifyRequestUrl: () => (state.url ? verifyUrl(courier, state.url) : Promise.resolve(false)),
    ...views(ws),
    until: (holds, what) =>
      until(
        watchers,
        holds,
        () => `${what ?? holds.toString()}\n${ws.distribution.workspaces.map(everything).join("\n\n")}`,
      ),
    open: () => post.open(),
    settled: () => post.idle(),
    coverage: () => coverageOf(log),
    reset() {
      workspace.resetWorkspace(ws, options);
      for (const forgetful of [faults, log, rates, post]) forgetful.clear();
    },
    async close() {
      closing.abort();
      sockets.close();
      await server.close();
    },
  };
}

type Views =
  | "as"
  | "person"
  | "channel"
  | "addPerson"
  | "addChannel"
  | "thread"
  | "timeline"
  | "ephemerals"
  | "home"
  | "views"
  | "pings"
  | "broadcasts"
  | "seen"
  | "unfurls";

/** What tests look at and do, all on the state of the workspace. */
function views(ws: Workspace): Pick<SlackEmulator, Views> {
  return {
    as: (who) => actsOf(ws, typeof who === "string" ? workspace.personOf(ws, who) : who),
    person: (who) => workspace.personOf(ws, who),
    channel: (which) => workspace.channelOf(ws, which),
    addPerson: (seed) => workspace.addPerson(ws, seed),
    addChannel: (seed) => workspace.addChannel(ws, seed),
    thread: (channel, ts) => threadOf(ws, workspace.channelOf(ws, channel), typeof ts === "string" ? ts : ts.ts),
    timeline(which) {
      const all = ws.messages.get(workspace.channelOf(ws, which).id) ?? [];
      const shown = all.filter(
        (message) => !message.threadTs || message.threadTs === message.ts || message.subtype === "thread_broadcast",
      );
      return shown.map((message) => seenMessage(ws, message));
    },
    ephemerals(to) {
      const user = to && workspace.personOf(ws, to).id;
      return ws.ephemerals.filter((ephemeral) => !ephemeral.deleted && (!user || ephemeral.user === user));
    },
    home: (who) => ws.homes.get(workspace.personOf(ws, who).id),
    views: () => [...ws.views].map(([id, view]) => ({ id, ...view })),
    pings: () => ws.pings.filter((ping) => ping.via !== "edit"),
    broadcasts: () => ws.pings.filter((ping) => ping.kind !== "user"),
    seen: (message) => seen(ws, message),
    unfurls(ref, card) {
      const message = findMessage(ws, ref.channel, ref.ts);
      const attachments = [
        {
          id: 1,
          title: card.title,
          title_link: card.url,
          original_url: card.url,
          from_url: card.url,
          fallback: card.title,
        },
      ];
      return message ? edit(ws, message, { attachments, bySlack: true }).deliveries : [];
    },
  };
}

function threadOf(ws: Workspace, channel: Channel, ts: string): SlackThread {
  const root = () => findMessage(ws, channel.id, ts);
  const replies = () => repliesOf(ws, { channel: channel.id, ts });
  const all = () => [...[root()].filter((message) => message !== undefined), ...replies()];
  return {
    messages: () => all().map((message) => seenMessage(ws, message)),
    replies: () => replies().map((message) => seenMessage(ws, message)),
    print: () => printed(ws, all()),
    session: () => sessionOf(ws, channel.id, ts),
    status: () => threadStatusOf(ws, channel.id, ts),
  };
}

function seenMessage(ws: Workspace, message: Message): SeenMessage {
  const { ts, text, blocks, edits, reactions } = message;
  const author = ws.people.get(message.author)?.name ?? message.author;
  return { ts, author, text, seen: seen(ws, message), blocks, edits, reactions, message };
}

/** Looks now and after every change, so that nobody has to sleep. */
function until(watchers: Set<() => void>, holds: () => boolean, describe: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (end: () => void): void => {
      watchers.delete(look);
      clearTimeout(timer);
      end();
    };
    const look = (): void => {
      try {
        if (holds()) finish(resolve);
      } catch (error) {
        finish(() => reject(error));
      }
    };
    const timer = setTimeout(
      () => finish(() => reject(new Error(`waited in vain for: ${describe()}`))),
      untilGivesUpMs,
    );
    watchers.add(look);
    look();
  });
}

function everything(ws: Workspace): string {
  return [...ws.messages]
    .map(([channel, messages]) => `${ws.channels.get(channel)?.name || channel}\n${printed(ws, messages)}`)
    .join("\n\n");
}
