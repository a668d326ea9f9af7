/** Acting as a person: everything that somebody can do in Slack, and what our app was told because of it. */
import { isRecord, recordsIn } from "./blocks.ts";
import { givenAnotherId } from "./channel-id.ts";
import type { Delivery } from "./deliveries.ts";
import * as events from "./events.ts";
import { countUp, nextTs, numberedId } from "./ids.ts";
import * as interactivity from "./interactivity.ts";
import { edit, findMessage, type Happened, post, react, remove, unreact } from "./messages.ts";
import { answerCommand } from "./response-url.ts";
import { composed, richText } from "./rich-text.ts";
import { messageShape } from "./shapes.ts";
import type { Channel, Json, Message, Person, Workspace } from "./types.ts";
import { channelOf, directMessage } from "./workspace.ts";

/** What was done and what our app was told. `delivered` resolves when each delivery is acknowledged or given up. */
export interface Done {
  deliveries: Delivery[];
  delivered: Promise<Delivery[]>;
}

export interface Said extends Done {
  message: Message;
}

export interface FileGiven {
  name: string;
  content: string | Buffer;
  mimetype?: string;
}

export interface SayOptions {
  /** The ts of the root, or any message of the thread. */
  thread?: string | { ts: string };
  /** "Also send to channel". */
  broadcast?: boolean;
  files?: readonly FileGiven[];
  /** A message that is shared along, as a quotation. */
  shares?: Message;
}

/** Any message that was posted; only channel and ts are looked at. */
export type MessageRef = Pick<Message, "channel" | "ts">;

export interface Acts {
  readonly person: Person;
  /** `channel` is a name, an id, or `dm` for the direct message with the bot. `@name` and `#channel` become mentions. */
  says(channel: string, text: string, options?: SayOptions): Said;
  edits(message: MessageRef, text: string): Said;
  deletes(message: MessageRef): Done;
  reacts(message: MessageRef, emoji: string): Done;
  unreacts(message: MessageRef, emoji: string): Done;
  /** A button by its label or action id, on a message or an ephemeral. */
  presses(message: interactivity.Pressable, button: string): Done;
  /** An option of a menu, by its value. */
  selects(message: interactivity.Pressable, menu: string, value: string): Done;
  /** What a menu offers that asks the app for its lines: their labels. */
  searches(where: Pick<interactivity.Pressable, "blocks"> | "home", menu: string, typed: string): Promise<string[]>;
  /** On the app's own page: presses a button, chooses from a menu, or types into a field and presses Enter. */
  atHome(what: string, value?: { chooses: string } | { types: string }): Done;
  submits(viewId: string, values: Json): Done;
  usesShortcut(message: Message, callbackId: string): Done;
  commands(channel: string, command: string, text?: string): Done;
  /** Lets our bot into a channel. With a message it is the invitation that Slack offers after a mention, which is then delivered. */
  invitesBot(channel: string, because?: Message): Done;
  removesBot(channel: string): Done;
  archives(channel: string): Done;
  opensHome(tab?: "home" | "messages"): Done;
  /** The native Stop button of an agent session. */
  stopsAgent(thread: { channel: string; ts: string }): Done;
  /** Begins to share a private channel with another workspace: Slack gives it another id, for ever. */
  sharesOutside(channel: string): Done;
  /** Gives the agent session of a thread another title. */
  renamesSession(thread: { channel: string; ts: string }, title: string): Done;
}

