/** What can happen to a session, and what can be done about it: the two closed unions between `decide` and the engine. */
import type { Worker } from "./agent-choice.ts";
import type { Card } from "./card.ts";
import type { Choice } from "./choose.ts";
import { threadKey } from "./correlation.ts";
import type { Tip } from "./head.ts";
import type { Membership } from "./identity.ts";
import type { LinkOrder } from "./link-order.ts";
import type { Chosen } from "./menu.ts";
import type { Move } from "./places.ts";
import type { Preferred } from "./preferences.ts";
import type { AskedQuestion, Question, QuestionDecision } from "./question.ts";
import type { Silence } from "./silence.ts";
import type {
  Ask,
  Attachment,
  Failure,
  Mention,
  NewMention,
  Person,
  PullRequest,
  Running,
  Session,
  StartedFrom,
  Thread,
  TurnResult,
} from "./types.ts";

/** What happened, as `decide` hears of it. */
export type SessionEvent = PeopleEvent | ThreadEvent | SandboxEvent | TurnEvent | QuestionEvent | CardEvent;

/** Of somebody who says something, and whether they may. */
export type PeopleEvent =
  | { type: "mentioned"; mention: Mention }
  /** The same message was delivered once more, with files that it did not have the first time. */
  | { type: "attached"; message: string; files: Attachment[] }
  /** A part of a review has come in; the whole of it will be mentioned once it was looked up. */
  | { type: "review.coming"; review: number }
  /** The author may ask; `choice` is what a new session would work on. */
  | {
      type: "admitted";
      mention: string;
      author: Person;
      choice: Choice;
      link?: LinkOrder;
      /** Why it may not raise the budget that it wants to raise; null where it may. */
      raise?: string | null;
      preferred?: Preferred;
      /** Of the pull request that it stands on, looked up when it was let in. */
      tip?: Tip;
      /** Id of the repository that the session worked on when that was found out; null where there was none yet. */
      workedOn?: string | null;
    }
  /** `connects`: who, as people call them, could do it with another account on GitHub. */
  | { type: "turned-away"; mention: string; text: string; connects?: Person }
  /** The author may ask, and a limit is reached. */
  | { type: "limited"; mention: string; text: string }
  /** The author may ask, and nobody knows who that is on GitHub. */
  | { type: "unconnected"; mention: string; text: string; author: Person }
  /** Somebody said who they are on GitHub. */
  | { type: "connected"; member: Membership; login: string }
  /** The work is done, and waits in the sandbox for leave to be pushed. */
  | { type: "push.asked"; turn: string }
  /** Nobody could be asked whether it may be. */
  | { type: "push.unanswered"; turn: string; failure: Failure };

/** Of the session's name, its threads and its keys. */
export type ThreadEvent =
  /** A person called it something else. */
  | { type: "renamed"; title: string }
  /** A channel that it knows threads of has another id. */
  | ({ type: "moved" } & Move)
  /** Another session holds that key. */
  | { type: "key.taken"; key: string }
  /** Somebody opened a pull request from our branch. */
  | { type: "linked"; pullRequest: PullRequest };

/** Timers, here and below, carry what they were armed for, so that a late one is recognised. */
export type SandboxEvent =
  /** `kept`: its files have everything that was ever heard of it, whatever it came from. */
  | { type: "sandbox.ready"; running: Running; from: StartedFrom; kept?: true }
  | { type: "sandbox.failed"; code: string; detail: string }
  /** So many run that it has to wait. */
  | { type: "sandbox.waits"; running: number }
  /** It died, or its files cannot be woken any more. `attempt`: of the turn that was read from it, where one was. */
  | { type: "sandbox.lost"; detail: string; attempt?: number }
  /** A person ended it, with its files. */
  | { type: "sandbox.destroyed"; by: string }
  /** The files that it sleeps with were kept as long as they are kept, and are gone. */
  | { type: "sandbox.expired"; token: string }
  | { type: "slept"; token: string }
  | { type: "sleep.failed" }
  /** Timer. */
  | { type: "idle"; since: number }
  /** Timer: somebody else's sandbox may have gone since. */
  | { type: "place"; since: number }
  /** Timer. */
  | { type: "ending"; endsAt: number };

