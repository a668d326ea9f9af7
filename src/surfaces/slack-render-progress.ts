/**
 * The one message that is edited while a turn goes on: what it does now, the last steps, and a Stop button. The steps are a plan of
 * Slack's own, with a card for each; `lines` says the same in plain text, for workspaces that do not take that block. Pure.
 */
import type { types } from "@slack/bolt";
import type { Ms, Progress, Step } from "../core/types.ts";
import { clip, count, duration, timeOfDay, tokens } from "./figures.ts";
import { STOP_ACTION } from "./slack-actions.ts";
import {
  code,
  type KnownBlock,
  MAX_LINE_CHARS,
  markdown,
  oneLine,
  outcomeText,
  plain,
  type Rendered,
  section,
  smallPrint,
} from "./slack-blocks.ts";
import { shownTime } from "./slack-moments.ts";
import { neutralise } from "./slack-neutral.ts";

export type StepsAs = "plan" | "lines";

/** Slack's 3,000 for the text of a section, less one line. */
const MAX_SECTION_CHARS = 2_900;
/** A paragraph; what is longer hides the steps above it on a phone. */
const MAX_SAID_CHARS = 600;
/** A minute without news is worth a word: people wonder whether it still lives. */
const SILENCE_MS = 60_000;

/**
 * After the end of the turn it is one line without a button: no card is left that says it still goes on. What a rule denied stays, so that
 * people understand what was left undone.
 */
export function renderProgress(progress: Progress, page: string | null, now: Ms, stepsAs: StepsAs): Rendered {
  const until = progress.ended ? progress.changedAt : now;
  const elapsed = duration(until - progress.startedAt);
  const asOf = `as of ${localTime(now)}`;
  const doing = `Working: ${oneLine(progress.now, MAX_LINE_CHARS)}`;
  const headline = progress.ended ? outcomeText(progress.ended) : `▸ ${doing}`;
  const facts = [
    progress.repository && plain(progress.repository),
    progress.branch && code(progress.branch),
    progress.tools > 0 && count(progress.tools, "step"),
    tokens(progress.usage),
    !progress.ended && progress.near !== undefined && `:warning: ${plain(progress.near)}`,
    elapsed,
    !progress.ended && now - progress.changedAt >= SILENCE_MS && `no news for ${duration(now - progress.changedAt)}`,
    !progress.ended && asOf,
    page && `<${page}|session>`,
  ];
  const head = section(`*${plain(headline)}*`);
  const asPlan = stepsAs === "plan" && progress.steps.length > 0;
  const steps = asPlan ? [planBlock(doing, progress)] : [head, ...stepBlocks(progress)];
  const body = progress.ended ? [head, ...deniedBlocks(progress)] : [...steps, ...saidBlocks(progress)];
  const button = progress.ended ? [] : [stopButton(progress.turn)];
  return {
    text: `${plain(headline)} (${progress.ended ? elapsed : `${elapsed} ${asOf}`})`,
    blocks: [...body, ...smallPrint(facts), ...button],
  };
}

const CARD_STATES: Record<Step["state"], types.TaskCardBlock["status"]> = {
  running: "in_progress",
  ok: "complete",
  failed: "error",
};

/** Titles are plain text to Slack, where `&` is an `&`: nothing is escaped, and nothing in it is a link. */
function planBlock(title: string, { steps, earlierSteps }: Progress): KnownBlock {
  const earlier = earlierSteps > 0 ? [card("earlier", `… ${count(earlierSteps, "earlier step")}`, "complete")] : [];
  const last = steps.map((step, i) =>
    // Numbered over the whole turn, so that a card is the same one after every edit.
    card(`step-${earlierSteps + i + 1}`, oneLine(step.title, MAX_LINE_CHARS) || "step", CARD_STATES[step.state]),
  );
  return { type: "plan", title: neutralise(title), tasks: [...earlier, ...last] };
}

const card = (task_id: string, title: string, status: types.TaskCardBlock["status"]): types.TaskCardBlock => ({
  type: "task_card",
  task_id,
  title: neutralise(title),
  status,
});

const STEP_SIGNS: Record<Step["state"], string> = { running: "▸ now", ok: "✓ done", failed: "✗ failed" };

function stepBlocks(progress: Progress): KnownBlock[] {
  if (progress.steps.length === 0) return [];
  const lines = progress.steps.map(
    (step) => `${STEP_SIGNS[step.state]}: ${plain(oneLine(step.title, MAX_LINE_CHARS))}`,
  );
  // Escaping lengthens, so a few long steps can pass what a section holds: then the oldest ones give way.
  let earlier = progress.earlierSteps;
  for (; lines.join("\n").length > MAX_SECTION_CHARS; earlier++) lines.shift();
  if (earlier > 0) lines.unshift(`… ${count(earlier, "earlier step")}`);
  return [section(lines.join("\n"))];
}

function deniedBlocks({ denied = [] }: Progress): KnownBlock[] {
  const lines = denied.map((what) => `✗ not allowed: ${plain(oneLine(what, MAX_LINE_CHARS))}`);
  return lines.length > 0 ? [section(lines.join("\n"))] : [];
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

/**
 * Slack puts in the reader's own time of day. A message may stand unedited for minutes (see `core/pace.ts`), and Slack says nowhere
 * when that was: without it, what is a while old reads as if it were now.
 */
const localTime = (at: Ms): string => shownTime(at, timeOfDay(at));
