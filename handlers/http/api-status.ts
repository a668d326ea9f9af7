/** How far a mention of the API is, from what was said in its thread. Pure. */
import type { WebPost } from "../../src/core/pages.ts";
import type { Answer, Progress } from "../../src/core/types.ts";

export interface ApiStatus {
  state: "waiting" | "running" | "refused" | "done" | "failed" | "stopped" | "timed-out";
  /** What it does now. */
  now?: string;
  /** Why it was refused, or failed. */
  detail?: string;
  answer?: string;
  branch?: string;
  commit?: string;
  pull_request?: { number: number; url: string };
  usage?: unknown;
  duration_ms?: number;
}

/** Posts oldest first. */
export function statusOf(posts: readonly Pick<WebPost, "kind" | "body">[]): ApiStatus {
  const last = (kind: WebPost["kind"]): string | undefined => posts.findLast((post) => post.kind === kind)?.body;
  const answer = last("answer");
  if (answer !== undefined) return ended(JSON.parse(answer));
  const progress = last("progress");
  if (progress !== undefined) {
    const { now }: Progress = JSON.parse(progress);
    return { state: "running", now };
  }
  // Nothing was begun, and something was said: why not.
  const why = last("refusal") ?? last("note");
  return why === undefined ? { state: "waiting" } : { state: "refused", detail: why };
}

function ended({ result, pullRequest, remedy }: Answer): ApiStatus {
  const { outcome, answer, failure, branch, commit, usage, durationMs } = result;
  const why = failure ? [`${failure.code}: ${failure.detail}`, remedy].filter(Boolean).join(" ") : undefined;
  return {
    ...{ state: outcome, answer },
    ...(why === undefined ? {} : { detail: why }),
    ...(branch === undefined ? {} : { branch }),
    ...(commit === undefined ? {} : { commit }),
    ...(pullRequest ? { pull_request: { number: pullRequest.number, url: pullRequest.url } } : {}),
    ...(usage === undefined ? {} : { usage }),
    duration_ms: durationMs,
  };
}
