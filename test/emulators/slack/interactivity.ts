/** What people do with buttons, menus, modals and commands, as the payloads that Slack makes of it. */
import { isRecord, recordsIn } from "./blocks.ts";
import { countUp } from "./ids.ts";
import { messageShape } from "./shapes.ts";
import type { Channel, Ephemeral, Json, Message, Person, ResponseUrl, Workspace } from "./types.ts";

const triggerLivesMs = 3_000;
const responseUrlUses = 5;
const responseUrlLivesMs = 30 * 60_000;

/** A message or an ephemeral: both can carry buttons. */
export type Pressable = Message | Ephemeral;

export interface Pressed {
  block: Json;
  element: Json;
}

/** A button or menu by its action id, else by its label. Throws, because a person can only press what is there. */
export function elementOn(message: Pick<Pressable, "blocks">, wanted: string): Pressed {
  const all = message.blocks.flatMap((block) => elementsIn(block).map((element) => ({ block, element })));
  const found =
    all.find(({ element }) => element.action_id === wanted) ?? all.find(({ element }) => labelOf(element) === wanted);
  if (found) return found;
  const labels = all.map(({ element }) => labelOf(element) || element.action_id);
  throw new Error(`there is no "${wanted}" to press, only: ${labels.join(", ") || "nothing"}`);
}

export function blockActions(ws: Workspace, who: Person, message: Pressable, pressed: Pressed, value: Json): Json {
  const channel = ws.channels.get(message.channel);
  const ephemeral = isEphemeral(message);
  const { element, block } = pressed;
  const action = {
    type: element.type,
    action_id: element.action_id,
    block_id: block.block_id,
    action_ts: ts(ws),
    ...value,
  };
  return {
    type: "block_actions",
    ...common(ws, who),
    container: {
      type: "message",
      message_ts: message.ts,
      channel_id: message.channel,
      is_ephemeral: ephemeral,
      ...(message.threadTs ? { thread_ts: message.threadTs } : {}),
    },
    channel: { id: message.channel, name: channel ? channelName(channel) : "" },
    // An ephemeral is stored nowhere, so Slack sends no message along.
    ...(ephemeral ? {} : { message: messageShape(ws, message) }),
    state: {
      values: { [String(block.block_id)]: { [String(element.action_id)]: { type: element.type, ...value } } },
    },
    response_url: newResponseUrl(ws, { channel: message.channel, user: who.id, source: { ts: message.ts, ephemeral } }),
    actions: [action],
  };
}

/** On the page of the app: no channel and no message, but the view. */
export function homeActions(ws: Workspace, who: Person, view: Json, { element, block }: Pressed, value: Json): Json {
  const { type, action_id } = element;
  return {
    ...{ type: "block_actions", ...common(ws, who) },
    container: { type: "view", view_id: view.id },
    view,
    state: { values: { [String(block.block_id)]: { [String(action_id)]: { type, ...value } } } },
    actions: [{ type, action_id, block_id: block.block_id, action_ts: ts(ws), ...value }],
  };
}

/** Somebody types into a menu whose lines the app knows. */
export function blockSuggestion(ws: Workspace, who: Person, { element, block }: Pressed, typed: string): Json {
  if (element.type !== "external_select") throw new Error(`Slack searches in a ${String(element.type)} by itself`);
  return {
    ...{ type: "block_suggestion", ...common(ws, who) },
    ...{ action_id: element.action_id, block_id: block.block_id, value: typed },
  };
}

export function messageShortcut(ws: Workspace, who: Person, callbackId: string, message: Message): Json {
  const channel = ws.channels.get(message.channel);
  return {
    type: "message_action",
    ...common(ws, who),
    callback_id: callbackId,
    action_ts: ts(ws),
    message_ts: message.ts,
    channel: { id: message.channel, name: channel ? channelName(channel) : "" },
    message: messageShape(ws, message),
    response_url: newResponseUrl(ws, { channel: message.channel, user: who.id }),
  };
}

export function viewSubmission(ws: Workspace, who: Person, viewId: string, values: Json): Json {
  const view = ws.views.get(viewId)?.view;
  if (!view) throw new Error(`${who.name} has no modal ${viewId} open`);
  return { type: "view_submission", ...common(ws, who), view: { ...view, state: { values } }, response_urls: [] };
}

export function slashCommand(ws: Workspace, who: Person, channel: Channel, command: string, text: string): Json {
  const { token, trigger_id, api_app_id } = common(ws, who);
  return {
    token,
    team_id: ws.team.id,
    team_domain: ws.team.domain,
    channel_id: channel.id,
    // Slack does not tell an app the name of a channel that it is not in.
    channel_name:
      channel.kind === "private" && !channel.members.has(ws.app.botUserId) ? "privategroup" : channelName(channel),
    user_id: who.id,
    user_name: who.name,
    command,
    text,
    api_app_id,
    ...(ws.enterprise ? { enterprise_id: ws.enterprise.id, enterprise_name: ws.enterprise.name } : {}),
    is_enterprise_install: String(ws.app.orgWide),
    response_url: newResponseUrl(ws, { channel: channel.id, user: who.id }),
    trigger_id,
  };
}

function common(ws: Workspace, who: Person): Json {
  const trigger = `${countUp(ws, "trigger")}.${ws.team.id}.trigger`;
  ws.triggers.set(trigger, { user: who.id, expiresAtMs: ws.clock.now() + triggerLivesMs });
  return {
    user: { id: who.id, username: who.name, name: who.name, team_id: who.teamId },
    api_app_id: ws.app.id,
    token: ws.app.verificationToken,
    team: { id: ws.team.id, domain: ws.team.domain },
    enterprise: ws.enterprise,
    is_enterprise_install: ws.app.orgWide,
    trigger_id: trigger,
  };
}

function newResponseUrl(ws: Workspace, target: Pick<ResponseUrl, "channel" | "user" | "source">): string {
  const id = `${ws.team.id}/${countUp(ws, "response_url")}`;
  ws.responseUrls.set(id, { ...target, usesLeft: responseUrlUses, expiresAtMs: ws.clock.now() + responseUrlLivesMs });
  return `${ws.origin}/actions/${id}`;
}

function elementsIn(block: Json): Json[] {
  const nested = [
    ...recordsIn(block.elements),
    ...recordsIn(block.actions),
    ...recordsIn(block.child_blocks).flatMap(elementsIn),
  ];
  const all = [...nested, ...[block.accessory, block.element].filter(isRecord)];
  return all
    .flatMap((element) => (element.type === "feedback_buttons" ? feedback(element) : [element]))
    .filter((element) => "action_id" in element);
}

/** Two buttons under one action id; they are told apart by their labels. */
function feedback(element: Json): Json[] {
  const sides = [element.positive_button, element.negative_button].filter(isRecord);
  return sides.map((side) => ({ ...side, type: "feedback_buttons", action_id: element.action_id }));
}

function labelOf(element: Json): string {
  const text = element.text ?? element.placeholder;
  return isRecord(text) ? String(text.text ?? "") : "";
}

function channelName(channel: Channel): string {
  return channel.kind === "im" ? "directmessage" : channel.kind === "private" ? "privategroup" : channel.name;
}

function isEphemeral(message: Pressable): message is Ephemeral {
  return "via" in message;
}

function ts(ws: Workspace): string {
  return (ws.clock.now() / 1000).toFixed(6);
}