/** Of a turn, up to what became of its work. */
export type TurnEvent =
  | { type: "turn.accepted"; turn: string; worker?: Worker }
  | { type: "turn.rejected"; turn: string; code: string; detail: string }
  /** The daemon could not be given it, because it speaks another version of the wire. */
  | { type: "daemon.outdated"; turn: string }
  /** What became of an ask that was passed on to a running turn. */
  | { type: "steered"; turn: string; ask: Ask; disposition: "steered" | "later" }
  | { type: "turn.ended"; turn: string; attempt: number; result: TurnResult }
  /** It has used more than it may. `raised`: by how much the session's budget had been raised when that was found. */
  | ({ type: "over-budget"; turn: string; attempt: number; raised?: number } & Failure)
  /** Nothing has come from its agent for long. */
  | ({ type: "silent"; turn: string; attempt: number } & Silence)
  /** Timer: most of its time is over; `limitMs` is all of it. */
  | { type: "warned"; turn: string; limitMs: number }
  /** Timer. */
  | { type: "overdue"; turn: string; detail?: string }
  /** Its thread has the answer, and it may have pushed something. */
  | { type: "turn.told"; turn: string }
  /** `already`: the remote had that commit, and it may be somebody else's. */
  | { type: "branch.pushed"; repository: string; branch: string; commit: string; already?: true | undefined }
  | { type: "pull-request.opened"; turn: string; pullRequest: PullRequest }
  | { type: "pull-request.failed"; turn: string; code: string; detail: string };

/** Of what the agent asks people. */
export type QuestionEvent =
  | { type: "question.asked"; turn: string; attempt: number; question: Question }
  /** It stands in the thread. */
  | { type: "question.shown"; turn: string; question: string; ref: string }
  /** It could not be posted. */
  | { type: "question.unseen"; turn: string; question: string }
  | {
      type: "question.answered";
      turn: string;
      attempt: number;
      question: string;
      answer: string | null;
      by: "person" | "deadline" | "stop";
    }
  /** That answer came too late, or could not be handed over. */
  | { type: "answer.over"; turn: string; question: string; mention: Mention };

/** Of the pull request, as its card shows it. */
export type CardEvent =
  /** GitHub told of something about the pull request; a look will show what. */
  | { type: "pull-request.stirred" }
  /** Timer: a look at the pull request is due. */
  | { type: "look" }
  /** As it stands now. `unmended`: threadbox.yml leaves what is wrong with it to people. */
  | { type: "pull-request.seen"; card: Card; unmended?: true }
  /** What the session is to mend is in its inbox, or cannot get there. */
  | { type: "mend.asked"; fault: string }
  | { type: "pull-request.unseen" }
  /** Its card stands in that thread. */
  | { type: "card.shown"; thread: Thread; ref: string };

