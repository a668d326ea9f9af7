/** Words of ours in GitHub's Markdown: facts in a line, links, and code that holds any text. Pure. */
import { blankTokens } from "../wire/secrets.ts";
import { withoutMarkers } from "./github-pull-parts.ts";

export const line = (facts: (string | null | false | undefined)[]): string => facts.filter(Boolean).join(" · ");

export const link = (text: string, url: string): string => `[${text}](${url.replace(/[\s()<>]/g, percentEncoded)})`;
const percentEncoded = (letter: string): string => `%${letter.charCodeAt(0).toString(16).padStart(2, "0")}`;

/** A code span that holds any text, backticks too, on one line; in code nothing pings and nothing renders. */
export function code(text: string): string {
  const flat = withoutMarkers(blankTokens(text.replace(/\s+/g, " ").trim())) || "…";
  const longest = Math.max(0, ...[...flat.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const ticks = "`".repeat(longest + 1);
  return longest === 0 ? `${ticks}${flat}${ticks}` : `${ticks} ${flat} ${ticks}`;
}
