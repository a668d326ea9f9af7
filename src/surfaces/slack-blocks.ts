/** What Slack's messages are built of, and Slack's limits for it. Foreign text in a `mrkdwn` field is escaped here, and pings nobody. Pure. */
import type { types } from "@slack/bolt";
import { OUTCOME_WORDS } from "../core/condense.ts";
import type { TurnResult } from "../core/types.ts";
import { clip } from "./figures.ts";
import { neutralise } from "./slack-neutral.ts";
import { escapeMrkdwn } from "./slack-text.ts";

export type KnownBlock = types.KnownBlock;

/** One message, ready to be posted. */
export interface Rendered {
  text: string;
  blocks: KnownBlock[];
}

/** With the Markdown it stays below the 13,200 that Slack takes over blocks of all kinds. */
const MAX_SMALL_PRINT_CHARS = 800;
/** About two lines in a desktop window. */
export const MAX_LINE_CHARS = 150;

const OUTCOME_SIGNS: Record<TurnResult["outcome"], string> = { done: "✓", failed: "✗", stopped: "■", "timed-out": "✗" };
export const outcomeText = (outcome: TurnResult["outcome"]): string =>
  `${OUTCOME_SIGNS[outcome]} ${OUTCOME_WORDS[outcome]}`;

/** `verbatim`, so that Slack makes links and mentions of nothing but what we wrote as such. */
const mrkdwn = (text: string): types.MrkdwnElement => ({ type: "mrkdwn", text, verbatim: true });
export const section = (text: string, accessory?: types.SectionBlockAccessory): KnownBlock => ({
  type: "section",
  text: mrkdwn(text),
  ...(accessory ? { accessory } : {}),
});
export const markdown = (text: string): KnownBlock => ({ type: "markdown", text });
/** Slack reads nothing in it. */
export const verbatim = (text: string): KnownBlock => ({
  type: "rich_text",
  elements: [{ type: "rich_text_preformatted", elements: [{ type: "text", text }] }],
});
export const context = (text: string): KnownBlock => ({ type: "context", elements: [mrkdwn(text)] });

/** Facts in order of weight: the last ones give way when a long branch name leaves no room. */
export function smallPrint(facts: (string | false | null)[]): KnownBlock[] {
  let line = "";
  for (const fact of facts) {
    if (!fact || line.length + fact.length + 3 > MAX_SMALL_PRINT_CHARS) continue;
    line = line === "" ? fact : `${line} · ${fact}`;
  }
  return line === "" ? [] : [context(line)];
}

/** Foreign text in a mrkdwn field. */
export const plain = (text: string): string => escapeMrkdwn(neutralise(text));
export const code = (text: string): string => `\`${plain(text.replaceAll("`", "'"))}\``;

export const oneLine = (text: string, maxChars: number): string => clip(text.replace(/\s+/g, " ").trim(), maxChars);
