/** The names of sandboxes and the labels of snapshots: how people spell them, how they are made up, and what a typed piece of one means. */
import { randomInt } from "node:crypto";
import { ThreadboxError } from "../errors.ts";
import { Refused } from "./failure.ts";

/** What the providers know all our sandboxes by; people may leave it out. */
const PREFIX = "threadbox-";

export const shortName = (name: string): string => (name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name);

const MAX_NAME_CHARACTERS = 40;

/** The provider's name for what a person calls it. Throws where no sandbox can be called that. */
export function fullName(given: string): string {
  const name = shortName(given);
  if (name.length <= MAX_NAME_CHARACTERS && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name)) return PREFIX + name;
  throw new Refused(
    `${JSON.stringify(given)} cannot be the name of a sandbox.`,
    `Use small letters, digits and - between them, at most ${MAX_NAME_CHARACTERS}.`,
  );
}

/** Without a slash: `golden/...` and `fork/...` are labels that are given by Threadbox itself. */
export function checkLabel(label: string): string {
  if (/^[A-Za-z0-9][\w.-]{0,62}$/.test(label)) return label;
  throw new Refused(
    `${JSON.stringify(label)} cannot be the label of a snapshot.`,
    "Use letters, digits, dots, - and _, at most 63.",
  );
}

const HOW =
  "amber brave brisk calm clear early fair fleet gentle green happy keen kind late light lively lucky mild neat noble plain quick quiet ready silver small still sunny swift warm wide wise".split(
    " ",
  );
const WHAT =
  "acorn anchor badger beacon birch bridge brook canyon cedar comet delta falcon fern finch harbor heron island lantern maple marten meadow otter pebble pine raven reef river spruce summit swan thistle willow".split(
    " ",
  );

/** Two words that a person can read and type. */
export const madeUpName = (): string => `${HOW[randomInt(HOW.length)]}-${WHAT[randomInt(WHAT.length)]}`;

/** The one that is called so, or else the only one whose name begins so; null when there is none. Throws `sandbox.ambiguous`. */
export function pick<T>(wanted: string, among: T[], namesOf: (one: T) => string[]): T | null {
  if (wanted === "") return null;
  const exact = among.filter((one) => namesOf(one).includes(wanted));
  const found = exact.length > 0 ? exact : among.filter((one) => namesOf(one).some((name) => name.startsWith(wanted)));
  if (found.length < 2) return found[0] ?? null;
  const names = found.slice(0, NAMED).map((one) => namesOf(one)[0]);
  const more = found.length > NAMED ? ` and ${found.length - NAMED} more` : "";
  throw new ThreadboxError("sandbox.ambiguous", `${JSON.stringify(wanted)} can mean ${names.join(", ")}${more}.`);
}

/** Enough to see which one was meant. */
const NAMED = 5;
