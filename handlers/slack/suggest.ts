/** Somebody types into a menu that is longer than Slack takes: what fits is told at once, from what is known here. */
import type { types } from "@slack/bolt";
import { z } from "zod";
import { DEFAULT_REPOSITORY_ACTION, REPOSITORY_ACTION } from "../../src/surfaces/slack-actions.ts";
import { NO_DEFAULT, suggestions } from "../../src/surfaces/slack-choices.ts";

const Typed = z.object({ action_id: z.string(), value: z.string().nullish() });

/** Nothing for a menu that is not ours. */
export function suggested(body: unknown, repositories: readonly string[]): types.PlainTextOption[] {
  const parsed = Typed.safeParse(body);
  if (!parsed.success) return [];
  const { action_id, value } = parsed.data;
  if (action_id === REPOSITORY_ACTION) return suggestions(repositories, value ?? "");
  return action_id === DEFAULT_REPOSITORY_ACTION ? suggestions(repositories, value ?? "", NO_DEFAULT) : [];
}
