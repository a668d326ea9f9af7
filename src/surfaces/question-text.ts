/** A question of the agent in words, for surfaces without buttons: Markdown, its options numbered, its times in UTC. Pure. */
import { utcMoment } from "../core/moment.ts";
import { type AskedQuestion, decisionText, howToAnswer, type SettledQuestion } from "../core/question.ts";

export function askedText(question: AskedQuestion): string {
  return [wordsOf(question), `${howToAnswer(question, utcMoment(question.expiresAt))}.`].join("\n\n");
}

export function settledText(question: SettledQuestion): string {
  return [wordsOf(question), `**${decisionText(question.decision, utcMoment(question.expiresAt))}**`].join("\n\n");
}

const wordsOf = ({ text, options }: AskedQuestion): string =>
  [`**A question:** ${text.trim()}`, optionLines(options)].filter(Boolean).join("\n\n");

/** Each on one line, behind the number that it can be chosen by. */
export const optionLines = (options: string[]): string =>
  options.map((option, i) => `${i + 1}. ${option.replace(/\s+/g, " ").trim()}`).join("\n");
