/**
 * The nine words as types. Everything here is plain data: it crosses the database, so it must survive JSON.
 * A `Mention` comes in, a `Session` decides, `Effect`s go out (see `decide.ts`), and what they did comes back as `SessionEvent`s.
 */
import type { Changes, Usage } from "../wire/events.ts";
import type { AgentWish, Worker } from "./agent-choice.ts";
import type { Over } from "./anew.ts";
import type { Budgeted } from "./budget.ts";
import type { CardState, Mends } from "./card.ts";
import type { Options } from "./command.ts";
import type { OnFork, OwnWork, Pinned } from "./head.ts";
import type { Origin } from "./origin.ts";
import type { Asking, DecidedQuestion } from "./question.ts";
import type { InReview, Reply, Reviewed } from "./review.ts";

export type { Answer, Progress, Step, TestOutcome } from "./shown.ts";

/** Milliseconds: a length of time, or since the Unix epoch. */
export type Ms = number;

/** Text that names a thread, an issue, a pull request or a branch; made only by `correlation.ts`. */
export type CorrelationKey = string;

export type SurfaceName = "slack" | "github" | "web" | "terminal";

/** Where on a surface the replies go. Carries what its surface needs to find the place again, nothing else. */
export type Thread =
  | { surface: "slack"; team: string; channel: string; threadTs: string }
  | {
      surface: "github";
      repo: GitHubRepo;
      number: number;
      is: "issue" | "pr";
      installation: number | null;
      reviewComment?: number;
    }
  | { surface: "web"; id: string }
  | { surface: "terminal"; id: string };

/** A repository as GitHub's payloads name it. `id` is immutable; owner and name may change. */
export interface GitHubRepo {
  id: number;
  owner: string;
  name: string;
}

/** Who spoke. `id` is the surface's own stable id (Slack user id, GitHub numeric id as text), never a display name. */
export interface Person {
  surface: SurfaceName;
  id: string;
  /** Shown to people: "alice". */
  name: string;
  /** Name and address for `Co-authored-by`, when the surface knows them. */
  git?: { name: string; email: string };
  /** An account that nobody answers for, allowed by its number. */
  bot?: true;
}

/** A file that came with a mention: what can be told of it, and what its surface needs to fetch it. What is in it is never stored. */
export interface Attachment {
  /** As whoever attached it named it: foreign text. */
  name: string;
  /** What it is said to be; nobody has looked. */
  mime: string;
  /** Null where it is not known before it is fetched. */
  bytes: number | null;
  /** Slack: the file's id and its address; null where Slack has to be asked for that. */
  ref: { id: string; url: string | null };
}

/** One thing addressed to us, surface removed. */
export interface Mention extends InReview {
  /** Given by `receive`; the id of the turn that it starts. */
  id: string;
  /** The same message has the same text here, however often and in however many shapes it is delivered. */
  dedupe: string;
  /** Every key it knows, best first. */
  keys: CorrelationKey[];
  thread: Thread;
  author: Person;
  /** What was said, our own name removed. Options and commands are still in it. */
  text: string;
  /** False for a reply that names nobody: it counts only where a session follows the thread already. */
  addressed: boolean;
  at: Ms;
  /** The message itself, for 👀: Slack's ts, `issue-comment:<id>`, `review-comment:<id>` (of several `<id>,<id>`), `review:<id>`, `issue:<n>`. */
  message: string;
  /** Where a person can read it. */
  link?: string;
  /** What the surface knows about the repository, and needs no choice for. */
  repository?: RepositoryHint;
  /** Text that came with the mention and was not written as an order: an issue's body, the diff line of a comment. */
  about?: string;
  files?: Attachment[];
  /** What it is about in one line, where the text does not say it: the title of the labelled issue. Names things, gives no orders. */
  subject?: string;
  /**
   * What the payload did not tell and `Surface.complete` looks up when no key is known yet: the head branch of this pull request, or in
   * which thread its message stands. The rest of a review is looked up in any case.
   */
  lookup?: "pull-request-head" | "thread" | "review";
  /** The session that the one of this thread goes on from. */
  forkOf?: string;
  /** The message that was edited, and reads so now: it counts while what was asked there is not over. Without a text it was deleted. */
  corrects?: string;
  /** By a button, a menu, a form or a reaction, and not written: nothing is there to be marked as seen. */
  pressed?: true;
  /** Nobody wrote it: that session is to mend what it pushed. */
  mends?: Mends;
  /** It answers that question of the agent, wherever it stands. `option` counts from 0; without one its text is the answer. */
  answers?: { question: string; option?: number };
}

