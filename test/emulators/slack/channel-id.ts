/**
 * Slack gives a private channel another id when somebody begins to share it with another workspace. Everything in it stands under the new
 * one with the same timestamps, the old one is not found any more, and the app is told once.
 */
import type { Delivery } from "./deliveries.ts";
import { publish } from "./events.ts";
import { idFor, nextTs } from "./ids.ts";
import type { Channel, Workspace } from "./types.ts";

export function givenAnotherId(ws: Workspace, channel: Channel, by: string): Delivery[] {
  if (channel.kind !== "private") throw new Error(`#${channel.name} is not private: only those get another id`);
  const from = channel.id;
  const to = idFor(ws, "C", `${channel.name}-shared`);
  Object.assign(channel, { id: to, extShared: true });
  ws.channels.delete(from);
  ws.channels.set(to, channel);
  const messages = ws.messages.get(from) ?? [];
  for (const message of messages) Object.assign(message, { channel: to });
  ws.messages.delete(from);
  ws.messages.set(to, messages);
  for (const [key, session] of [...ws.sessions].filter(([key]) => key.startsWith(`${from}:`))) {
    ws.sessions.delete(key);
    ws.sessions.set(key.replace(from, to), { ...session, channel: to });
  }
  const type = "channel_id_changed";
  const event = { type, old_channel_id: from, new_channel_id: to, event_ts: nextTs(ws) };
  return publish(ws, { subscription: type, event, channel, by });
}
