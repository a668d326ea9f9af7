/**
 * Somebody chooses another repository while nothing of the work has left the sandbox: what was asked begins anew there, in a session of
 * its own, so that no file, no branch and no word of the first one gets into it. Each ask goes along in its author's name.
 */
import { spelled } from "./command.ts";
import { threadKey } from "./correlation.ts";
import { stop } from "./decide-turn.ts";
import { type Plan, plan, then } from "./plan.ts";
import type { Ask, Mention, Ms, NewMention, Person, Session, Thread } from "./types.ts";

/** Until something is pushed or a turn is over. On GitHub a thread stands in its repository, and stays there; so does a fork. */
export function isChangeable({ work, last, pullRequest, pushed, threads, turn, forkOf }: Session): boolean {
  const [thread, ...others] = threads;
  if (!work || !thread || thread.surface === "github" || others.length > 0) return false;
  if (last !== null || pullRequest !== null || pushed || forkOf) return false;
  return turn?.phase.is !== "stopping" && turn?.phase.is !== "publishing";
}

export interface Change {
  /** Name of the repository. */
  repository: string;
  mention: Mention;
  by: Person;
  /** What is asked with it. */
  ask: Ask | null;
}

/** What runs is stopped, and asked again for the other repository, with what waited behind it. */
export function changed(session: Session, { repository, mention, by, ask }: Change, now: Ms): Plan {
  const { about: _about, files: _files, ...chosenBy } = mention;
  const { turn, queue } = session;
  const moved: Session = { ...session, queue: [], moved: { mention: chosenBy, repository } };
  const asked = [...(turn?.asks ?? []), ...(ask ? [ask] : [])];
  const again = [
    ...asked.map((one) => askedAgain(moved, one, false)),
    ...queue.map((one) => askedAgain(moved, one, true)),
  ];
  const who = { ...by, name: `${by.name}, who chose ${repository}` };
  // Whenever it was said: nothing was asked after it that would not go along.
  const stopped = stop(moved, { thread: mention.thread, by: who, at: Number.MAX_SAFE_INTEGER }, now);
  return then(stopped, (current) =>
    plan(
      { ...current, threads: [] },
      // The asks bring their own words, so nothing is said anew in the name of whoever chose.
      { do: "leave", mention: chosenBy, anew: "", again },
    ),
  );
}

/** What was on its way to this session when the thread went on in another one follows it there. Null where it did not. */
export function follows(session: Session, thread: Thread, asked: Ask | Mention): Plan | null {
  const { moved } = session;
  if (!moved || threadKey(moved.mention.thread) !== threadKey(thread)) return null;
  const again = "dedupe" in asked ? saidAgain(moved, asked) : askedAgain(session, asked, false);
  return plan(session, { do: "leave", mention: moved.mention, anew: "", again: [again] });
}

/** By the same name each time, so that it is asked once there however often it is told. */
const dedupeOf = ({ mention }: NonNullable<Session["moved"]>, id: string): string => `${mention.dedupe}/moved/${id}`;

function saidAgain(moved: NonNullable<Session["moved"]>, { id, lookup: _, ...mention }: Mention): NewMention {
  return { ...mention, dedupe: dedupeOf(moved, id), addressed: true };
}

function askedAgain({ moved, agent, model }: Session, ask: Ask, later: boolean): NewMention {
  const { id, late: _, mends: _mends, thread, text, ...rest } = ask;
  const repo = moved ? { repo: moved.repository } : {};
  const options = { ...repo, ...(agent ? { agent } : {}), ...(model ? { model } : {}) };
  return {
    ...rest,
    thread,
    dedupe: moved ? dedupeOf(moved, id) : id,
    keys: [threadKey(thread)],
    text: spelled(text, options, later),
    addressed: true,
  };
}
