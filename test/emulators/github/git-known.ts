/**
 * What git has not to be asked: a ref is one line of a file, and what is said of a commit by its id is true for ever. A process for
 * each costs more than all the rest of an answer, because it begins as a copy of the whole program that asks.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** What they say follows from the commits that they are given, which nobody can change. */
const LASTING = new Set(["cat-file", "diff", "log", "ls-tree", "merge-base", "merge-tree", "rev-list", "rev-parse"]);
const ID = /^[0-9a-f]{40}/;
/** One commit, a range of two, a file of one. */
const BY_ID = /^[0-9a-f]{40}(?:\^\{commit\}|\.{2,3}[0-9a-f]{40}|:.*)?$/s;

const said = new Map<string, Promise<string>>();

/** Asks git, unless this very question has had an answer; a refusal is none. */
export function askOnce(directory: string, args: string[], ask: () => Promise<string>): Promise<string> {
  if (!isLasting(args)) return ask();
  const question = JSON.stringify([directory, args]);
  const known = said.get(question);
  if (known) return known;
  const answer = ask();
  said.set(question, answer);
  answer.catch(() => said.delete(question));
  return answer;
}

function isLasting([command = "", ...args]: string[]): boolean {
  if (!LASTING.has(command)) return false;
  const named = args.filter((arg) => !arg.startsWith("-") && !(command === "cat-file" && arg === "blob"));
  if (named.length === 0) return false;
  // The paths of a listing come after its commit.
  return command === "ls-tree" ? ID.test(named[0] ?? "") : named.every((arg) => BY_ID.test(arg));
}

const isId = (name: string): boolean => ID.test(name) && name.length === 40;

/** A name that stands for a ref alone, and not for what lies behind it or was there before. */
const PLAIN_REF = /^refs\/(?!.*(?:\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)))[^\p{Cc} ~^:?*[\\]+[^\p{Cc} ~^:?*[\\/.]$/u;

/** The id that a ref has now; null when there is none, undefined when git has to be asked. */
export async function refOnDisk(directory: string, ref: string): Promise<string | null | undefined> {
  if (!PLAIN_REF.test(ref)) return undefined;
  const loose = (await readOrNull(join(directory, ref)))?.trim();
  if (loose !== undefined) return isId(loose) ? loose : undefined;
  const packed = (await readOrNull(join(directory, "packed-refs")))?.split("\n");
  return packed?.find((line) => line.slice(41) === ref)?.slice(0, 40) ?? null;
}

async function readOrNull(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch {
    // Not there, or a folder of longer names.
    return null;
  }
}
