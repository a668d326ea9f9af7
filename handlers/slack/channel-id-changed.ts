/** `channel_id_changed`: a private channel was shared with another workspace, and Slack calls it something else for ever. */
import { z } from "zod";
import { type Clicked, Installation, ignored, teamOf, type Us } from "./envelope.ts";

const Id = z.string().regex(/^[A-Z0-9]+$/);
const Changed = Installation.extend({ event: z.object({ old_channel_id: Id, new_channel_id: Id }) });

export function onChannelIdChanged(body: unknown, us: Us): Clicked {
  const parsed = Changed.safeParse(body);
  if (!parsed.success) return ignored("malformed");
  const { old_channel_id: from, new_channel_id: to } = parsed.data.event;
  return { is: "moved", move: { team: teamOf(parsed.data, us), from, to } };
}
