/** What somebody does in their App Home: choose a default, stop a turn, disconnect GitHub. */
import { z } from "zod";
import type { Preferences } from "../../src/core/preferences.ts";
import { NONE } from "../../src/surfaces/slack-choices.ts";
import { AGENTS, MAX_MODEL_CHARS } from "../../src/surfaces/slack-home.ts";
import {
  CONNECT_ACTION,
  DEFAULT_AGENT_ACTION,
  DEFAULT_MODEL_ACTION,
  DEFAULT_REPOSITORY_ACTION,
  DISCONNECT_ACTION,
  HOME_STOP_ACTION,
} from "../../src/surfaces/slack-text.ts";
import type { Us } from "./envelope.ts";

/** Who did something in their App Home, and what. */
export type HomeAct = { by: { team: string; id: string; name: string }; ts: string } & (
  | { do: "prefer"; change: Partial<Preferences> }
  | { do: "stop"; turn: string }
  | { do: "disconnect" }
  /** Slack tells also of buttons that only open a page. */
  | { do: "nothing" }
);

const Acted = z.object({
  is_enterprise_install: z.boolean().nullish(),
  team: z.object({ id: z.string() }).nullish(),
  user: z.object({ id: z.string(), name: z.string().nullish(), username: z.string().nullish() }),
  container: z.object({ type: z.literal("view") }),
  actions: z.tuple(
    [
      z.object({
        action_id: z.string(),
        action_ts: z.string(),
        value: z.string().nullish(),
        selected_option: z.object({ value: z.string() }).nullish(),
      }),
    ],
    z.unknown(),
  ),
});

export const HOME_ACTIONS: ReadonlySet<string> = new Set([
  ...[DEFAULT_REPOSITORY_ACTION, DEFAULT_AGENT_ACTION, DEFAULT_MODEL_ACTION],
  ...[HOME_STOP_ACTION, CONNECT_ACTION, DISCONNECT_ACTION],
]);

/** Null for what Slack does not send. `repositories`: those that can be chosen. */
export function homeAct(body: unknown, us: Us, repositories: readonly string[]): HomeAct | null {
  const parsed = Acted.safeParse(body);
  if (!parsed.success) return null;
  const { user, team, is_enterprise_install, actions } = parsed.data;
  const [{ action_id, action_ts, value, selected_option }] = actions;
  const by = {
    team: is_enterprise_install && team ? team.id : us.teamId,
    ...{ id: user.id, name: user.username ?? user.name ?? user.id },
  };
  const same = { by, ts: action_ts };
  const prefers = (change: Partial<Preferences> | null): HomeAct | null => change && { ...same, do: "prefer", change };
  switch (action_id) {
    case DEFAULT_REPOSITORY_ACTION:
      return prefers(oneOf("repository", selected_option?.value, repositories));
    case DEFAULT_AGENT_ACTION:
      return prefers(oneOf("agent", selected_option?.value, AGENTS));
    case DEFAULT_MODEL_ACTION:
      return prefers(modelOf(value ?? ""));
    case HOME_STOP_ACTION:
      return value ? { ...same, do: "stop", turn: value } : null;
    case DISCONNECT_ACTION:
      return { ...same, do: "disconnect" };
    default:
      return { ...same, do: "nothing" };
  }
}

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
