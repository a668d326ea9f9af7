/** Words that nobody could be told, read from what an effect was given up with. */
import { POSTS } from "../core/decision.ts";
import { catalogEntry } from "../errors.ts";
import type { GivenUp } from "./stored.ts";

export interface Failure {
  code: string;
  detail: string;
  /** What to do about it. */
  remedy: string;
}

export interface Unposted extends Failure {
  effect: string;
}

/** The newest answer of a session that was given up, or else the newest of its other words; null when all went out. */
export function unposted(problems: GivenUp[]): Unposted | null {
  const posts = problems.filter(({ effect }) => POSTS.has(effect));
  const newest = posts.findLast(({ effect }) => effect === "answer") ?? posts.at(-1);
  return newest ? { effect: newest.effect, ...failureOf(newest.error) } : null;
}

/** It is stored as `code: detail`. */
export function failureOf(error: string): Failure {
  const [, code = "internal", detail = error] = /^([\w.-]+): (.*)$/s.exec(error) ?? [];
  return { code, detail, remedy: catalogEntry(code).remedy };
}
