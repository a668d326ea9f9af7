/** A question of the agent in words, for surfaces without buttons: Markdown, its options numbered, its times in UTC. Pure. */
import { utcMoment } from "../core/moment.ts";
import { type AskedQuestion, decisionText, howToAnswer, type SettledQuestion } from "../core/question.ts";

export function askedText(question: AskedQuestion): string {
  return [wordsOf(question), `${howToAnswer(question, utcMoment(question.expiresAt))}.`].join("\n\n");
}

export function settledText(question: SettledQuestion): string {
  return [wordsOf(question), `**${decisionText(question.decision, utcMoment(question.expiresAt))}**`].join("\n\n");
}

function wordsOf({ text, options, permission }: AskedQuestion): string {
  const words = permission
    ? `**I need leave** to do this (${permission.tool.replace(/[^\w.:/-]/g, "")}):\n\n${fenced(permission.subject)}`
    : `**A question:** ${text.trim()}`;
  return [words, optionLines(options)].filter(Boolean).join("\n\n");
}

/** Foreign text as code, however many backticks it has itself. */
function fenced(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text.trim()}\n${fence}`;
}

/** Each on one line, behind the number that it can be chosen by. */
export const optionLines = (options: string[]): string =>
  options.map((option, i) => `${i + 1}. ${option.replace(/\s+/g, " ").trim()}`).join("\n");
