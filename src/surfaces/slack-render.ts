/**
 * What people see in Slack: progress and answers as blocks, each with a `text` that says the same to notifications and screen readers.
 * The agent's words go into `markdown` blocks as they are; everything in a `mrkdwn` field is escaped. Nothing but the askers is pinged. Pure.
 */
import type { types } from "@slack/bolt";
import { OUTCOME_WORDS } from "../core/condense.ts";
import type { Answer, Ms, Progress, Step, TurnResult } from "../core/types.ts";
import { changed, clip, cost, count, duration, timeOfDay, tokens } from "./figures.ts";
import { split } from "./markdown.ts";
import { neutralise } from "./slack-neutral.ts";
import { escapeMrkdwn, REPOSITORY_ACTION, STOP_ACTION } from "./slack-text.ts";

type KnownBlock = types.KnownBlock;

/** One message, ready to be posted. */
export interface Rendered {
  text: string;
  blocks: KnownBlock[];
}

/** Slack takes 12,000 characters of Markdown in one message, over all its blocks. */
const MAX_MARKDOWN_CHARS = 12_000;
/** With the Markdown it stays below the 13,200 that Slack takes over blocks of all kinds. */
const MAX_SMALL_PRINT_CHARS = 800;
/** `chat.update` refuses more; a notification shows far less. */
const MAX_FALLBACK_CHARS = 3_000;
/** Slack's 3,000 for the text of a section, less one line. */
const MAX_SECTION_CHARS = 2_900;
/** Everybody who steered a turn asked for it; more names than this are a crowd. */
const MAX_PINGS = 20;
/** About two lines in a desktop window. */
const MAX_STEP_CHARS = 150;
/** A paragraph; what is longer hides the steps above it on a phone. */
const MAX_SAID_CHARS = 600;
/** What Slack takes in a list, and in a line of it. */
const MAX_CHOICES = 100;
const MAX_CHOICE_CHARS = 75;
/** A minute without news is worth a word: people wonder whether it still lives. */
const SILENCE_MS = 60_000;

/** The one message that is edited while a turn goes on; after its end, one line without a button. */
export function renderProgress(progress: Progress, page: string | null, now: Ms): Rendered {
  const until = progress.ended ? progress.changedAt : now;
  const elapsed = duration(until - progress.startedAt);
  const asOf = `as of ${localTime(now)}`;
  const headline = progress.ended ? outcomeText(progress.ended) : `▸ Working: ${oneLine(progress.now, MAX_STEP_CHARS)}`;
  const facts = [
    progress.repository && plain(progress.repository),
    progress.branch && code(progress.branch),
    progress.tools > 0 && count(progress.tools, "step"),
    tokens(progress.usage),
    elapsed,
    !progress.ended && now - progress.changedAt >= SILENCE_MS && `no news for ${duration(now - progress.changedAt)}`,
    !progress.ended && asOf,
    page && `<${page}|session>`,
  ];
  const details = progress.ended ? [] : [...stepBlocks(progress), ...saidBlocks(progress)];
  const button = progress.ended ? [] : [stopButton(progress.turn)];
  return {
    text: `${plain(headline)} (${progress.ended ? elapsed : `${elapsed} ${asOf}`})`,
    blocks: [section(`*${plain(headline)}*`), ...details, ...smallPrint(facts), ...button],
  };
}

/** The end of a turn: as many messages as its length needs; the first one pings the askers, the last one carries the small print. */
export function renderAnswer(answer: Answer): Rendered[] {
  const headline = headlineOf(answer);
  const pings = [...new Set(answer.askers.filter((asker) => asker.surface === "slack").map((asker) => asker.id))]
    .slice(0, MAX_PINGS)
    .map((id) => `<@${id}>`)
    .join(" ");
  const greeting = pings === "" ? plain(headline) : `${pings} ${plain(headline)}`;
  const pieces = split(neutralise(bodyOf(answer)), MAX_MARKDOWN_CHARS);
  const bodies = pieces.length === 0 ? [null] : pieces;
  return bodies.map((body, i) => {
    const isFirst = i === 0;
    const blocks = [
      ...(isFirst ? [section(greeting)] : []),
      ...(body === null ? [] : [markdown(body)]),
      ...(i === bodies.length - 1 ? smallPrint(answerFacts(answer)) : []),
    ];
    const text = escapeMrkdwn(clip(body ?? "", MAX_FALLBACK_CHARS));
    return { text: isFirst ? `${greeting}\n${text}`.trim() : text, blocks };
  });
}

/** One thing that the bot itself says, in Markdown. */
export function renderNote(text: string): Rendered[] {
  return split(neutralise(text), MAX_MARKDOWN_CHARS).map((piece) => ({
    text: escapeMrkdwn(clip(piece, MAX_FALLBACK_CHARS)),
    blocks: [markdown(piece)],
  }));
}

