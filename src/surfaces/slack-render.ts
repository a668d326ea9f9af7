/**
 * What people see in Slack at the end of a turn and in between, as blocks, each message with a `text` that says the same to
 * notifications and screen readers. The agent's words go into `markdown` blocks as they are. Nothing but the askers is pinged. Pure.
 */
import type { Answer } from "../core/types.ts";
import { changed, clip, cost, duration, tested, tokensUsed } from "./figures.ts";
import { split } from "./markdown.ts";
import { LINK_ACTION } from "./slack-actions.ts";
import {
  code,
  context,
  MAX_LINE_CHARS,
  markdown,
  oneLine,
  outcomeText,
  plain,
  type Rendered,
  section,
  smallPrint,
} from "./slack-blocks.ts";
import { feedbackButtons } from "./slack-feedback.ts";
import { neutralise } from "./slack-neutral.ts";
import { escapeMrkdwn } from "./slack-text.ts";
import type { LinkButton } from "./surface.ts";

/** Slack takes 12,000 characters of Markdown in one message, over all its blocks. */
const MAX_MARKDOWN_CHARS = 12_000;
/** What people read in a thread before they open a file: about two screens of a desktop window. */
const MAX_BEGINNING_CHARS = 3_000;
/** `chat.update` refuses more; a notification shows far less. */
const MAX_FALLBACK_CHARS = 3_000;
/** Everybody who steered a turn asked for it; more names than this are a crowd. */
const MAX_PINGS = 20;

/** The end of a turn: as many messages as its length needs; the first one pings the askers, the last one carries the small print and asks what people think. */
export function renderAnswer(answer: Answer): Rendered[] {
  const greeting = greetingOf(answer);
  const pieces = split(neutralise(wholeAnswer(answer)), MAX_MARKDOWN_CHARS);
  const bodies = pieces.length === 0 ? [null] : pieces;
  return bodies.map((body, i) => {
    const isFirst = i === 0;
    const blocks = [
      ...(isFirst ? [section(greeting)] : []),
      ...(body === null ? [] : [markdown(body)]),
      ...(i === bodies.length - 1 ? [...smallPrint(answerFacts(answer)), ...feedbackButtons(answer)] : []),
    ];
    return { text: isFirst ? fallback(greeting, body) : fallback("", body), blocks };
  });
}

/** The same where the whole stands in a file of the thread: its beginning, saying that it is one. `file` is an address of Slack's. */
export function renderBeginning(answer: Answer, file: { name: string; permalink: string | null }): Rendered {
  const greeting = greetingOf(answer);
  const whole = wholeAnswer(answer);
  // What comes later cannot change it, and a text of any length would not be cut between its blocks (see `split`).
  const [beginning = ""] = split(neutralise(whole.slice(0, 4 * MAX_BEGINNING_CHARS)), MAX_BEGINNING_CHARS);
  const name = file.permalink ? `<${file.permalink}|${file.name}>` : code(file.name);
  const chars = whole.length.toLocaleString("en-US");
  const rest = `This is the beginning. The whole answer, ${chars} characters, is the file ${name} in this thread.`;
  return {
    text: `${fallback(greeting, beginning)}\n${rest}`,
    blocks: [
      ...[section(greeting), markdown(beginning), context(rest)],
      ...[...smallPrint(answerFacts(answer)), ...feedbackButtons(answer)],
    ],
  };
}

/** One thing that the bot itself says, in Markdown. */
export function renderNote(text: string): Rendered[] {
  return split(neutralise(text), MAX_MARKDOWN_CHARS).map((piece) => ({
    text: fallback("", piece),
    blocks: [markdown(piece)],
  }));
}

/** Slack shows the address nowhere but under the button, and tells us of the click as of any other. */
export function withButton(messages: Rendered[], button: LinkButton | undefined): Rendered[] {
  if (!button) return messages;
  const text = { type: "plain_text" as const, text: button.label };
  const element = { type: "button" as const, action_id: LINK_ACTION, style: "primary" as const, text, url: button.url };
  return messages.map((message, i) =>
    i === messages.length - 1
      ? { ...message, blocks: [...message.blocks, { type: "actions" as const, elements: [element] }] }
      : message,
  );
}

/** What went wrong and what to do about it come before whatever the agent still said. */
export function wholeAnswer({ result, remedy }: Answer): string {
  const failure = result.failure && `**${result.failure.detail || result.failure.code}**`;
  const answer = result.answer.trim();
  const silent = result.outcome === "done" && answer === "" ? "The agent ended without a word." : "";
  return [failure, remedy, answer, silent].filter(Boolean).join("\n\n");
}

const fallback = (greeting: string, body: string | null): string =>
  `${greeting}\n${escapeMrkdwn(withoutLinks(clip(body ?? "", MAX_FALLBACK_CHARS)))}`.trim();

/** A notification shows no links, and nobody wants an address read aloud. */
const withoutLinks = (body: string): string => body.replace(/\[([^[\]\n]+)\]\(https?:[^()\s]*\)/g, "$1");

function greetingOf(answer: Answer): string {
  const headline = plain(headlineOf(answer));
  const pings = [...new Set(answer.askers.filter((asker) => asker.surface === "slack").map((asker) => asker.id))]
    .slice(0, MAX_PINGS)
    .map((id) => `<@${id}>`)
    .join(" ");
  return pings === "" ? headline : `${pings} ${headline}`;
}

function headlineOf({ result, title }: Answer): string {
  const what = oneLine(title, MAX_LINE_CHARS);
  if (result.outcome === "stopped" && result.stoppedBy) return `■ Stopped by ${result.stoppedBy}: ${what}`;
  return `${outcomeText(result.outcome)}: ${what}`;
}

function answerFacts({
  result,
  repository,
  pullRequest,
  tests,
  worker,
  page,
  session,
}: Answer): (string | false | null)[] {
  const { changes, branch, usage } = result;
  return [
    repository && plain(repository),
    branch ? code(branch) : false,
    pullRequest && `<${pullRequest.url}|pull request #${pullRequest.number}>`,
    changes ? changed(changes) : false,
    tested(tests, code),
    duration(result.durationMs),
    worker ? plain(worker) : false,
    usage ? tokensUsed(usage) : false,
    usage ? cost(usage) : false,
    page ? `<${page}|session>` : `session ${session}`,
  ];
}
