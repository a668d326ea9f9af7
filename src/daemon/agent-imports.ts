/**
 * Agent configuration can name other files that an agent reads as part of it: `@docs/rules.md` in a CLAUDE.md or GEMINI.md, `instructions`
 * and `{file:…}` in an opencode.json. Under the veil those would be a stranger's. So what the base's configuration names is laid beside it as the base
 * has it, in a folder that counts as configuration itself, and the names lead there; the work tree's own files stay the stranger's, which are what
 * is worked on. Pure.
 */
import { posix } from "node:path";
import { type Entry, isAgentConfig, LINK } from "./agent-config.ts";

/** Below a name of `AGENT_CONFIG`, so it is lifted with the rest. */
export const FROM_BASE = ".claude/from-base";

/** More than any configuration names; beyond it somebody makes us work. */
const MAX_COPIES = 1_000;
const FILE = /^100/;
const TEXT = /\.(?:md|mdc|mdx|txt)$/i;
const OPENCODE = /^opencode\.jsonc?$/i;

/** Those whose text may name others. */
export const namesOthers = ({ path, mode }: Entry): boolean =>
  FILE.test(mode) && isAgentConfig(path) && (/\.(?:md|mdc)$/i.test(path) || OPENCODE.test(posix.basename(path)));

export interface Imports {
  /** Files of the base under their new place. */
  copies: Entry[];
  /** Configuration whose names lead there now. */
  rewritten: { entry: Entry; text: string }[];
}

/** `texts`: of the base's configuration, by path, and of what that names, as far as it is asked for (`wants`). */
export function imported(
  base: Entry[],
  ours: Entry[],
  texts: ReadonlyMap<string, string>,
): Imports & { wants: Entry[] } {
  const files = new Map(base.filter(({ mode }) => FILE.test(mode)).map((entry) => [entry.path, entry]));
  const there = new Set(ours.map(({ path }) => path));
  const copies = new Map<string, Entry>();
  const wants: Entry[] = [];
  const take = (path: string): void => {
    const entry = files.get(path);
    if (!entry || copies.has(path) || copies.size >= MAX_COPIES) return;
    copies.set(path, entry);
    if (!TEXT.test(path)) return;
    const text = texts.get(path);
    if (text === undefined) wants.push(entry);
    // In its new place its names lead to what lies there: nothing in it has to change.
    else for (const { target } of importsIn(text, path, (one) => files.has(one))) take(target);
  };
  const rewritten = base.filter(namesOthers).flatMap((entry) => {
    const before = texts.get(entry.path) ?? "";
    const text = OPENCODE.test(posix.basename(entry.path))
      ? ofOpencode(before, entry.path, (prefix) => {
          for (const path of files.keys())
            if (path === prefix || (path.startsWith(prefix) && TEXT.test(path))) take(path);
        })
      : ofMarkdown(before, entry.path, (one) => files.has(one) || there.has(one), take);
    return text === before ? [] : [{ entry, text }];
  });
  return {
    copies: [...copies.values()].map((one) => ({ ...one, path: `${FROM_BASE}/${one.path}` })),
    rewritten,
    wants,
  };
}

/** `@` and a path, not an address of mail; what stands behind a sentence belongs to the sentence. */
const IMPORT = /(?<![\w@])@((?:\.{0,2}\/)?[\w.][^\s@()`"'<>,;]*)/g;

interface Import {
  at: number;
  said: string;
  target: string;
}

function importsIn(text: string, from: string, isThere: (path: string) => boolean): Import[] {
  return [...text.matchAll(IMPORT)].flatMap((match) => {
    const said = (match[1] ?? "").replace(/[.:!?]+$/, "");
    // Commands and rules in a folder of configuration name things from the root.
    const target = [posix.dirname(from), "."]
      .map((dir) => inside(dir, said))
      .find((one) => one !== null && isThere(one));
    return target ? [{ at: match.index + 1, said, target }] : [];
  });
}

function ofMarkdown(
  text: string,
  from: string,
  isThere: (path: string) => boolean,
  take: (path: string) => void,
): string {
  let led = "";
  let end = 0;
  for (const { at, said, target } of importsIn(text, from, isThere)) {
    if (isAgentConfig(target)) continue; // the base's in any case
    take(target);
    led += text.slice(end, at) + placeOf(target, from);
    end = at + said.length;
  }
  return led + text.slice(end);
}

function ofOpencode(text: string, from: string, take: (prefix: string) => void): string {
  const lead = (said: string): string => {
    if (/^(?:\w+:\/\/|~|\/)/.test(said)) return said;
    const target = inside(posix.dirname(from), said);
    if (target === null) return "";
    const [literal = ""] = target.split(/[*?[{]/);
    take(literal === target ? target : literal.slice(0, literal.lastIndexOf("/") + 1));
    return placeOf(target, from);
  };
  return text
    .replace(/("instructions"\s*:\s*\[)([^\]]*)/g, (_all, head: string, list: string) => {
      return head + list.replace(/"([^"\n]*)"/g, (_one, said: string) => `"${lead(said)}"`);
    })
    .replace(/\{file:([^}\n]+)\}/g, (_all, said: string) => `{file:${lead(said.trim())}}`);
}

const placeOf = (target: string, from: string): string => posix.relative(posix.dirname(from), `${FROM_BASE}/${target}`);

/** Null: out of the repository. */
function inside(dir: string, said: string): string | null {
  if (said.startsWith("/") || said.startsWith("~")) return null;
  const path = posix.normalize(posix.join(dir, said));
  return path === ".." || path.startsWith("../") || path === "." ? null : path;
}

/** What goes into the veil: the base's entries with these in their place. `shaOf`: of a rewritten text. */
export function withImports(base: Entry[], { copies, rewritten }: Imports, shaOf: (path: string) => string): Entry[] {
  const changed = new Set([...rewritten.map(({ entry }) => entry.path), ...copies.map(({ path }) => path)]);
  const kept = base.filter(({ path, mode }) => !changed.has(path) || mode === LINK);
  return [...kept, ...copies, ...rewritten.map(({ entry }) => ({ ...entry, sha: shaOf(entry.path) }))];
}