/** A list to choose one of; Slack takes a hundred, and 75 characters of each. Who finds none says it in words. */
export function withChoices(messages: Rendered[], choices: string[]): Rendered[] {
  const options = choices
    .filter((name) => name.length <= MAX_CHOICE_CHARS)
    .slice(0, MAX_CHOICES)
    .map((name) => ({ text: { type: "plain_text" as const, text: name }, value: name }));
  if (options.length === 0) return messages;
  const placeholder = { type: "plain_text" as const, text: "Choose a repository" };
  const list = { type: "static_select" as const, action_id: REPOSITORY_ACTION, placeholder, options };
  return messages.map((message, i) =>
    i === messages.length - 1
      ? { ...message, blocks: [...message.blocks, { type: "actions" as const, elements: [list] }] }
      : message,
  );
}

const OUTCOME_SIGNS: Record<TurnResult["outcome"], string> = { done: "✓", failed: "✗", stopped: "■", "timed-out": "✗" };
const outcomeText = (outcome: TurnResult["outcome"]): string => `${OUTCOME_SIGNS[outcome]} ${OUTCOME_WORDS[outcome]}`;

const STEP_SIGNS: Record<Step["state"], string> = { running: "▸ now", ok: "✓ done", failed: "✗ failed" };

function stepBlocks(progress: Progress): KnownBlock[] {
  if (progress.steps.length === 0) return [];
  const lines = progress.steps.map(
    (step) => `${STEP_SIGNS[step.state]}: ${plain(oneLine(step.title, MAX_STEP_CHARS))}`,
  );
  // Escaping lengthens, so a few long steps can pass what a section holds: then the oldest ones give way.
  let earlier = progress.earlierSteps;
  for (; lines.join("\n").length > MAX_SECTION_CHARS; earlier++) lines.shift();
  if (earlier > 0) lines.unshift(`… ${count(earlier, "earlier step")}`);
  return [section(lines.join("\n"))];
}

function saidBlocks(progress: Progress): KnownBlock[] {
  const said = clip(progress.said.trim(), MAX_SAID_CHARS);
  return said === "" ? [] : [markdown(neutralise(said))];
}

function stopButton(turn: string): KnownBlock {
  return {
    type: "actions",
    elements: [
      {
        type: "button",
        action_id: STOP_ACTION,
        value: turn,
        style: "danger",
        text: { type: "plain_text", text: "Stop" },
        accessibility_label: "Stop this turn",
      },
    ],
  };
}

function headlineOf({ result, title }: Answer): string {
  const what = oneLine(title, MAX_STEP_CHARS);
  if (result.outcome === "stopped" && result.stoppedBy) return `■ Stopped by ${result.stoppedBy}: ${what}`;
  return `${outcomeText(result.outcome)}: ${what}`;
}

/** What went wrong and what to do about it come before whatever the agent still said. */
function bodyOf({ result, remedy }: Answer): string {
  const failure = result.failure && `**${result.failure.detail || result.failure.code}**`;
  const answer = result.answer.trim();
  const silent = result.outcome === "done" && answer === "" ? "The agent ended without a word." : "";
  return [failure, remedy, answer, silent].filter(Boolean).join("\n\n");
}

function answerFacts({ result, repository, pullRequest, page, session }: Answer): (string | false | null)[] {
  const { changes, branch, usage } = result;
  return [
    repository && plain(repository),
    branch ? code(branch) : false,
    pullRequest && `<${pullRequest.url}|pull request #${pullRequest.number}>`,
    changes ? changed(changes) : false,
    duration(result.durationMs),
    usage ? tokens(usage) : false,
    usage ? cost(usage) : false,
    page ? `<${page}|session>` : `session ${session}`,
  ];
}

/** `verbatim`, so that Slack makes links and mentions of nothing but what we wrote as such. */
const mrkdwn = (text: string): types.MrkdwnElement => ({ type: "mrkdwn", text, verbatim: true });
const section = (text: string): KnownBlock => ({ type: "section", text: mrkdwn(text) });
const markdown = (text: string): KnownBlock => ({ type: "markdown", text });

/** Facts in order of weight: the last ones give way when a long branch name leaves no room. */
function smallPrint(facts: (string | false | null)[]): KnownBlock[] {
  let line = "";
  for (const fact of facts) {
    if (!fact || line.length + fact.length + 3 > MAX_SMALL_PRINT_CHARS) continue;
    line = line === "" ? fact : `${line} · ${fact}`;
  }
  return line === "" ? [] : [{ type: "context", elements: [mrkdwn(line)] }];
}

/**
 * Slack puts in the reader's own time of day. A message may stand unedited for minutes (see `core/pace.ts`), and Slack says nowhere
 * when that was: without it, what is a while old reads as if it were now.
 */
const localTime = (at: Ms): string => `<!date^${Math.floor(at / 1_000)}^{time}|${timeOfDay(at)}>`;

/** Foreign text in a mrkdwn field. */
const plain = (text: string): string => escapeMrkdwn(neutralise(text));
const code = (text: string): string => `\`${plain(text.replaceAll("`", "'"))}\``;

const oneLine = (text: string, maxChars: number): string => clip(text.replace(/\s+/g, " ").trim(), maxChars);
