/** What the other threads of a session hear of a turn that was asked for in one of them. Pure. */
import { mayBeToldIn } from "./confidence.ts";
import { titleOf } from "./naming.ts";
import type { Ask, Thread, Turn, TurnResult } from "./types.ts";

export function newsText(turn: Turn, result: TurnResult, to: Thread): string {
  const [ask] = turn.asks;
  if (ask?.mends && turn.asks.every(({ mends }) => mends)) return mendNews(ask, result, to);
  const who = ask?.author.name ?? "Somebody";
  const outcome = OUTCOMES[result.outcome];
  const surface = SURFACE_NAMES[turn.thread.surface];
  if (!mayBeToldIn(turn.thread, to)) {
    const pushed = result.branch ? `; what was done is on \`${result.branch}\`` : "";
    return `${who} asked me something ${surface}. ${outcome}${pushed}.`;
  }
  const where = ask?.link ? `[there](${ask.link})` : surface;
  const said = firstParagraph(result.answer);
  return `${who} asked ${where}: "${titleOf(ask?.text ?? "")}". ${outcome}${said ? `: ${said}` : "."}`;
}

const OUTCOMES: Record<TurnResult["outcome"], string> = {
  ...{ done: "Done", failed: "That failed", stopped: "It was stopped", "timed-out": "It took too long" },
};

/** What it was about is no secret; what the agent says of it may repeat what was said where it answers. */
function mendNews({ text, link, thread }: Ask, { outcome, answer }: TurnResult, to: Thread): string {
  const where = link ? ` ([pull request](${link}))` : "";
  const said = mayBeToldIn(thread, to) ? firstParagraph(answer) : "";
  return `By myself${where}: "${titleOf(text)}". ${OUTCOMES[outcome]}${said ? `: ${said}` : "."}`;
}

const SURFACE_NAMES: Record<Thread["surface"], string> = {
  slack: "in Slack",
  github: "on GitHub",
  web: "on the page",
  terminal: "in the terminal",
};

const firstParagraph = (markdown: string): string =>
  markdown
    .trim()
    .split(/\n\s*\n/)[0]
    ?.slice(0, 500) ?? "";
