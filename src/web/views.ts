/**
 * What the browser gets to see of posts, sessions and turns: Markdown rendered, links checked, and no field more than it shows.
 * The bodies of progress and answers are JSON that the web surface stored; they are checked here, where they leave again.
 */
import type { z } from "zod";
import type { TurnSummary, WebPost } from "../core/pages.ts";
import { AnswerBody, ProgressBody } from "../core/post-bodies.ts";
import type { Session, Thread } from "../core/types.ts";
import type { Markdown } from "./markdown.ts";

/** A body that cannot be read is told as such: one bad row must not keep all later posts from the page. */
export async function postView(post: WebPost, markdown: Markdown): Promise<object> {
  const { ref, kind, author, at } = post;
  switch (kind) {
    case "progress": {
      const progress = bodyOf(ProgressBody, post.body);
      if (progress === null) return unreadable(post);
      return { ref, kind, author, at, progress, html: await markdown(progress.said) };
    }
    case "answer": {
      const answer = bodyOf(AnswerBody, post.body);
      if (answer === null) return unreadable(post);
      const pullRequest = answer.pullRequest && { ...answer.pullRequest, url: webUrl(answer.pullRequest.url) };
      return { ref, kind, author, at, answer: { ...answer, pullRequest }, html: await markdown(answer.result.answer) };
    }
    case "person":
    case "note":
    case "refusal":
      return { ref, kind, author, at, html: await markdown(post.body) };
    default:
      return kind satisfies never;
  }
}

function bodyOf<T>(schema: z.ZodType<T>, body: string): T | null {
  try {
    return schema.parse(JSON.parse(body));
  } catch {
    return null;
  }
}

function unreadable({ ref, author, at }: WebPost): object {
  return { ref, kind: "note", author, at, html: "<p>This message cannot be shown.</p>" };
}

/** A session with its turns, above its transcript. */
export async function sessionView(session: Session, turns: TurnSummary[], markdown: Markdown): Promise<object> {
  const { id, title, createdAt, work, sandbox, turn, queue, pullRequest } = session;
  const { agent, model = null } = session.worker ?? session;
  return {
    id,
    title,
    createdAt,
    agent,
    model,
    repository: work?.repository.name ?? null,
    branch: work?.branch ?? null,
    pullRequest: pullRequest && { number: pullRequest.number, url: webUrl(pullRequest.url) },
    sandbox: sandbox.is,
    turn: turn && { id: turn.id, phase: turn.phase.is, startedAt: turn.startedAt },
    queued: queue.length,
    threads: session.threads.map(threadLabel),
    turns: await Promise.all(turns.map((each) => turnView(each, markdown))),
  };
}

async function turnView({ id, askedBy, text, startedAt, result }: TurnSummary, markdown: Markdown): Promise<object> {
  const { outcome = null, agent = null, usage = null } = result ?? {};
  return { id, askedBy, html: await markdown(text), startedAt, outcome, agent, usage };
}

/** A session in a list. */
export function sessionRow(session: Session): object {
  return {
    id: session.id,
    title: session.title,
    createdAt: session.createdAt,
    repository: session.work?.repository.name ?? null,
    branch: session.work?.branch ?? null,
    pullRequest: session.pullRequest,
    sandbox: session.sandbox.is,
    turn: session.turn?.id ?? null,
    thread: threadLabel(session.thread),
    page: `/sessions/${encodeURIComponent(session.id)}`,
  };
}

function threadLabel(thread: Thread): string {
  switch (thread.surface) {
    case "slack":
      return `Slack ${thread.channel}`;
    case "github":
      return `${thread.repo.owner}/${thread.repo.name}#${thread.number}`;
    case "web":
      return "Web";
    case "terminal":
      return "Terminal";
    default:
      return thread satisfies never;
  }
}

/** A link that a browser may follow; anything but http(s), `javascript:` above all, is none. */
function webUrl(url: string): string | null {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) ? url : null;
}