/** What a handler makes; `receive` gives it its id. */
export type NewMention = Omit<Mention, "id">;

/** A repository that the surface knows from its payload. `head` is set when the mention stands on a pull request of that very repository. */
export interface RepositoryHint extends Pinned {
  id: string;
  name: string;
  url: string;
  base: string;
  head?: string;
}

/** A repository that sessions may work on (from `threadbox.yml`, or from GitHub's payload). */
export interface Repository {
  /** GitHub's numeric id as text, or the canonical URL of a plain git remote. */
  id: string;
  /** What people call it: `acme/api`. */
  name: string;
  url: string;
  /** Branch that work starts from and pull requests go to. */
  base: string;
  /** Shell command that prepares a fresh clone. */
  setup?: string;
  agent?: string;
  model?: string;
  /** Slack channels whose threads are about it, where nobody says otherwise. */
  channels?: string[];
  /** Whether sessions see to failed checks by themselves; as everywhere, when it is left out. */
  fixChecks?: boolean;
  /** How pull requests are opened there; `template: false` leaves the repository's own out. */
  pullRequests?: { draft?: boolean | undefined; template?: boolean | undefined };
  /** Set for repositories on GitHub: a pull request can be opened there. */
  github?: { owner: string; name: string; installation: number | null };
}

/** The branch of a session: which repository, and the name that is pushed. `own` is false when it is the head of somebody's pull request. */
export interface Work extends OnFork {
  repository: Repository;
  branch: string;
  own: boolean;
}

export interface PullRequest {
  number: number;
  url: string;
}

/**
 * `from` is the token that it was woken with; `since` of a ready one is when its last turn ended; `endsAt` is when its provider ends
 * it in any case.
 */
export type SandboxState =
  /** `expired`: there were files, and they were deleted because nobody had spoken to it for long. Whoever does is told. */
  | { is: "none"; expired?: true }
  /** `full`: it waits for one of so many that run to go. */
  | { is: "starting"; since: Ms; from: string | null; full?: number }
  | ({ is: "ready" | "falling-asleep"; since: Ms; from: string | null } & Running)
  | { is: "asleep"; since: Ms; token: string };

/** A machine as its provider knows it. */
export interface Running {
  name: string;
  url: string;
  endsAt: Ms | null;
}

/** What a session's sandbox came from when it was started last: kept ready for it, a prepared snapshot, its own files, or nothing. */
export type StartedFrom = "warm" | "golden" | "woken" | "cold";

/** What a turn is asked to do: a mention whose author may ask, with the command grammar taken out of its text. */
export interface Ask extends InReview, Pinned {
  /** The mention's id. */
  id: string;
  thread: Thread;
  author: Person;
  text: string;
  message: string;
  at: Ms;
  link?: string;
  about?: string;
  files?: Attachment[];
  subject?: string;
  /** It was to join a turn that was over by then, so it goes before what was to wait from the start. */
  late?: true;
  /** Nobody wrote it: it follows from what became of a pull request. */
  mends?: Mends;
}

/** Why something failed: a code of `errors.ts` and one line of detail. */
export interface Failure {
  code: string;
  detail: string;
}

