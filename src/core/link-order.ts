/** The order `link <address>`: a pull request or an issue that a thread shall hear of, found among the repositories that are known here. */
import { canonicalGitUrl, githubIssueKey, githubPullRequestKey } from "./correlation.ts";
import type { CorrelationKey, Mention, PullRequest, Repository } from "./types.ts";

/** `unknown` says why in words for the person. */
export type LinkOrder =
  | { is: "found"; key: CorrelationKey; name: string; repository: string; pullRequest: PullRequest | null }
  | { is: "unknown"; detail: string };

export interface Target {
  repository: Repository;
  kind: "pull" | "issues";
  number: number;
  url: string;
}

/** From GitHub only those of its own repository: who may ask was checked for that one, and for no other. */
export function linkable({ thread }: Pick<Mention, "thread">, repositories: Repository[]): Repository[] {
  if (thread.surface !== "github") return repositories;
  const own = `${thread.repo.owner}/${thread.repo.name}`.toLowerCase();
  return repositories.filter(({ name }) => name.toLowerCase() === own);
}

/** What the URL names; null when it is no pull request or issue of one of these. */
export function targetOf(url: string, repositories: Repository[]): Target | null {
  const found = /^(https?:\/\/[^?#]+?)\/(pull|issues)\/(\d{1,10})(?:[/?#].*)?$/i.exec(url);
  const [, page = "", kind, number] = found ?? [];
  const isOf = ({ url: remote }: Repository): boolean => canonicalGitUrl(remote).toLowerCase() === page.toLowerCase();
  const repository = repositories.find(isOf);
  if (!repository || (kind !== "pull" && kind !== "issues")) return null;
  return { repository, kind, number: Number(number), url: `${page}/${kind}/${number}` };
}

/** `id` is GitHub's own of the repository, which the URL does not tell. */
export function linkOrder({ repository, kind, number, url }: Target, id: string): LinkOrder {
  const isPull = kind === "pull";
  return {
    is: "found",
    key: isPull ? githubPullRequestKey(id, number) : githubIssueKey(id, number),
    name: `${repository.name}#${number}`,
    repository: id,
    pullRequest: isPull ? { number, url } : null,
  };
}
