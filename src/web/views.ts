/**
 * What the browser gets to see of posts, sessions and turns: Markdown rendered, links checked, and no field more than it shows.
 * The bodies of progress and answers are JSON that the web surface stored; they are checked here, where they leave again.
 */
import { z } from "zod";
import type { TurnSummary, WebPost } from "../core/pages.ts";
import type { Session, Thread } from "../core/types.ts";
import { Changes, Usage } from "../wire/events.ts";
import type { Markdown } from "./markdown.ts";

const Outcome = z.enum(["done", "failed", "stopped", "timed-out"]);

const ProgressBody = z.object({
  turn: z.string(),
  startedAt: z.number(),
  now: z.string(),
  steps: z.array(z.object({ call: z.string(), title: z.string(), state: z.enum(["running", "ok", "failed"]) })),
  earlierSteps: z.number(),
  said: z.string(),
  repository: z.string().nullable(),
  branch: z.string().nullable(),
  tools: z.number(),
  ended: Outcome.nullable(),
  changedAt: z.number(),
});

const AnswerBody = z.object({
  turn: z.string(),
  session: z.string(),
  remedy: z.string().optional(),
  repository: z.string().nullable(),
  pullRequest: z.object({ number: z.number(), url: z.string() }).nullable(),
  result: z.object({
    outcome: Outcome,
    answer: z.string(),
    failure: z.object({ code: z.string(), detail: z.string() }).optional(),
    stoppedBy: z.string().optional(),
    changes: Changes.optional(),
    branch: z.string().optional(),
    commit: z.string().optional(),
    usage: Usage.optional(),
    durationMs: z.number(),
  }),
});

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
  const { id, title, createdAt, work, agent, model, sandbox, turn, queue, pullRequest } = session;
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
  return { id, askedBy, html: await markdown(text), startedAt, outcome: result?.outcome ?? null };
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