/** How far a turn has come. */
export type TurnPhase =
  | { is: "waiting" } //   for the sandbox
  | { is: "sending" } //   POST /prompt under way
  | { is: "running" } //   the daemon has it
  /** Abort under way. `failure`: why it is ended from here, where no person stopped it. */
  | { is: "stopping"; by: string; overdue: boolean; failure?: Failure }
  | { is: "publishing"; result: TurnResult }; //  ended; pull request being opened before the answer

/** One prompt to one outcome; one at a time per session. Its id is that of the mention that began it. */
export interface Turn extends Asking {
  id: string;
  thread: Thread;
  asks: Ask[];
  /** Ids of those of them that its first words do not have: each attempt is told them after these. Absent: none. */
  joined?: string[];
  phase: TurnPhase;
  startedAt: Ms;
  /** It was said that its time will be up; once is enough. */
  warned?: true;
  /** The same of an agent from which nothing comes. */
  silent?: true;
  /** The first one on a new branch: what became of the pull request of the one before. */
  after?: Over;
  /** Said in the thread when it went out; every attempt goes by it, whatever is said meanwhile for the next turn. */
  wished?: AgentWish;
  /** Who has it. Absent before it was handed over. */
  worker?: Worker;
  /** Which attempt this is: a turn whose sandbox died under it, or came to the end of its life, is sent to another one. */
  attempt: number;
}

/** How a turn ended. Every turn gets exactly one. */
export interface TurnResult extends OwnWork {
  outcome: "done" | "failed" | "stopped" | "timed-out";
  /** The agent's last words, in Markdown. Empty when it said nothing. */
  answer: string;
  /** What it said to single comments of a review; the answer is without that. */
  replies?: Reply[] | undefined;
  /** For `failed` and `timed-out`. */
  failure?: Failure | undefined;
  /** Who stopped it. */
  stoppedBy?: string | undefined;
  changes?: Changes | undefined;
  /** The pushed branch, when there was something to push. */
  branch?: string | undefined;
  commit?: string | undefined;
  usage?: Usage | undefined;
  /** Who worked on it, by the team's name; absent where nobody came to it. */
  agent?: string | undefined;
  /** Which model was asked for; absent where that was left to the agent. */
  model?: string | undefined;
  durationMs: Ms;
}

/** The durable thing that keys point at. */
export interface Session extends Origin, Reviewed, Budgeted {
  id: string;
  createdAt: Ms;
  /** The first line of the first ask, shortened; names the page and the answers. */
  title: string;
  /** Where it began. */
  thread: Thread;
  /** All places that hear of it, the first one first. */
  threads: Thread[];
  work: Work | null;
  /** Chosen by an option (`agent=`, `model=`); the repository's or the bot's default otherwise. */
  agent: string | null;
  model: string | null;
  pullRequest: PullRequest | null;
  /** What is shown of the pull request. Absent until it was looked at. */
  card?: CardState;
  sandbox: SandboxState;
  /** What the last mention that had to wait for a sandbox waited for, and how long; null until then. */
  waited: { for: StartedFrom; ms: Ms } | null;
  /** Mentions whose authors are being checked. */
  checking: Mention[];
  /** Mentions whose authors have to say first who they are on GitHub. */
  connecting?: Mention[];
  turn: Turn | null;
  queue: Ask[];
  /** What waits for somebody to say which repository it is about, with what was said already of how to do it. */
  undecided?: { ask: Ask; options: Options };
  /** The last questions of its agent that are over. */
  answered?: DecidedQuestion[];
  /** Replies that do not mention us are left alone. */
  muted?: true;
  /** What the last turn was asked, for `retry`. */
  last: Ask[] | null;
  /** Counts effects, so that their ids are the same when `decide` runs again on the same event. */
  effects: number;
}

/** Something that was said in the thread before a mention. */
export interface Said {
  author: string;
  at: Ms;
  text: string;
  files?: Attachment[];
  /** May this person give orders? Others' words are context at most. */
  trusted: boolean;
}
