/**
 * What people see on GitHub: progress and answers as Markdown comments. Everything foreign passes `neutralise`; the only
 * names that ping are those of the people who asked, once, at the head of the answer. Pure.
 */
import { OUTCOME_WORDS } from "../core/condense.ts";
import type { AskedQuestion, SettledQuestion } from "../core/question.ts";
import type { Answer, Ms, Person, Progress, Step } from "../core/types.ts";
import { changed, cost, count, duration, tested, timeOfDay, tokens, tokensUsed } from "./figures.ts";
import { neutralise, neutraliseLine, shortened } from "./github-neutral.ts";
import { offerLines } from "./github-offer.ts";
import { code, line, link } from "./github-words.ts";
import { split } from "./markdown.ts";
import { askedText, settledText } from "./question-text.ts";

/** GitHub takes 65,536 characters in a comment; the rest is room for the hidden marker and what is added around a piece. */
export const MAX_BODY_CHARS = 60_000;
/** About two lines in a browser. */
const MAX_LINE_CHARS = 200;
/** About three lines on a phone; the session's page has the rest. */
const MAX_SAID_CHARS = 300;
/** As much of what was asked. */
const MAX_ASKED_CHARS = 300;
/** More names in one comment look like spam, to GitHub too. */
const MAX_PINGS = 10;

/**
 * The one comment that is edited while a turn goes on. Its first state is what a notification mail has, and on a phone each line counts: so
 * what it does now and what was asked stand there, and the steps are folded away.
 */
export function renderProgress(progress: Progress, page: string | null, now: Ms): string {
  const elapsed = duration((progress.ended ? progress.changedAt : now) - progress.startedAt);
  // The comment may stand unedited for minutes (see `core/pace.ts`); it says when its "for" was measured.
  const head = progress.ended
    ? `**${OUTCOME_WORDS[progress.ended]}** after ${elapsed}`
    : `**Working** for ${elapsed} as of ${timeOfDay(now)}`;
  const where = [
    head,
    progress.repository && neutraliseLine(progress.repository),
    progress.branch && code(progress.branch),
    tokens(progress.usage),
  ];
  const doing = progress.ended
    ? []
    : [
        `▸ ${neutraliseLine(shortened(progress.now, MAX_LINE_CHARS))}`,
        neutralise(shortened(progress.said, MAX_SAID_CHARS)),
      ];
  const near = progress.near && !progress.ended ? `⚠ ${neutraliseLine(progress.near)}` : "";
  const parts = [
    line([...where, page && link("session", page)]),
    near,
    ...doing,
    folded(progress),
    askedLine(progress),
  ];
  return parts.filter(Boolean).join("\n\n");
}

/** What the agent was given, without what people cannot see: so everybody can tell whether it is what they read. */
function askedLine({ asked }: Progress): string {
  const words = asked && neutraliseLine(shortened(asked.replace(/\s+/g, " "), MAX_ASKED_CHARS));
  return words ? `> asked: ${words}` : "";
}

/** The end of a turn: as many comments as its length needs. The first one pings, the last one carries the small print. */
export function renderAnswer(answer: Answer): string[] {
  const said = [headline(answer), ...failureLines(answer), neutralise(answer.result.answer)]
    .filter(Boolean)
    .join("\n\n");
  const pieces = split(said, MAX_BODY_CHARS - MAX_FRAME_CHARS);
  const pings = pingLine(answer.askers);
  const offer = offerLines(answer);
  const facts = `---\n${answerFacts(answer).join("\n")}`;
  const isApart = said.length + offer.join("").length > MAX_BODY_CHARS - MAX_FRAME_CHARS && offer.length > 0;
  const comments = pieces.map((piece, i) => {
    const isLast = i === pieces.length - 1;
    // The offer has up to 30,000 characters of its own; pieces leave no room for it, and a comment of its own has.
    const last = isLast && !isApart ? [...offer, facts] : [];
    return [i === 0 ? pings : "", piece, ...last].filter(Boolean).join("\n\n");
  });
  return isApart ? [...comments, [...offer, facts].join("\n\n")] : comments;
}
/** Room for the pings and the small print. */
const MAX_FRAME_CHARS = 3_000;

/** One thing that the bot itself says. */
export function renderNote(text: string): string[] {
  return split(neutralise(text), MAX_BODY_CHARS);
}

/** The same to people who have to do something about it. */
export const renderPing = (text: string, people: Person[]): string[] =>
  split([pingLine(people), neutralise(text)].filter(Boolean).join("\n\n"), MAX_BODY_CHARS);

/** A question of the agent: it pings whoever asked for the turn. */
export const renderQuestion = (question: AskedQuestion): string =>
  [pingLine(question.askers), neutralise(askedText(question))].filter(Boolean).join("\n\n");

export const renderSettled = (question: SettledQuestion): string => neutralise(settledText(question));

function folded({ steps, earlierSteps }: Progress): string {
  if (steps.length === 0) return "";
  const earlier = earlierSteps > 0 ? [`- … ${count(earlierSteps, "earlier step")}`] : [];
  const all = [...earlier, ...steps.map(stepLine)].join("\n");
  return `<details><summary>${count(earlierSteps + steps.length, "step")}</summary>\n\n${all}\n\n</details>`;
}

const SIGNS: Record<Step["state"], string> = { running: "▸", ok: "✓", failed: "✗" };

/** No boxes: whoever may write could tick them. */
const stepLine = ({ title, state }: Step): string =>
  `- ${SIGNS[state]} ${code(shortened(title, MAX_LINE_CHARS))}${state === "failed" ? " (failed)" : ""}`;

/** A turn that went well says what was done and needs no headline. */
function headline({ result }: Answer): string {
  if (result.outcome === "stopped")
    return `**Stopped${result.stoppedBy ? ` by ${neutraliseLine(result.stoppedBy)}` : ""}.**`;
  if (result.outcome !== "done") return `**${OUTCOME_WORDS[result.outcome]}.**`;
  return result.answer.trim() === "" ? "**Done.** The agent ended without a word." : "";
}

function failureLines({ result, remedy }: Answer): string[] {
  const detail = result.failure ? result.failure.detail || result.failure.code : "";
  return [neutralise(detail), remedy ? neutralise(remedy) : ""];
}

function pingLine(askers: Person[]): string {
  const logins = askers.filter((asker) => asker.surface === "github").map((asker) => asker.name);
  return [...new Set(logins)]
    .filter((login) => /^[A-Za-z0-9_-]{1,100}$/.test(login))
    .slice(0, MAX_PINGS)
    .map((login) => `@${login}`)
    .join(" ");
}

/** Where the work is, how it was verified, and what it took: a line each, because a phone breaks a long one anywhere. */
export function answerFacts({ result, repository, pullRequest, tests, worker, page, session }: Answer): string[] {
  const { changes, branch, usage, durationMs } = result;
  return [
    line([
      pullRequest && link(`pull request #${pullRequest.number}`, pullRequest.url),
      branch && code(branch),
      changes && changed(changes),
    ]),
    tested(tests, code) ?? "",
    line([
      repository && neutraliseLine(repository),
      duration(durationMs),
      worker && neutraliseLine(worker),
      usage && tokensUsed(usage),
      usage && cost(usage),
      page ? link("session", page) : `session ${code(session)}`,
    ]),
  ].filter((one) => one !== "");
}
