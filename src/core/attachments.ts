/**
 * Files that come with what is asked: where they lie in a sandbox, and what becomes of those that arrive after their message. A file is
 * foreign in every part: its name is chosen by whoever attached it.
 */
import { askNow } from "./decide-turn.ts";
import type { SessionEvent } from "./decision.ts";
import { type Plan, plan } from "./plan.ts";
import type { Ask, Attachment, Session } from "./types.ts";

/** More of them say less; whoever has so many has a folder to put them into. */
export const MAX_ATTACHMENTS = 10;

/** What is asked by files without a word. */
export const ONLY_FILES = "Look at the attached files.";
const CAME_LATER = "These files belong to what I said last; they arrived after it.";

/** Names the files that came with what was said before, where those of an ask are named by its id. */
export const BEFORE = "before";

/** What became of a file: it lies at `path`, as seen from the clone, or there is a problem. */
export type HandedFile = { name: string; mime: string; bytes: number | null } & (
  | { path: string }
  | { problem: string }
);

/**
 * A name that means nothing but itself to a file system or a shell. `place` is where the file stands among those of its ask: with it no two
 * names are the same, and each is the same again when all is done once more.
 */
export function safeName(name: string, place: number): string {
  const last = name.normalize("NFC").split(/[/\\]/).at(-1) ?? "";
  const plain = last.replace(/[^\p{L}\p{M}\p{N}._-]+/gu, "-").replace(/^[-.]+|[-.]+$/g, "");
  const [, stem = plain, ending = ""] = /^(.+)(\.[a-z0-9]{1,10})$/i.exec(plain) ?? [];
  return `${place}-${[...stem].slice(0, MAX_STEM).join("") || "file"}${ending}`;
}

/** File systems count bytes, up to 255, and a character can have four. */
const MAX_STEM = 50;

/** Does the session know that message, and of no file that came with it? */
export function lacksFiles(session: Session, message: string): boolean {
  const { checking, queue, turn, undecided } = session;
  return [...checking, ...(turn?.asks ?? []), ...queue, ...(undecided ? [undecided.ask] : [])].some(lacking(message));
}

const lacking =
  (message: string) =>
  (one: { message: string; files?: Attachment[] }): boolean =>
    one.message === message && !one.files;

/** The files join the message that they came with. An agent that has read it already is told of them. */
export function attached(session: Session, { message, files }: Extract<SessionEvent, { type: "attached" }>): Plan {
  const isIt = lacking(message);
  const complete = <T extends { message: string; files?: Attachment[] }>(all: T[]): T[] =>
    all.map((one) => (isIt(one) ? { ...one, files } : one));
  const { turn, undecided } = session;
  const completed: Session = {
    ...session,
    ...(undecided && isIt(undecided.ask) ? { undecided: { ...undecided, ask: { ...undecided.ask, files } } } : {}),
    checking: complete(session.checking),
    queue: complete(session.queue),
    turn: turn && { ...turn, asks: complete(turn.asks) },
  };
  const read = turn && (turn.phase.is === "sending" || turn.phase.is === "running") ? turn.asks.find(isIt) : undefined;
  return read ? askNow(completed, later(read, files)) : plan(completed);
}

const later = (ask: Ask, files: Attachment[]): Ask => ({ ...ask, id: `${ask.id}f`, text: CAME_LATER, files });
