/**
 * What people see on GitHub: progress and answers as Markdown comments. Everything foreign passes `neutralise`; the only
 * names that ping are those of the people who asked, once, at the head of the answer. Pure.
 */
import { OUTCOME_WORDS } from "../core/condense.ts";
import type { AskedQuestion, SettledQuestion } from "../core/question.ts";
import type { Answer, Ms, Person, Progress, Step } from "../core/types.ts";
import { changed, clip, cost, duration, tested, timeOfDay, tokens } from "./figures.ts";
import { neutralise, neutraliseLine, redactTokens } from "./github-neutral.ts";
import { split } from "./markdown.ts";
import { askedText, settledText } from "./question-text.ts";

/** GitHub takes 65,536 characters in a comment; the rest is room for the hidden marker and what is added around a piece. */
export const MAX_BODY_CHARS = 60_000;
/** About two lines in a browser. */
const MAX_LINE_CHARS = 200;
/** A paragraph; the session's page has the rest. */
const MAX_SAID_CHARS = 600;
/** More names in one comment look like spam, to GitHub too. */
const MAX_PINGS = 10;

/** The one comment that is edited while a turn goes on. */
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
  ];
  const steps = stepLines(progress);
  const details = progress.ended
    ? [steps]
    : [
        `▸ ${neutraliseLine(clip(progress.now.trim(), MAX_LINE_CHARS))}`,
        steps,
        neutralise(clip(progress.said.trim(), MAX_SAID_CHARS)),
      ];
  return [line([...where, page && link("session", page)]), ...details].filter(Boolean).join("\n\n");
}

/** The end of a turn: as many comments as its length needs. The first one pings, the last one carries the small print. */
export function renderAnswer(answer: Answer): string[] {
  const said = [headline(answer), ...failureLines(answer), neutralise(answer.result.answer)]
    .filter(Boolean)
    .join("\n\n");
  const pieces = split(said, MAX_BODY_CHARS - MAX_FRAME_CHARS);
  const pings = pingLine(answer.askers);
  return pieces.map((piece, i) => {
    const isLast = i === pieces.length - 1;
    return [i === 0 ? pings : "", piece, isLast ? `---\n${smallPrint(answer)}` : ""].filter(Boolean).join("\n\n");
  });
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

function stepLines({ steps, earlierSteps }: Progress): string {
  const earlier = earlierSteps > 0 ? [`- [x] ${earlierSteps} earlier ${earlierSteps === 1 ? "step" : "steps"}`] : [];
  return [...earlier, ...steps.map(stepLine)].join("\n");
}

function stepLine({ title, state }: Step): string {
  const words = code(clip(title.trim(), MAX_LINE_CHARS));
  return state === "running" ? `- [ ] ${words}` : `- [x] ${words}${state === "failed" ? " (failed)" : ""}`;
}

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

function smallPrint({ result, repository, pullRequest, tests, page, session }: Answer): string {
  const { changes, branch, usage, durationMs } = result;
  return line([
    pullRequest && link(`pull request #${pullRequest.number}`, pullRequest.url),
    branch ? code(branch) : null,
    branch && repository ? neutraliseLine(repository) : null,
    changes ? changed(changes) : null,
    tested(tests, code),
    duration(durationMs),
    usage ? tokens(usage) : null,
    usage ? cost(usage) : null,
    page ? link("session", page) : `session ${code(session)}`,
  ]);
}

const line = (facts: (string | null)[]): string => facts.filter(Boolean).join(" · ");

const link = (text: string, url: string): string => `[${text}](${url.replace(/[\s()<>]/g, percentEncoded)})`;
const percentEncoded = (letter: string): string => `%${letter.charCodeAt(0).toString(16).padStart(2, "0")}`;

/** A code span that holds any text, backticks too, on one line; in code nothing pings and nothing renders. */
function code(text: string): string {
  const flat = redactTokens(text.replace(/\s+/g, " ").trim()) || "…";
  const longest = Math.max(0, ...[...flat.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const ticks = "`".repeat(longest + 1);
  return longest === 0 ? `${ticks}${flat}${ticks}` : `${ticks} ${flat} ${ticks}`;
}