/** What is to be done; `perform.ts` does it. */
export type Effect =
  | { do: "check"; mention: string }
  /** `chosen`: in the menu of that message, which gives way to it. */
  | { do: "acknowledge"; thread: Thread; message: string; chosen?: Chosen }
  /** `connect`: with a way to say who they are on GitHub. */
  | { do: "refuse"; mention: Mention; text: string; connect?: true }
  /** `choices`: names of repositories, one of which is asked for. `pings`: who has to do something about it. */
  | { do: "say"; thread: Thread; text: string; choices?: string[]; pings?: Person[]; reply?: InlineReply }
  | { do: "help"; thread: Thread }
  | { do: "answer"; turn: string; thread: Thread; asks: Ask[]; result: TurnResult }
  | { do: "ask"; turn: string; thread: Thread; question: AskedQuestion }
  /** The message of a question says how it was decided, and has no buttons any more. */
  | { do: "settle"; turn: string; thread: Thread; question: AskedQuestion; decision: QuestionDecision }
  /** `mention`: the answer; null where nobody could be asked. */
  | { do: "answer-question"; turn: string; question: string; answer: string; mention: Mention | null }
  | { do: "start-sandbox"; from: string | null }
  | { do: "sleep" }
  | { do: "send-turn"; turn: string }
  | { do: "steer"; turn: string; ask: Ask }
  | { do: "abort"; turn: string }
  /** Asks whether everybody who asked may push still, and tells the daemon; with `no` that is decided. */
  | { do: "allow-push"; turn: string; no?: Failure }
  /** `takes`: a person wants it so, whoever has the key. */
  | { do: "claim"; key: string; takes?: true }
  /**
   * The session lets go of the keys that the mention came by; with `anew` that is said again then, to a session of its own. `again`: what
   * others asked here and is asked there again, in their name.
   */
  | { do: "leave"; mention: Mention; anew: string; again?: NewMention[] }
  /** A thread of its own begins beside that one, and in it a session that goes on from this one, with these words of the mention's author. */
  | { do: "fork"; thread: Thread; mention: Mention; anew: string; title: string }
  | { do: "open-pull-request"; turn: string }
  /** What the turn did stands on the commit that it pushed, and in the pull request. */
  | { do: "report"; turn: string }
  | { do: "look-at-pull-request" }
  /** Says to the session itself what it is to mend; with what the failed checks of that commit have to say, where it is one. */
  | { do: "mend"; mention: NewMention; fault: string; sha: string | null }
  /** The card says there what was seen last. */
  | { do: "show-card"; thread: Thread }
  | { do: "wake-me"; when: "idle"; since: number }
  | { do: "wake-me"; when: "warned"; turn: string }
  | { do: "wake-me"; when: "overdue"; turn: string }
  | { do: "wake-me"; when: "place"; since: number }
  | { do: "wake-me"; when: "ending"; endsAt: number }
  /** `since`: when it was looked at last. */
  | { do: "wake-me"; when: "look"; since: number | null };

/** What a turn has to say to a comment of a review, in the inline thread of that. The text may be empty. */
export interface InlineReply {
  turn: string;
  /** The page that the answer stands on, where the reply leads there. */
  page?: string | null;
  /** All that was asked in that thread is done. */
  resolves: boolean;
}

/** An effect with its id: the same event on the same session gives the same ids, and the id goes out with whatever the effect sends. */
export interface NumberedEffect {
  id: string;
  effect: Effect;
}

/** What became of the session, and what follows. Stored together. */
export interface Decision {
  session: Session;
  effects: NumberedEffect[];
}

/**
 * Effects of one lane are done in order; the lanes go on beside each other, so that a sandbox that takes a minute to boot
 * does not keep "stopped" from being said.
 */
export const LANE = {
  check: "check",
  acknowledge: "talk",
  refuse: "talk",
  say: "talk",
  help: "talk",
  answer: "talk",
  ask: "talk",
  settle: "talk",
  "answer-question": "sandbox",
  "start-sandbox": "sandbox",
  sleep: "sandbox",
  "send-turn": "sandbox",
  steer: "sandbox",
  abort: "sandbox",
  // A stop must not wait for GitHub.
  "allow-push": "push",
  claim: "keys",
  leave: "keys",
  fork: "talk",
  "open-pull-request": "keys",
  // Nobody waits for these two.
  report: "report",
  "look-at-pull-request": "look",
  mend: "look",
  // Behind the answer that tells of the pull request.
  "show-card": "talk",
  "wake-me": "keys",
} as const satisfies Record<Effect["do"], string>;

/** Which line an effect stands in, within its session. */
export type Lane = string;

/**
 * Each thread has a line of its own for what is said in it and for what is asked there: where a vendor is away for a day, what is said
 * elsewhere does not wait for it, nor does an operator's word about a thread of that vendor.
 */
export function laneOf(effect: Effect, { checking }: Pick<Session, "checking">): Lane {
  const lane = LANE[effect.do];
  switch (effect.do) {
    case "check": {
      const asked = checking.find(({ id }) => id === effect.mention);
      return asked ? `${lane} ${asked.author.surface} ${threadKey(asked.thread)}` : lane;
    }
    case "refuse":
      return `${lane} ${threadKey(effect.mention.thread)}`;
    default:
      return "thread" in effect ? `${lane} ${threadKey(effect.thread)}` : lane;
  }
}

/** Words for a person: who asked waits for them, and nobody can have them by writing `retry`. */
export const POSTS: ReadonlySet<string> = new Set<Effect["do"]>(["answer", "say", "refuse", "help", "ask", "fork"]);
