/**
 * Menus of repositories: under the question which one, beside *Stop* while another one can be chosen still, and in App Home. People search
 * in all of them by typing; Slack does that itself for a hundred, and asks us what fits where there are more. Pure.
 */
import type { types } from "@slack/bolt";
import { offered } from "../core/offer.ts";
import type { Progress } from "../core/types.ts";
import { clip } from "./figures.ts";
import { REPOSITORY_ACTION } from "./slack-actions.ts";
import type { KnownBlock, Rendered } from "./slack-blocks.ts";

/** What Slack takes in a list, in a line of it, and behind the line. */
const MAX_OPTIONS = 100;
const MAX_LINE_CHARS = 75;
const MAX_VALUE_CHARS = 150;

export interface Menu {
  action: string;
  /** What stands in it before anything is chosen. */
  says: string;
  names: readonly string[];
  /** What is chosen now. */
  chosen?: string | null;
  /** A first line that takes the choice back. */
  none?: string;
}

/** The line of a menu that takes a default back. */
export const NO_DEFAULT = "No default";
/** The value of the line that takes a choice back; no repository is called so. */
export const NONE = "-";

type Element = types.StaticSelect | types.ExternalSelect;

export function menu({ action: action_id, says, names, chosen, none }: Menu): Element {
  const same = { action_id, placeholder: plainOf(says) };
  const options = [...(none ? [optionOf(NONE, none)] : []), ...optionsOf(names)];
  const initial = chosen && fits(chosen) ? { initial_option: optionOf(chosen) } : {};
  if (options.length > MAX_OPTIONS) return { type: "external_select", ...same, min_query_length: 0, ...initial };
  // Slack refuses a choice that is not in the list.
  const known = options.some(({ value }) => value === chosen) ? initial : {};
  return { type: "static_select", ...same, options, ...known };
}

/** What fits what somebody has typed so far, the best first. `none` stands first while nothing is typed. */
export function suggestions(names: readonly string[], typed: string, none?: string): types.PlainTextOption[] {
  const first = none && typed.trim() === "" ? [optionOf(NONE, none)] : [];
  return [...first, ...optionsOf(offered(names.filter(fits), typed, MAX_OPTIONS - first.length))];
}

/** The same message with a menu under its last piece; who finds none says it in words. */
export function withChoices(messages: Rendered[], choices: string[]): Rendered[] {
  if (!choices.some(fits)) return messages;
  const element = menu({ action: REPOSITORY_ACTION, says: "Choose a repository", names: choices });
  return messages.map((message, i) =>
    i === messages.length - 1 ? { ...message, blocks: [...message.blocks, actions([element])] } : message,
  );
}

/** Beside *Stop*, as long as nothing of the work has left the sandbox. */
export function withChange(message: Rendered, progress: Progress, names: readonly string[]): Rendered {
  const others = names.filter((name) => name !== progress.repository);
  if (!progress.changeable || progress.ended || !others.some(fits)) return message;
  const element = menu({ action: REPOSITORY_ACTION, says: "Change repository", names: others });
  const blocks = message.blocks.map((block) =>
    block.type === "actions" ? { ...block, elements: [...block.elements, element] } : block,
  );
  return { ...message, blocks };
}

const actions = (elements: Element[]): KnownBlock => ({ type: "actions", elements });

const fits = (name: string): boolean => name.length <= MAX_VALUE_CHARS;

const optionsOf = (names: readonly string[]): types.PlainTextOption[] =>
  names.filter(fits).map((name) => optionOf(name));

const optionOf = (value: string, says = value): types.PlainTextOption => ({
  text: plainOf(clip(says, MAX_LINE_CHARS)),
  value,
});

const plainOf = (text: string): types.PlainTextElement => ({ type: "plain_text", text });
