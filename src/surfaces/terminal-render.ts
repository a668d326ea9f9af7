/**
 * Progress and answers as lines of a terminal. Pure: the same state gives the same lines.
 * Outcomes have a sign and a word, so nothing hangs on colour. Control characters of others are taken out,
 * because a file name or an agent's words could otherwise move the cursor or rewrite what stands above.
 */
import { stripVTControlCharacters, styleText } from "node:util";
import { OUTCOME_WORDS } from "../core/condense.ts";
import { utcMoment } from "../core/moment.ts";
import { type AskedQuestion, howToAnswer } from "../core/question.ts";
import type { Answer, Progress, Step, TurnResult } from "../core/types.ts";
import type { Usage } from "../wire/events.ts";
import { cost, count, duration, testedText } from "./figures.ts";
import { optionLines } from "./question-text.ts";

export { duration } from "./figures.ts";

type Style = Parameters<typeof styleText>[0];

const OUTCOMES: Record<TurnResult["outcome"], { sign: string; style: Style }> = {
  done: { sign: "✓", style: ["green", "bold"] },
  failed: { sign: "✗", style: ["red", "bold"] },
  stopped: { sign: "■", style: ["yellow", "bold"] },
  "timed-out": { sign: "✗", style: ["red", "bold"] },
};

/** The lines that `next` has beyond `previous`: steps that ended, steps that began, and what it does now. */
export function progressLines(
  previous: Progress | null,
  next: Progress,
  { colour, page }: { colour: boolean; page: string | null },
): string[] {
  const before = new Map(previous?.steps.map((step) => [step.call, step.state]));
  const lines = next.steps
    .filter((step) => before.get(step.call) !== step.state)
    .map((step) => stepLine(step, elapsed(next), colour));
  const isNear = next.near !== undefined && previous?.near === undefined;
  const near = isNear ? [paint(["yellow"], `! ${plain(next.near ?? "")}`, colour)] : [];
  const first = previous === null && page !== null ? [paint(["dim"], `  ${plain(page)}`, colour)] : [];
  // What it does now is worth a line only when no step says it already.
  const told = next.steps.some((step) => step.state === "running" || step.title === next.now);
  const now =
    next.now !== previous?.now && !told && next.ended === null
      ? [paint(["dim"], `· ${plain(next.now)}  ${elapsed(next)}`, colour)]
      : [];
  return [...first, ...lines, ...near, ...now];
}

function stepLine(step: Step, at: string, colour: boolean): string {
  const title = plain(step.title);
  if (step.state === "running") return `${paint(["cyan"], "…", colour)} ${title}  ${paint(["dim"], at, colour)}`;
  if (step.state === "ok") return `${paint(["green"], "✓", colour)} ${title}  ${paint(["dim"], "ok", colour)}`;
  return `${paint(["red"], "✗", colour)} ${title}  ${paint(["red"], "failed", colour)}`;
}

/** The end of a turn: outcome, the agent's words, what it changed and where that is, what to do next. */
export function answerText(answer: Answer, colour: boolean): string {
  const { result } = answer;
  const { sign, style } = OUTCOMES[result.outcome];
  const by = result.stoppedBy ? ` by ${plain(result.stoppedBy)}` : "";
  const head = `${sign} ${OUTCOME_WORDS[result.outcome]}${by}`;
  const parts = [
    paint(style, head, colour),
    block(result.answer),
    failure(answer),
    facts(answer)
      .map(([name, value]) => `${paint(["dim"], name.padEnd(13), colour)}${value}`)
      .join("\n"),
  ];
  return `\n${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function failure({ result, remedy }: Answer): string {
  if (!result.failure) return "";
  const why = `${plain(result.failure.detail)} (${plain(result.failure.code)})`;
  return remedy ? `${why}\n→ ${plain(remedy)}` : why;
}

function facts({ result, pullRequest, tests, worker, page }: Answer): [name: string, value: string][] {
  const ran = testedText(tests, plain);
  const { changes, usage } = result;
  const rows: ([string, string] | null)[] = [
    changes ? ["Changed", `${count(changes.files, "file")}  +${changes.insertions} −${changes.deletions}`] : null,
    ran ? ["Tests", ran] : null,
    result.branch ? ["Branch", plain(result.branch)] : null,
    pullRequest ? ["Pull request", plain(pullRequest.url)] : null,
    ["Took", duration(result.durationMs)],
    worker ? ["Agent", plain(worker)] : null,
    usage ? ["Tokens", tokenText(usage)] : null,
    page ? ["Session", plain(page)] : null,
  ];
  return rows.filter((row) => row !== null);
}

function tokenText(usage: Usage): string {
  const { inputTokens, outputTokens, cacheReadTokens: cached = 0 } = usage;
  const read = `${inputTokens} in${cached > 0 ? ` (${cached} cached)` : ""}`;
  return [read, `${outputTokens} out`, cost(usage)].filter(Boolean).join(", ");
}

/** It waits for whoever reads it, so it does not stand back as notes do. */
export function questionText(question: AskedQuestion, colour: boolean): string {
  const head = paint(["bold"], `? ${block(question.text.trim())}`, colour);
  const how = paint(["dim"], `${block(howToAnswer(question, utcMoment(question.expiresAt)))}.`, colour);
  return [head, block(optionLines(question.options)), how].filter(Boolean).join("\n");
}

export function noteText(text: string, colour: boolean): string {
  return paint(["dim"], block(text), colour);
}

export function refusalText(text: string, colour: boolean): string {
  return `${paint(["yellow", "bold"], "✗ Refused:", colour)} ${plain(text)}`;
}

const elapsed = (progress: Progress): string => duration(progress.changedAt - progress.startedAt);

/** Several lines of another's words: line ends and tabs stay, everything that could steer the terminal goes. */
const block = (text: string): string =>
  stripVTControlCharacters(text)
    .replace(/(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "")
    .trimEnd();

const plain = (text: string): string => block(text).replace(/\s+/g, " ");

/** `validateStream: false`, because the caller knows whether the far end is a terminal; ours may be a pipe. */
const paint = (style: Style, text: string, colour: boolean): string =>
  colour ? styleText(style, text, { validateStream: false }) : text;
