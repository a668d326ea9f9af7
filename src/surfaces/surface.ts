/**
 * The port to the places people talk to us. Slack, GitHub, web and terminal promise the same and pass `test/contracts/surface.ts`.
 * What a surface cannot do it does in its nearest way; callers never ask what it can.
 */
import type { Card } from "../core/card.ts";
import type { Chosen } from "../core/menu.ts";
import type { ProgressPace } from "../core/pace.ts";
import type { AskedQuestion, SettledQuestion } from "../core/question.ts";
import type { Answer, Attachment, Mention, Person, Progress, Said, SurfaceName, Thread } from "../core/types.ts";

/** Names a message that we posted, so that it can be edited later: Slack's ts, GitHub's comment id. */
export type MessageRef = string;

/**
 * Names one thing that we post. It goes out with the message (Slack metadata, a hidden HTML comment on GitHub).
 * With `again`, an earlier attempt may have got through: look for the marker first, and post only when it is not there.
 */
export interface PostId {
  marker: string;
  again: boolean;
}

export type Authorization =
  | { allowed: true; author: Person }
  /** `text` is one line for the person: what is missing and who can give it. */
  | { allowed: false; code: "surface.not-allowed" | "surface.bot" | "surface.unknown"; text: string };

/** Leads to a page that is for one person. */
export interface LinkButton {
  label: string;
  url: string;
}

/** What a file turned out to be called and to be, and all that is in it. */
export interface FetchedFile {
  name: string;
  mime: string;
  content: Uint8Array;
}

/** A thread that begins with a message of ours. */
export interface Opened {
  thread: Thread;
  message: MessageRef;
  /** Where a person can read it; null where nobody could say. */
  link: string | null;
}

export interface Surface {
  /** How often `show` is called while a turn goes on; the last state always comes at once. */
  readonly pace: ProgressPace;
  /** May this author ask here? Asks the vendor; throws a ThreadboxError when it cannot know (the engine tries again, then refuses). */
  authorize(mention: Mention): Promise<Authorization>;
  /**
   * Adds what the payload did not tell (see `Mention.lookup`): keys and repository, or the rest of the review. Called only where that is set.
   * A review that turns out to say nothing has no text.
   */
  complete(mention: Mention): Promise<Mention>;
  /** What was said in the thread before the mention, oldest first, bounded; our own messages left out. */
  context(mention: Pick<Mention, "thread" | "message" | "at" | "review">): Promise<Said[]>;
  /** Of what was said in that thread. Throws a ThreadboxError whose detail says why not, for the agent to read. */
  fetchFile(file: Attachment, thread: Thread): Promise<FetchedFile>;
  /** May everybody of the workspace read the thread? No where there is no workspace. */
  isPublic(thread: Thread): Promise<boolean>;
  /**
   * 👀 at once; `chosen` takes the place of the menu in that message, where a surface has menus. Doing it twice is doing it once; a
   * message that is gone is fine.
   */
  acknowledge(mention: { thread: Thread; message: string; chosen?: Chosen }): Promise<void>;
  /** Tells the author alone where the surface can, in the thread where it cannot. A `button` is for nobody else, and left out there. */
  refuse(mention: Mention, text: string, id: PostId, button?: LinkButton): Promise<void>;
  /** The one message that is edited while a turn goes on: posted when `ref` is null. Gives back its name. */
  show(
    thread: Thread,
    progress: Progress,
    page: string | null,
    ref: MessageRef | null,
    id: PostId,
  ): Promise<MessageRef>;
  /** The end of a turn, as a new message (edits notify nobody). */
  answer(thread: Thread, answer: Answer, id: PostId): Promise<MessageRef>;
  /** A question of the agent, as one message: pings the askers, says what can be chosen, until when, and what counts then. */
  ask(thread: Thread, question: AskedQuestion, id: PostId): Promise<MessageRef>;
  /**
   * The same message says how it was decided, and nothing in it can be pressed any more; where nothing can be edited it is one more.
   * The marker is the one that it was asked under. A message that is gone stays gone.
   */
  settle(thread: Thread, question: SettledQuestion, id: PostId): Promise<void>;
  /**
   * One short message of the bot itself: help, "stopped", news from another thread. Markdown. `choices` are repositories that one can be
   * chosen of, where the surface has something to choose with; the text says how to choose in words.
   */
  say(thread: Thread, text: string, id: PostId, choices?: string[]): Promise<MessageRef>;
  /** The same for what somebody has to do something about: pings these people where anybody can be pinged. */
  ping(thread: Thread, text: string, people: Person[], id: PostId): Promise<MessageRef>;
  /** Nothing is left to be said in that thread, where a surface marks threads so. Never fails: it says no more than the words there. */
  resolve(thread: Thread): Promise<void>;
  /**
   * The one message about a pull request, posted when `ref` is null and edited after that; it pings nobody. One that is gone stays gone.
   * Null, and nothing is shown, where people see the pull request itself, or look at what we say only once.
   */
  card(thread: Thread, card: Card, ref: MessageRef | null, id: PostId): Promise<MessageRef | null>;
  /** A thread of our own beside that one, which begins with this text. Null where a thread cannot be had for the asking. */
  open(thread: Thread, text: string, id: PostId): Promise<Opened | null>;
}

/** Those that are set up. A mention of one that is not (any more) is told in the log only. */
export type Surfaces = Partial<Record<SurfaceName, Surface>>;