export function actsOf(ws: Workspace, person: Person): Acts {
  const interact = (type: string, payload: Json): Done => done(ws.send({ kind: "interactive", type, payload }));
  const at = (ref: MessageRef): Message => messageAt(ws, ref);
  return {
    person,
    says: (channel, text, options = {}) => said(say(ws, person, channelNamed(ws, person, channel), text, options)),
    edits: (ref, text) => said(edit(ws, at(ref), typed(ws, text))),
    deletes: (ref) => said(remove(ws, at(ref), person.id)),
    reacts: (ref, emoji) => said(react(ws, at(ref), emoji, person)),
    unreacts: (ref, emoji) => said(unreact(ws, at(ref), emoji, person)),
    presses(message, button) {
      const pressed = interactivity.elementOn(message, button);
      const { text, value } = pressed.element;
      const given = { ...(text ? { text } : {}), ...(value === undefined ? {} : { value }) };
      return interact("block_actions", interactivity.blockActions(ws, person, message, pressed, given));
    },
    selects(message, menu, value) {
      const selected_option = { text: { type: "plain_text", text: value }, value };
      const pressed = interactivity.elementOn(message, menu);
      return interact("block_actions", interactivity.blockActions(ws, person, message, pressed, { selected_option }));
    },
    async searches(where, menu, typed) {
      const pressed = interactivity.elementOn(where === "home" ? homeOf(ws, person) : where, menu);
      const [delivery] = await interact("block_suggestion", interactivity.blockSuggestion(ws, person, pressed, typed))
        .delivered;
      const answer: unknown = JSON.parse(delivery?.attempts.at(-1)?.body || "{}");
      return recordsIn(isRecord(answer) ? answer.options : []).map(({ text }) =>
        isRecord(text) ? String(text.text) : "",
      );
    },
    atHome(what, value) {
      const view = homeOf(ws, person);
      const pressed = interactivity.elementOn(view, what);
      const given = !value
        ? { value: pressed.element.value }
        : "types" in value
          ? { value: value.types === "" ? null : value.types }
          : { selected_option: { text: { type: "plain_text", text: value.chooses }, value: value.chooses } };
      return interact("block_actions", interactivity.homeActions(ws, person, view, pressed, given));
    },
    submits: (viewId, values) => interact("view_submission", interactivity.viewSubmission(ws, person, viewId, values)),
    usesShortcut: (message, callbackId) =>
      interact("message_action", interactivity.messageShortcut(ws, person, callbackId, message)),
    commands: (channel, command, text = "") => runCommand(ws, person, channelNamed(ws, person, channel), command, text),
    invitesBot: (channel, because) => done(inviteBot(ws, person, channelOf(ws, channel), because)),
    removesBot(channel) {
      channelOf(ws, channel).members.delete(ws.app.botUserId);
      return done([]);
    },
    archives(name) {
      const channel = channelOf(ws, name);
      channel.archived = true;
      ws.changed();
      return done(events.archived(ws, channel, person.id));
    },
    opensHome: (tab = "home") => done(openHome(ws, person, tab)),
    stopsAgent: (thread) => done(stopAgent(ws, person, thread)),
    sharesOutside: (channel) => done(givenAnotherId(ws, channelNamed(ws, person, channel), person.id)),
    renamesSession: (thread, title) => done(renameSession(ws, person, thread, title)),
  };
}

function say(ws: Workspace, person: Person, channel: Channel, text: string, options: SayOptions): Happened {
  if (!channel.members.has(person.id))
    throw new Error(`${person.name} is not in ${channel.name || channel.id} and cannot write there`);
  const threadTs = options.thread === undefined ? undefined : rootOf(ws, channel, options.thread);
  return post(ws, {
    channel,
    author: person,
    ...typed(ws, text),
    attachments: options.shares ? [quotation(ws, options.shares)] : [],
    files: (options.files ?? []).map((file) => storeFile(ws, person, file)),
    threadTs,
    broadcast: options.broadcast ?? false,
    clientMsgId: `00000000-0000-4000-8000-${String(countUp(ws, "client_msg_id")).padStart(12, "0")}`,
  });
}

function typed(ws: Workspace, text: string): { text: string; blocks: Json[] } {
  const wire = composed(ws, text);
  return { text: wire, blocks: wire === "" ? [] : [richText(wire, `b${countUp(ws, "block")}`)] };
}

function storeFile(ws: Workspace, person: Person, given: FileGiven): string {
  const id = numberedId(ws, "F");
  const mimetype = given.mimetype ?? "text/plain";
  ws.files.set(id, {
    id,
    name: given.name,
    title: given.name,
    mimetype,
    user: person.id,
    content: Buffer.from(given.content),
    createdMs: ws.clock.now(),
    shared: true,
  });
  return id;
}

function quotation(ws: Workspace, message: Message): Json {
  const author = ws.people.get(message.author);
  const address = `https://${ws.team.domain}.slack.com/archives/${message.channel}/p${message.ts.replace(".", "")}`;
  return {
    is_msg_unfurl: true,
    is_share: true,
    message_blocks: [
      {
        team: ws.team.id,
        channel: message.channel,
        ts: message.ts,
        message: { blocks: messageShape(ws, message).blocks ?? [] },
      },
    ],
    channel_id: message.channel,
    channel_team: ws.team.id,
    ts: message.ts,
    text: message.text,
    fallback: message.text,
    author_id: message.author,
    author_name: author?.realName ?? "",
    author_subname: author?.name ?? "",
    from_url: address,
    original_url: address,
  };
}

