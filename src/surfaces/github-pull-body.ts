/**
 * The text of a pull request, as a maintainer would want it: what was done and why, how it was verified, who asked for it, and the way to
 * more. Each of these is a part that later turns rewrite, as long as nobody else has (`github-pull-parts.ts`). Pure.
 */
import type { Person, TestOutcome } from "../core/types.ts";
import { count, outcomeWord } from "./figures.ts";
import type { PullRequestDraft, PullRequestTurn } from "./forge.ts";
import { neutralise, neutraliseLine, shortened } from "./github-neutral.ts";
import { markedPart } from "./github-pull-parts.ts";
import { filledTemplate } from "./github-pull-template.ts";
import { code, link } from "./github-words.ts";

/** Of the 65,536 characters that GitHub takes; a template and what people write beside it need room as well. */
const MAX_WHAT_CHARS = 30_000;
/** A line or two of each later turn; its own answer says the rest. */
const MAX_LATER_CHARS = 300;
/** What a reviewer reads. Of more than that, those before are counted. */
const MAX_LATER = 20;
/** More than these are a crowd. */
const MAX_REQUESTERS = 10;

/** `url` is GitHub's own address, for links to people. */
export function bodyOf(draft: PullRequestDraft, template: string | null, url: string): string {
  const parts = partsOf(draft, url);
  const part = (name: string): string => {
    const text = parts.get(name);
    return text === undefined ? "" : markedPart(name, text);
  };
  const verified = parts.has("tests") ? { bare: part("tests"), headed: part("verified") } : null;
  return filledTemplate(template, { what: part("what"), verified, about: part("about") });
}

/** By their names: what each says now. One of `tests` (below a heading of a template) and `verified` stands in a pull request. */
export function partsOf(draft: PullRequestDraft, url: string): ReadonlyMap<string, string> {
  const tests = draft.tests === undefined ? null : testLines(draft.tests);
  return new Map([
    ["what", whatText(draft)],
    ...(tests === null
      ? []
      : ([
          ["tests", tests],
          ["verified", `### How it was verified\n\n${tests}`],
        ] as const)),
    ["about", aboutText(draft, url)],
  ]);
}

function whatText({ body, later = [] }: PullRequestDraft): string {
  const first = neutralise(shortened(body, MAX_WHAT_CHARS)) || "The agent said nothing about it.";
  if (later.length === 0) return first;
  const shown = later.slice(-MAX_LATER);
  const hidden = later.length - shown.length;
  const more = hidden > 0 ? [`- ${count(hidden, "earlier turn")}`] : [];
  return [first, "**Since then**", [...more, ...shown.map(laterLine)].join("\n")].join("\n\n");
}

function laterLine({ by, answer, commit }: PullRequestTurn): string {
  const [paragraph = ""] = answer
    .trim()
    .split(/\n\s*\n/)
    .filter((one) => !/^\s*#/.test(one));
  const said = neutraliseLine(shortened(paragraph.replace(/\s+/g, " "), MAX_LATER_CHARS)) || "(without a word)";
  // Escaped at its beginning it begins no list, heading or quote of its own.
  const inLine = said.replace(/^(?=[-+*#>])/, "\\");
  return `- ${commit ? `${commit.slice(0, 7)} ` : ""}${inLine} (asked for by ${neutraliseLine(by)})`;
}

function testLines(tests: TestOutcome[] | null): string {
  if (tests === null) return "It is not known whether tests were run.";
  if (tests.length === 0) return "No tests were run.";
  return tests.map(({ command, ok }) => `- ${code(command)} ${outcomeWord(ok)}`).join("\n");
}

function aboutText({ requestedBy, asked, page, closes }: PullRequestDraft, url: string): string {
  const who = (requestedBy ?? []).slice(0, MAX_REQUESTERS).map((person) => nameOf(person, url));
  const source = asked ? ` (${link("where it was asked", asked)})` : "";
  const requested = who.length > 0 ? `Requested by ${who.join(", ")}${source}. ` : "";
  const session = page ? `${link("What the agent did", page)}. ` : "";
  return [
    "---",
    `${requested}${session}Comment here, and the same session goes on.`,
    closes === undefined ? "" : `Fixes #${closes}`,
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** Whoever asked is pinged by the answer; here their name is only a way to them. Of people elsewhere the name is all that is told. */
function nameOf({ surface, name }: Person, url: string): string {
  const isLogin = surface === "github" && /^[A-Za-z0-9-]{1,100}$/.test(name);
  if (isLogin) return link(`@\u200b${name}`, `${url}/${name}`);
  return `${neutraliseLine(name)}${surface === "slack" ? " via Slack" : ""}`;
}
