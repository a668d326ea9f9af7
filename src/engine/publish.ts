/** The words of a pull request: what was asked, what was done, who asked, where it went on. */
import { titleOf } from "../core/naming.ts";
import type { Session } from "../core/types.ts";
import type { PullRequestDraft } from "../surfaces/forge.ts";

/** Null unless the session has a turn whose branch is waiting to be published. */
export function pullRequestDraft(session: Session, page: string | null): PullRequestDraft | null {
  const { turn, work } = session;
  if (!turn || !work || turn.phase.is !== "publishing") return null;
  const [first] = turn.asks;
  const who = [...new Set(turn.asks.map((ask) => ask.author.name))].join(", ");
  // A link into somebody's Slack is nobody's business on GitHub.
  const source = first?.link && first.thread.surface === "github" ? ` ([where it was asked](${first.link}))` : "";
  const body = [
    turn.phase.result.answer.trim(),
    "---",
    `Requested by ${who}${source}.${page ? ` [What the agent did](${page}).` : ""} Comment here, naming the bot, and the same session goes on.`,
  ];
  const { thread } = session;
  const closes = thread.surface === "github" && thread.is === "issue" ? { closes: thread.number } : {};
  return {
    ...closes,
    repository: work.repository,
    head: work.branch,
    title: titleOf(first?.subject ?? first?.text ?? session.title),
    body: body.filter(Boolean).join("\n\n"),
  };
}
