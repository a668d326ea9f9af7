/** The port to the place where repositories live: credentials for git, and pull requests. GitHub implements it; a plain git remote needs none of it. */
import type { Card } from "../core/card.ts";
import type { Linked, TalkLink } from "../core/linked.ts";
import type { Answer, Person, PullRequest, Repository, TestOutcome, Thread } from "../core/types.ts";
import type { Verified } from "../wire/routes.ts";

/** Basic credentials for one git origin, for the daemon's memory only. */
export interface GitCredential {
  origin: string;
  username: string;
  password: string;
  /** Milliseconds since the epoch; absent when it does not expire. */
  expiresAt?: number;
}

/** What git is to do with a credential: `read` as long as an agent works, `write` for one push after it. */
export type GitPurpose = "read" | "write";

export interface PullRequestDraft {
  repository: Repository;
  head: string;
  title: string;
  /** What was done and why, in Markdown. A hidden marker is added; names in it ping nobody and keywords close nothing, because an agent wrote some of it. */
  body: string;
  /** What turns did after the one that opened it, oldest first. */
  later?: PullRequestTurn[];
  /** What its last turn ran of tests; null where that is not known. Nothing is said of it where it is left out. */
  tests?: TestOutcome[] | null;
  requestedBy?: Person[];
  /** Where it can be read. */
  asked?: string | null;
  /** The page of the session. */
  page?: string | null;
  /** The issue that merging it closes: said by us, where the session began on that issue. */
  closes?: number;
}

/** A check or a status that failed. `said` is empty where nothing can be read of it. */
export interface FailedJob {
  name: string;
  said: string;
}

export interface PullRequestTurn {
  by: string;
  /** The agent's last words, in Markdown. */
  answer: string;
  commit: string | undefined;
}

/** What a turn did, for the check on the commit that it pushed. */
export interface CheckReport {
  commit: string;
  /** By which it is found again. */
  id: string;
  /** The same that the thread was told. */
  answer: Answer;
  /** Where it was told; null where nobody knows (any more). */
  told: { thread: Thread; ref: string } | null;
  /** Null where they are not for everybody who may read the repository. */
  steps: ReportedStep[] | null;
}

/** What the agent said or ran, in order. */
export type ReportedStep =
  | { is: "said"; text: string }
  | { is: "ran"; title: string; ok: boolean | null; durationMs: number | null };

export interface Forge {
  /** Who commits: `threadbox[bot]` with its numeric noreply address. */
  identity(): Promise<{ name: string; email: string }>;
  /**
   * What git needs for this repository, as narrow and as short-lived as can be had. Null where it needs nothing. With `read` it cannot push,
   * where the forge knows such a thing.
   */
  credential(repository: Repository, purpose: GitPurpose): Promise<GitCredential | null>;
  /** Where commits are made that the forge signs; null where it signs none. */
  verified(repository: Repository): Verified | null;
  /**
   * What the forge knows of a repository that was named by its URL: its immutable id, its default branch, where pull requests go.
   * Gives back the same object where it lives elsewhere or is known already. Throws `repository.unknown` when we may not see it.
   */
  locate(repository: Repository): Promise<Repository>;
  /** Opens it, or gives back the one that is open for that head already. */
  openPullRequest(draft: PullRequestDraft): Promise<PullRequest>;
  /**
   * The parts of its text that we wrote say what there is now; whatever people wrote or changed stays, and so does the title. Done again,
   * it changes nothing. Nothing where it is not ours, or not open any more.
   */
  updatePullRequest(number: number, draft: PullRequestDraft): Promise<void>;
  /** A check of ours on that commit, which informs and never blocks. Once for each id; nothing where we may not. */
  showCheck(repository: Repository, report: CheckReport): Promise<void>;
  /** What an issue, a pull request or a comment says now. Null when it is not there, or we may not see it. */
  readLinked(link: TalkLink): Promise<Linked | null>;
  /** How a pull request stands now: itself, the checks of its head, and what people who may write there say of it. */
  cardOf(repository: Repository, number: number): Promise<Card>;
  /** What failed on that commit, with what it has to say of it; none of our own. Foreign text, cut and without tokens. */
  failedJobs(repository: Repository, sha: string): Promise<FailedJob[]>;
}
