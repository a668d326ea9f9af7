/**
 * The title of a pull request, as a maintainer would write it: what merging it does, in the imperative, on one line. The agent's first
 * sentence says that where it begins with a verb ("Fixed the login"); else the order does, where it may be repeated. Pure.
 */

/** What fits a line of `git log` and of GitHub's lists. */
export const MAX_TITLE_CHARS = 72;

export interface Wording {
  /** The agent's last words, in Markdown. */
  answer: string;
  /** What was asked, and what the issue is called that it was asked on; null where neither may be repeated. */
  order: { text: string; subject?: string | undefined } | null;
  /** Where nothing else can be said. */
  asker: string;
}

export function pullRequestTitle({ answer, order, asker }: Wording): string {
  const { sentence: said, isAboutCode } = firstSentence(answer);
  const candidates = [
    // "`add` subtracted" is no order.
    isAboutCode ? null : imperative(said),
    order && imperative(politelyAsked(order.text)),
    order && oneLine(order.subject ?? order.text.split("\n")[0] ?? ""),
    said,
    `Changes asked for by ${asker}`,
  ];
  return cut(candidates.find((one) => one) ?? "");
}

/** A heading says less than what stands under it; "v1.2" is no end of a sentence. */
function firstSentence(markdown: string): { sentence: string; isAboutCode: boolean } {
  const line = markdown
    .replace(/^\s*(`{3,}|~{3,})[\s\S]*?^\s*\1.*$/gm, "")
    .split("\n")
    .find((one) => one.trim() !== "" && !/^\s*(#|---|\||<|>|!\[)/.test(one));
  const sentences = oneLine((line ?? "").replace(/^\s*(?:[-*+]|\d+[.)])\s+/, "")).split(/(?<=[.!?])\s/);
  const sentence = sentences.find((one) => !/^(?:all )?(?:done|ok|okay|finished)[.!]?$/i.test(one)) ?? "";
  return { sentence: sentence.replace(/[.:]$/, ""), isAboutCode: /^\W*`/.test(line ?? "") };
}

const oneLine = (text: string): string =>
  text
    .replace(/\[([^[\]]+)\]\([^()\s]*\)/g, "$1")
    .replace(/[`*_#>~]/g, "")
    .replace(/\s+/g, " ")
    .trim();

/** "Please" and its like, and whatever stands before an order. */
const politelyAsked = (text: string): string =>
  oneLine(text.split("\n").find((line) => line.trim()) ?? "")
    .replace(/^(?:(?:hi|hey|hello|ok|okay)\b[ ,!]*)?(?:(?:can|could|would|will) you\b ?)?(?:please\b[ ,]*)?/i, "")
    .replace(/[,;]? ?(?:please|thanks|thank you)[.!]?$/i, "")
    .replace(/[.!?]$/, "");

/** What agents begin with before they come to it. */
const PREAMBLE =
  /^(?:(?:done|ok|okay|all done|finished)\b[.:!,—– -]*)?(?:(?:I|we)(?:['’]ve| have)?\b ?)?(?:now |also |just )?/i;

/** In the imperative, when it begins with a verb that we know; null when it does not. */
function imperative(sentence: string): string | null {
  const bare = sentence.replace(PREAMBLE, "");
  const [, first = "", rest = ""] = /^([A-Za-z]+)(:?\s+.*)$/.exec(bare) ?? [];
  const verb = VERBS.get(first.toLowerCase());
  if (!verb || NO_OBJECT.test(rest.trim())) return null;
  return `${verb.charAt(0).toUpperCase()}${verb.slice(1)}${rest}`;
}

/** "Test is green" and "Fixed by itself" begin with something else than an order. */
const NO_OBJECT = /^(?:is|are|was|were|by|has|have|had|will|can|should|now|of)\b/i;

/** Verb, and how its past is made where that is not by rule. */
const KNOWN: readonly (readonly [verb: string, past?: string])[] = [
  ...["add", "adjust", "allow", "avoid", "bump", "cache", "change", "check", "clean", "configure", "convert"],
  ...["correct", "create", "delete", "deprecate", "document", "enable", "disable", "ensure", "explain", "export"],
  ...["extend", "extract", "fix", "handle", "ignore", "implement", "improve", "include", "increase", "inline"],
  ...["introduce", "limit", "log", "merge", "migrate", "move", "optimise", "optimize", "pin", "port", "prevent"],
  ...["reduce", "refactor", "reject", "remove", "rename", "reorder", "replace", "resolve", "restore", "return"],
  ...["revert", "simplify", "sort", "speed", "split", "stop", "support", "switch", "test", "translate", "trim"],
  ...["update", "upgrade", "use", "validate", "verify", "wire", "wrap"],
].map((verb) => [verb] as const);
const IRREGULAR: readonly (readonly [verb: string, past: string])[] = [
  ...([
    ["make", "made"],
    ["rewrite", "rewrote"],
    ["write", "wrote"],
    ["set", "set"],
    ["let", "let"],
  ] as const),
  ...([
    ["keep", "kept"],
    ["build", "built"],
    ["bring", "brought"],
    ["put", "put"],
    ["catch", "caught"],
  ] as const),
  ...([
    ["cut", "cut"],
    ["drop", "dropped"],
    ["give", "gave"],
    ["hide", "hid"],
    ["show", "showed"],
  ] as const),
];

/** Every form that a sentence begins with, to the verb itself. */
const VERBS: ReadonlyMap<string, string> = new Map(
  [...KNOWN, ...IRREGULAR].flatMap(([verb, past = pastOf(verb)]) =>
    [verb, past].map((form): [string, string] => [form, verb]),
  ),
);

/** "stopped", "tried", "moved", "fixed". */
function pastOf(verb: string): string {
  if (verb.endsWith("e")) return `${verb}d`;
  if (/[^aeiou]y$/.test(verb)) return `${verb.slice(0, -1)}ied`;
  if (/^(?:stop|pin|log|trim|wrap|drop|split)$/.test(verb)) return verb === "split" ? verb : `${verb}${verb.at(-1)}ed`;
  return `${verb}ed`;
}

/** Between words, and never half a character. */
function cut(title: string): string {
  if (title.length <= MAX_TITLE_CHARS) return title;
  const room = title.slice(0, MAX_TITLE_CHARS - 1).replace(/[\ud800-\udbff]$/, "");
  const words = room.replace(/\s+\S*$/, "");
  // A line without a space near its end is cut where it is.
  return `${(words.length > MAX_TITLE_CHARS / 2 ? words : room).replace(/[\s,;:–—-]+$/, "")}…`;
}
