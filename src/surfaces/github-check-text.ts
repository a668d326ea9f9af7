/**
 * The words of our check: the outcome in its title, the facts in its summary, and below them all that was said and run. GitHub cuts nothing
 * by itself but refuses what is too long, so each is cut here. Pure.
 */
import { OUTCOME_WORDS } from "../core/condense.ts";
import type { Answer } from "../core/types.ts";
import { blankTokens } from "../wire/secrets.ts";
import { changed, clip, count, duration, outcomeWord } from "./figures.ts";
import type { CheckReport, ReportedStep } from "./forge.ts";
import { neutralise, neutraliseLine, shortened } from "./github-neutral.ts";
import { answerFacts } from "./github-render.ts";
import { code } from "./github-words.ts";

export interface CheckOutput {
  title: string;
  summary: string;
  text: string;
}

/** GitHub takes 65,535 characters of each and does not say how it counts them; counted as bytes it fits either way. */
const MAX_BYTES = 65_000;
/** About half of it; the rest is for the steps. */
const MAX_ANSWER_BYTES = 30_000;
/** Of what the agent says on its way. */
const MAX_SAID_CHARS = 1_000;
/** A line of a list of checks. */
const MAX_TITLE_CHARS = 120;
const MAX_STEP_CHARS = 300;

export function checkOutput({ answer, steps }: Pick<CheckReport, "answer" | "steps">): CheckOutput {
  return { title: titleOf(answer), summary: summaryOf(answer), text: textOf(answer, steps) };
}

function titleOf({ result }: Answer): string {
  const by = result.outcome === "stopped" && result.stoppedBy ? ` by ${result.stoppedBy}` : "";
  const size = result.changes ? `: ${changed(result.changes)}` : "";
  return clip(neutraliseLine(`${OUTCOME_WORDS[result.outcome]}${by}${size}`), MAX_TITLE_CHARS);
}

/** Said because it is asked: the check is there when the turn has failed as well, and looks the same in a list of checks. */
const INFORMS =
  "This only tells what was done. It is neutral however the turn ended, and says nothing about whether this may be merged: do not make it a required check.";

function summaryOf(answer: Answer): string {
  const { failure } = answer.result;
  const wrong = failure ? neutralise(failure.detail || failure.code) : "";
  return fitting([wrong, ...answerFacts(answer), INFORMS].filter(Boolean).join("\n\n"), MAX_BYTES);
}

function textOf({ result, tests }: Answer, steps: ReportedStep[] | null): string {
  const said = result.answer.trim() || "The agent ended without a word.";
  const ran = tests?.map(({ command, ok }) => `- ${code(command)} ${outcomeWord(ok)}`).join("\n");
  const head = [
    `### What the agent said\n\n${fitting(neutralise(said), MAX_ANSWER_BYTES)}`,
    tests ? `### Tests\n\n${ran || "No tests were run."}` : "",
  ]
    .filter(Boolean)
    .join("\n\n");
  const room = MAX_BYTES - Buffer.byteLength(head) - 200;
  return `${head}\n\n### Steps\n\n${stepsText(steps && withoutAnswer(steps, said), room)}`;
}

/** What is said last stands above already. */
function withoutAnswer(steps: ReportedStep[], answer: string): ReportedStep[] {
  const last = steps.at(-1);
  return last?.is === "said" && last.text.trim() === answer ? steps.slice(0, -1) : steps;
}

/** The newest that fit: how it came to its end says more than how it began. */
function stepsText(steps: ReportedStep[] | null, room: number): string {
  if (steps === null) return "They are not shown here, because this session was spoken to outside of GitHub as well.";
  if (steps.length === 0) return "None.";
  const lines: string[] = [];
  let left = room;
  for (const step of steps.toReversed()) {
    const line = stepLine(step);
    left -= Buffer.byteLength(line) + 2;
    if (left < 0) break;
    lines.unshift(line);
  }
  const hidden = steps.length - lines.length;
  return [...(hidden > 0 ? [`… ${count(hidden, "earlier step")}`] : []), ...lines].join("\n\n");
}

function stepLine(step: ReportedStep): string {
  if (step.is === "said") return neutralise(shortened(step.text, MAX_SAID_CHARS));
  const took = step.durationMs === null ? "" : ` ${duration(step.durationMs)}`;
  const sign = step.ok === null ? "▸" : step.ok ? "✓" : "✗";
  const failed = step.ok === false ? " (failed)" : "";
  return `${sign} ${code(shortened(step.title, MAX_STEP_CHARS))}${failed}${took}`;
}

/** At most so many bytes of it, and never half a character; redacted before it is cut, so that no half of a token is left. */
function fitting(text: string, maxBytes: number): string {
  const whole = Buffer.from(blankTokens(text));
  if (whole.length <= maxBytes) return whole.toString();
  let end = maxBytes - 4;
  while (((whole[end] ?? 0) & 0xc0) === 0x80) end--;
  return `${whole.subarray(0, end).toString()}…`;
}
