/** The port to the place where repositories live: credentials for git, and pull requests. GitHub implements it; a plain git remote needs none of it. */
import type { Card } from "../core/card.ts";
import type { Linked, TalkLink } from "../core/linked.ts";
import type { PullRequest, Repository } from "../core/types.ts";

/** Basic credentials for one git origin, for the daemon's memory only. */
export interface GitCredential {
  origin: string;
  username: string;
  password: string;
  /** Milliseconds since the epoch; absent when it does not expire. */
  expiresAt?: number;
}

export interface PullRequestDraft {
  repository: Repository;
  head: string;
  title: string;
  /** Markdown. A hidden marker is added; names in it ping nobody and keywords close nothing, because an agent wrote some of it. */
  body: string;
  /** The issue that merging it closes: said by us, where the session began on that issue. */
  closes?: number;
}

/** A check or a status that failed. `said` is empty where nothing can be read of it. */
export interface FailedJob {
  name: string;
  said: string;
}

export interface Forge {
  /** Who commits: `threadbox[bot]` with its numeric noreply address. */
  identity(): Promise<{ name: string; email: string }>;
  /** What git needs for this repository, as narrow and as short-lived as can be had. Null where it needs nothing. */
  credential(repository: Repository): Promise<GitCredential | null>;
  /**
   * What the forge knows of a repository that was named by its URL: its immutable id, its default branch, where pull requests go.
   * Gives back the same object where it lives elsewhere or is known already. Throws `repository.unknown` when we may not see it.
   */
  locate(repository: Repository): Promise<Repository>;
  /** Opens it, or gives back the one that is open for that head already. */
  openPullRequest(draft: PullRequestDraft): Promise<PullRequest>;
  /** What an issue, a pull request or a comment says now. Null when it is not there, or we may not see it. */
  readLinked(link: TalkLink): Promise<Linked | null>;
  /** How a pull request stands now: itself, the checks of its head, and what people who may write there say of it. */
  cardOf(repository: Repository, number: number): Promise<Card>;
  /** What failed on that commit, with what it has to say of it; none of our own. Foreign text, cut and without tokens. */
  failedJobs(repository: Repository, sha: string): Promise<FailedJob[]>;
}
