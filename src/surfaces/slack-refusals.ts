/** What a workspace has refused for good, so that it is asked once and not with every turn: a feature that it has not, a scope, a kind of block. */
import { bounded } from "../bounded.ts";
import type { Log } from "../log.ts";

/** One feature, over all workspaces; a restart forgets it, as after the app was installed again. */
export interface Refusals {
  has(team: string): boolean;
  /** Tells it in the log, the first time. */
  add(team: string, slackSays: string): void;
}

const MAX_TEAMS = 1_000;

export function refusalsOf(
  feature: "agent-sessions" | "plan-blocks" | "files" | "feedback-buttons" | "card-blocks",
  log: Log,
): Refusals {
  const teams = bounded<string, true>(MAX_TEAMS);
  const has = (team: string): boolean => teams.get(team) === true;
  return {
    has,
    add(team, slackSays) {
      if (has(team)) return;
      teams.set(team, true);
      log.info({ feature, team, slackSays }, "slack.feature-refused");
    },
  };
}
