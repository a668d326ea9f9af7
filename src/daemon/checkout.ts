/** The port between turns and git: one clone with one branch of ours. `git.ts` implements it over the real `git`. */
import type { AgentEvent, Changes } from "../wire/events.ts";
import type { GitLogin, Verified } from "../wire/routes.ts";

export interface CheckoutSpec {
  id: string;
  /** git URL or `github:owner/name`. */
  source: string;
  /** Absolute folder of the clone. */
  dir: string;
  /** The branch that is worked on and pushed; undefined: the remote's default branch, and nothing is pushed. */
  branch: string | undefined;
  /** Where a new branch starts; undefined: the remote's default branch. */
  base: string | undefined;
  setup: string | undefined;
  /** The commit that the turn is about: what is worked on has to contain it. */
  pin?: string | undefined;
  /** `pin` is the head of the pull request of this number, in a repository where strangers push. */
  pull?: number | undefined;
  identity: { name: string; email: string };
  /** False: what is pushed may not change `.github/workflows`. */
  workflows?: boolean | undefined;
}

export interface Published {
  /** Set when the branch has commits that the base has not, and they are on the remote now. */
  pushed: { branch: string; commit: string } | null;
  /** Nothing had to be pushed for that. */
  already?: true;
  /** Against the base; null when nothing differs. */
  changes: Changes | null;
  patch: { text: string; cut: boolean } | null;
  /** On top of a fork's commit: see `turn.ended`. */
  own?: { from: string; patch: string | null };
  /** Why the host did not sign what it should have signed; people are told. */
  unsigned?: string;
}

/** What came with leave to push, for that push alone. */
export interface Grant {
  logins: GitLogin[];
  /** Where the host shall make the commit, and sign it. */
  verified?: Verified;
}

/** What has to be said of a clone that is not just what it was asked to be: to the agent before the turn, to people at its end. */
export interface Remarks {
  agent: string[];
  people: string[];
  /** The fork's commit that the work stands on. */
  from?: string;
}

/** The branch as a turn left it. */
export interface Committed {
  commit: string;
  /** Whether a push would change anything. */
  unpushed: boolean;
}

export type CheckoutReport = Extract<AgentEvent, { type: "workspace.preparing" | "workspace.ready" }>;

/** Throws `CheckoutError` with a code of the bot's catalog (git.clone-failed, git.unauthorized, git.push-refused, git.diverged, git.head-moved, git.setup-failed, git.workflows, git.secret). */
export interface Checkout {
  readonly spec: CheckoutSpec;
  /** Clones, or brings an existing clone up to date: fetches, makes or checks out the branch, fast-forwards to what people pushed. Safe to repeat. */
  prepare(report: (report: CheckoutReport) => void): Promise<void>;
  /** Of the last preparation. */
  remarks?(): Remarks;
  /** Before the agent starts: whose turn it is. Every commit of the turn, the agent's own too, gets these co-authors. */
  begin(coAuthors: { name: string; email: string }[]): Promise<void>;
  /** After the agent, when leave to push has to be asked for first: only commits what is left over. Null: the base has all of it. */
  commit(subject: string): Promise<Committed | null>;
  /**
   * After the agent: commits what is left over, merges what people pushed meanwhile, pushes the branch without force. With `only` that
   * commit and nothing that came into the clone since, with what `grant` gives for it.
   */
  publish(subject: string, only?: string, grant?: Grant): Promise<Published>;
}

export class CheckoutError extends Error {
  readonly code: string;
  /** What stayed behind, for a person to take over by hand. */
  readonly left: Pick<Published, "changes" | "patch"> | null;
  constructor(code: string, detail: string, left: CheckoutError["left"] = null) {
    super(detail);
    this.name = "CheckoutError";
    this.code = code;
    this.left = left;
  }
}
