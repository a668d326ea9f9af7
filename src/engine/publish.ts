/** The words of a pull request: what was done, who asked, where it went on. What was said in Slack is not repeated in it. */
import { mayNameWork } from "../core/confidence.ts";
import { titleOf } from "../core/naming.ts";
import type { Ask, Session, Thread, TurnResult } from "../core/types.ts";
import type { PullRequestDraft } from "../surfaces/forge.ts";
import type { Surfaces } from "../surfaces/surface.ts";

/** Where people get to from GitHub; null where they do not. */
interface Ways {
  /** The page of the session. */
  page: string | null;
  /** The thread that it was asked in. */
  thread: string | null;
}

/** Null unless the session has a turn whose branch is waiting to be published. */
export function pullRequestDraft(session: Session, { page, thread: asked }: Ways): PullRequestDraft | null {
  const { turn, work } = session;
  if (!turn || !work || turn.phase.is !== "publishing") return null;
  const { result } = turn.phase;
  const [first] = turn.asks;
  const who = [...new Set(turn.asks.map((ask) => ask.author.name))].join(", ");
  const via = turn.thread.surface === "slack" ? " via Slack" : "";
  const source = asked ? ` ([where it was asked](${asked}))` : "";
  const body = [
    result.answer.trim(),
    "---",
    `Requested by ${who}${via}${source}.${page ? ` [What the agent did](${page}).` : ""} Comment here, naming the bot, and the same session goes on.`,
  ];
  const { thread } = session;
  const closes = thread.surface === "github" && thread.is === "issue" ? { closes: thread.number } : {};
  return {
    ...closes,
    repository: work.repository,
    head: work.branch,
    title: titleFor(first, result, session),
    body: body.filter(Boolean).join("\n\n"),
  };
}

/** In a session that began in Slack its title is the order's first line, so the agent's own words stand for both. */
function titleFor(ask: Ask | undefined, { answer }: TurnResult, session: Session): string {
  if (!ask || mayNameWork(ask)) return titleOf(ask?.subject ?? ask?.text ?? session.title);
  return answer.trim() === "" ? `Changes asked for by ${ask.author.name}` : titleOf(firstSentence(answer));
}

/** A heading says less than what stands under it; "v1.2" is no end of a sentence. */
const firstSentence = (markdown: string): string =>
  markdown
    .split("\n")
    .find((line) => line.trim() !== "" && !/^\s*(#|```|---)/.test(line))
    ?.split(/(?<=[.!?])\s/)[0]
    ?.replace(/\.$/, "") ?? markdown;

/** The way back to what was asked. A Slack thread's only where a person has set that, and everybody of the workspace can read it. */
export async function wayBack(
  surfaces: Surfaces,
  ask: Ask | undefined,
  permalinks: "never" | "public",
): Promise<string | null> {
  if (!ask?.link) return null;
  const isNamed = await mayBeNamed(surfaces, ask.thread, permalinks);
  return isNamed ? ask.link : null;
}

async function mayBeNamed(surfaces: Surfaces, thread: Thread, permalinks: "never" | "public"): Promise<boolean> {
  if (thread.surface === "github") return true;
  if (thread.surface !== "slack" || permalinks === "never") return false;
  // Not known is private; the pull request does not wait for a link.
  return (await surfaces.slack?.isPublic(thread).catch(() => false)) ?? false;
}
