/**
 * The moments between which a bot can die, by name. What it has done up to one of them stands in the database or on the other
 * side, or is done again by the next bot. A test kills it at every one of them (`test/chaos`); a new effect has its steps here
 * by itself, and is missed there until somebody says how it comes about.
 */
import { type Effect, LANE } from "../core/decision.ts";

/** All effects, in no order that means anything. */
export const EFFECTS = Object.keys(LANE) as Effect["do"][];

const OF_AN_EFFECT = [
  /** It is written down that it may have happened; nothing went out yet. */
  "begun",
  /** The other side has done it; that is not written down. */
  "sent",
  /** Written down, with what it meant for the session. */
  "recorded",
] as const;

const OTHERS = [
  /** What came in is committed; whoever sent it is not answered yet. */
  "inbound.stored",
  "session.claimed",
  /** Nothing is left to do, and the session is given back. */
  "session.released",
  /** The machine runs; the daemon is not in it yet. */
  "sandbox.started",
  /** The daemon has credentials and repository, and not the words. */
  "sandbox.prepared",
  /** The progress message: written down that it may be there, posted, its name written down. */
  "progress.begun",
  "progress.sent",
  "progress.recorded",
  /** An event of the daemon was heard, and is not stored. */
  "stream.read",
  "stream.stored",
  /** The daemon's last word on a turn was heard, and is not stored. */
  "stream.ended",
] as const;

export type Step = `${Effect["do"]}.${(typeof OF_AN_EFFECT)[number]}` | (typeof OTHERS)[number];

/** Called at each of them, before anything else is done. Nothing in a bot that runs; a test dies in it. */
export type Reached = (step: Step) => void;

export const STEPS: Step[] = [
  ...OTHERS,
  ...EFFECTS.flatMap((effect) => OF_AN_EFFECT.map((moment): Step => `${effect}.${moment}`)),
];