/** A command is answered in the acknowledgement itself, or later through its response_url. */
function runCommand(ws: Workspace, person: Person, channel: Channel, command: string, text: string): Done {
  const payload = interactivity.slashCommand(ws, person, channel, command, composed(ws, text));
  const deliveries = ws.send({ kind: "command", type: command, payload });
  const delivered = Promise.all(deliveries.map((delivery) => delivery.done)).then((all) => {
    for (const { acknowledged, attempts } of all)
      if (acknowledged) answerCommand(ws, { channel: channel.id, user: person.id }, attempts.at(-1)?.body ?? "");
    return all;
  });
  return { deliveries, delivered };
}

function inviteBot(ws: Workspace, person: Person, channel: Channel, because: Message | undefined): Delivery[] {
  const bot = ws.people.get(ws.app.botUserId);
  if (!bot || channel.members.has(bot.id)) return [];
  channel.members.add(bot.id);
  const text = `<@${bot.id}> has joined the channel`;
  const notice = post(ws, {
    channel,
    author: bot,
    text,
    subtype: channel.kind === "public" ? "channel_join" : "group_join",
    inviter: person.id,
  });
  const pending = because ? events.mentioned(ws, because) : [];
  return [...notice.deliveries, ...events.joined(ws, channel, bot, person.id), ...pending];
}

function openHome(ws: Workspace, person: Person, tab: "home" | "messages"): Delivery[] {
  const { channel } = directMessage(ws, [person.id, ws.app.botUserId]);
  const view = ws.homes.get(person.id);
  const event = {
    type: "app_home_opened",
    user: person.id,
    channel: channel.id,
    tab,
    ...(view ? { view } : {}),
    event_ts: nextTs(ws),
  };
  return events.publish(ws, { subscription: "app_home_opened", event, by: person.id });
}

function stopAgent(ws: Workspace, person: Person, thread: { channel: string; ts: string }): Delivery[] {
  const channel = channelOf(ws, thread.channel);
  const thread_ts = rootOf(ws, channel, thread);
  const session = ws.sessions.get(`${channel.id}:${thread_ts}`);
  if (session?.status !== "processing")
    throw new Error("there is no Stop button: the session of this thread is not processing");
  const event = {
    type: "agent_session_stopped",
    channel: channel.id,
    user: person.id,
    thread_ts,
    streaming_message_ts: [],
    event_ts: nextTs(ws),
  };
  return events.publish(ws, { subscription: event.type, event, channel, by: person.id });
}

function renameSession(
  ws: Workspace,
  person: Person,
  thread: { channel: string; ts: string },
  title: string,
): Delivery[] {
  const channel = channelOf(ws, thread.channel);
  const thread_ts = rootOf(ws, channel, thread);
  const session = ws.sessions.get(`${channel.id}:${thread_ts}`);
  if (!session) throw new Error("this thread has no agent session to rename");
  const previous_title = session.title;
  session.title = title;
  const event = {
    type: "agent_session_title_changed",
    channel: channel.id,
    user: person.id,
    team_id: ws.team.id,
    thread_ts,
    title,
    previous_title,
    event_ts: nextTs(ws),
  };
  return events.publish(ws, { subscription: event.type, event, channel, by: person.id });
}

/** What they see on the app's own page. */
function homeOf(ws: Workspace, person: Person): Json & { blocks: Json[] } {
  const view = ws.homes.get(person.id);
  if (!view) throw new Error(`${person.name} has no page of the app`);
  return { ...view, blocks: recordsIn(view.blocks) };
}

function channelNamed(ws: Workspace, person: Person, name: string): Channel {
  return name === "dm" ? directMessage(ws, [person.id, ws.app.botUserId]).channel : channelOf(ws, name);
}

function rootOf(ws: Workspace, channel: Channel, thread: string | { ts: string }): string {
  const ts = typeof thread === "string" ? thread : thread.ts;
  return findMessage(ws, channel.id, ts)?.threadTs ?? ts;
}

function messageAt(ws: Workspace, ref: MessageRef): Message {
  const found = findMessage(ws, ref.channel, ref.ts);
  if (!found) throw new Error(`there is no message ${ref.ts} in ${ref.channel}`);
  return found;
}

function said({ message, deliveries }: Happened): Said {
  return { message, ...done(deliveries) };
}

function done(deliveries: Delivery[]): Done {
  return { deliveries, delivered: Promise.all(deliveries.map((delivery) => delivery.done)) };
}
