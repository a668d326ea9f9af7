/**
 * A question of the agent in Slack: its words, a numbered list, a button for each option and one for other words; afterwards the same
 * message with the decision instead of the buttons. The agent's words are Markdown and ping nobody; only the askers are pinged. Pure.
 */
import type { types } from "@slack/bolt";
import { ALLOW, type AskedQuestion, DENY, decisionText, howToAnswer, type SettledQuestion } from "../core/question.ts";
import type { Ms } from "../core/types.ts";
import { clip } from "./figures.ts";
import { optionLines } from "./question-text.ts";
import { ANSWER_ACTION, OTHER_ACTION } from "./slack-actions.ts";
import {
  context,
  type KnownBlock,
  MAX_LINE_CHARS,
  markdown,
  oneLine,
  plain,
  type Rendered,
  section,
  verbatim,
} from "./slack-blocks.ts";
import { shownMoment } from "./slack-moments.ts";
import { neutralise } from "./slack-neutral.ts";

/** What Slack takes on a button. */
const MAX_BUTTON_CHARS = 75;
/** What counts otherwise can be as long as an answer. Escaped it is five times as long at most, and Slack takes 2,000 of them. */
const MAX_SMALL_CHARS = 350;
/** A notification shows less. */
const MAX_FALLBACK_CHARS = 1_000;
/** Everybody who steered the turn asked for it; more names than this are a crowd. */
const MAX_PINGS = 20;

export function renderQuestion(question: AskedQuestion): Rendered {
  const need = question.permission ? "*I need leave*" : "*I need an answer*";
  const head = `${pingsOf(question)}${need} to go on with: ${plain(oneLine(question.title, MAX_LINE_CHARS))}`;
  return {
    text: fallback(head, question),
    blocks: [
      section(head),
      ...wordsOf(question),
      // A moment in Slack's own spelling must not be cut or escaped, so it is put in last.
      context(smallText(howToAnswer(question, MOMENT), question.expiresAt)),
      {
        type: "actions",
        elements: [...question.options.map((option, i) => optionButton(question, option, i)), otherButton(question)],
      },
    ],
  };
}

export function renderSettled(question: SettledQuestion): Rendered {
  const { decision, expiresAt } = question;
  const decided = `*${smallText(decisionText(decision, MOMENT), expiresAt).replaceAll("*", "∗")}*`;
  return { text: fallback(decided, question), blocks: [...wordsOf(question), section(decided)] };
}

/** What a button carries; the handler of the click reads it. */
export const buttonValue = (question: string, option?: number): string => JSON.stringify({ question, option });

function wordsOf({ text, options, permission }: AskedQuestion): KnownBlock[] {
  if (permission) {
    const { tool, subject } = permission;
    // Slack takes no empty text.
    return [
      section(`May I do this (${plain(oneLine(tool, MAX_LINE_CHARS))})?`),
      verbatim(neutralise(subject.trim()) || "…"),
    ];
  }
  return [markdown(neutralise([text.trim(), optionLines(options)].filter(Boolean).join("\n\n")))];
}

function optionButton({ id, permission }: AskedQuestion, option: string, index: number): types.Button {
  const label = oneLine(neutralise(permission ? option : `${index + 1}. ${option}`), MAX_BUTTON_CHARS);
  return {
    type: "button",
    action_id: `${ANSWER_ACTION}_${index + 1}`,
    value: buttonValue(id, index),
    text: { type: "plain_text", text: label },
    ...(permission && (option === ALLOW || option === DENY) ? { style: STYLES[option] } : {}),
    accessibility_label: oneLine(neutralise(`Answer: ${option}`), MAX_BUTTON_CHARS),
  };
}

const STYLES = { [ALLOW]: "primary", [DENY]: "danger" } as const;

const otherButton = ({ id, permission }: AskedQuestion): types.Button => ({
  type: "button",
  action_id: OTHER_ACTION,
  value: buttonValue(id),
  text: { type: "plain_text", text: permission ? "Deny, because…" : "Other…" },
  accessibility_label: permission ? "Deny, and say why" : "Answer in other words",
});

/** Stands for the moment until it is known that nothing else of Slack's syntax is in the line. No text of others keeps it. */
const MOMENT = "\u0001";

/** Slack puts in the reader's own day and time of day. */
function smallText(text: string, at: Ms): string {
  const [before = "", ...after] = text.split(MOMENT);
  return [before, after.join("")]
    .map((part) => plain(clip(part.replace(/\s+/g, " "), MAX_SMALL_CHARS)))
    .join(after.length > 0 ? shownMoment(at) : "");
}

function pingsOf({ askers }: AskedQuestion): string {
  const ids = new Set(askers.filter(({ surface }) => surface === "slack").map(({ id }) => id));
  return [...ids]
    .slice(0, MAX_PINGS)
    .map((id) => `<@${id}> `)
    .join("");
}

function fallback(head: string, { text, options }: AskedQuestion): string {
  const words = [text.trim(), optionLines(options)].filter(Boolean).join("\n");
  return `${head}\n${plain(clip(words, MAX_FALLBACK_CHARS))}`;
}
