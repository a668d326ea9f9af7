/** What somebody does in their App Home: choose a default, stop a turn, disconnect GitHub. */
import { z } from "zod";
import type { Member } from "../../src/core/identity.ts";
import type { Preferences } from "../../src/core/preferences.ts";
import {
  CONNECT_ACTION,
  DEFAULT_AGENT_ACTION,
  DEFAULT_MODEL_ACTION,
  DEFAULT_REPOSITORY_ACTION,
  DISCONNECT_ACTION,
  HOME_STOP_ACTION,
} from "../../src/surfaces/slack-actions.ts";
import { NONE } from "../../src/surfaces/slack-choices.ts";
import { MAX_MODEL_CHARS } from "../../src/surfaces/slack-home.ts";
import type { Us } from "./envelope.ts";
import { Interaction, personIn, workspaceIn } from "./interaction.ts";

/** Who did something in their App Home, and what. */
export type HomeAct = { by: Member; ts: string } & Deed;

type Deed =
  | { do: "prefer"; change: Partial<Preferences> }
  | { do: "stop"; turn: string }
  | { do: "disconnect" }
  | { do: "nothing" };

const Action = z.object({
  action_id: z.string(),
  action_ts: z.string(),
  value: z.string().nullish(),
  selected_option: z.object({ value: z.string() }).nullish(),
});

const Acted = Interaction.extend({
  container: z.object({ type: z.literal("view") }),
  actions: z.tuple([Action], z.unknown()),
});

/** By their names. */
export interface Choosable {
  repositories: readonly string[];
  agents: readonly string[];
}

/** Null for what Slack does not send, and for a choice of what cannot be chosen. */
export function homeAct(body: unknown, us: Us, choosable: Choosable): HomeAct | null {
  const parsed = Acted.safeParse(body);
  if (!parsed.success) return null;
  const [action] = parsed.data.actions;
  const { action_id, action_ts: ts } = action;
  const deed = Object.hasOwn(homeActions, action_id) ? homeActions[action_id]?.(action, choosable) : null;
  const by: Member = { surface: "slack", team: workspaceIn(parsed.data, us), ...personIn(parsed.data) };
  return deed ? { by, ts, ...deed } : null;
}

/** By the `action_id` of what somebody used there. */
export const homeActions: Record<string, (action: z.infer<typeof Action>, choosable: Choosable) => Deed | null> = {
  [DEFAULT_REPOSITORY_ACTION]: ({ selected_option }, { repositories }) =>
    prefers(oneOf("repository", selected_option?.value, repositories)),
  [DEFAULT_AGENT_ACTION]: ({ selected_option }, { agents }) => prefers(oneOf("agent", selected_option?.value, agents)),
  [DEFAULT_MODEL_ACTION]: ({ value }) => prefers(modelOf(value ?? "")),
  [HOME_STOP_ACTION]: ({ value }) => (value ? { do: "stop", turn: value } : null),
  // It opens a page; Slack tells of the click all the same.
  [CONNECT_ACTION]: () => ({ do: "nothing" }),
  [DISCONNECT_ACTION]: () => ({ do: "disconnect" }),
};

const prefers = (change: Partial<Preferences> | null): Deed | null => change && { do: "prefer", change };

function oneOf(
  what: "repository" | "agent",
  value: string | undefined,
  known: readonly string[],
): Partial<Preferences> | null {
  if (value === NONE) return { [what]: null };
  return value !== undefined && known.includes(value) ? { [what]: value } : null;
}

function modelOf(typed: string): Partial<Preferences> | null {
  const model = typed.trim();
  if (model.length > MAX_MODEL_CHARS || /\s/.test(model)) return null;
  return { model: model === "" ? null : model };
}
