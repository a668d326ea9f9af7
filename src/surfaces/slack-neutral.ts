/** Text that an agent or a stranger wrote, made harmless before it stands in Slack under our name: it pings nobody, and shows no token. */
import { blankTokens } from "../wire/secrets.ts";
import { splitAtCode } from "./markdown-code.ts";

/**
 * The same Markdown to the eye: `<!channel>`, `<!subteam^…>` and `<@U…>` are broken everywhere, because Slack reads them in code too,
 * and a bare `@here` outside code only, because `npm install @here/maps` is there to be copied. People can still read whom it named.
 */
export function neutralise(markdown: string): string {
  const text = blankTokens(markdown).replace(PINGING_TOKEN, (_all, group, team, user, label) => {
    const name = (label ?? group ?? team ?? user).replace(/^@/, "");
    return `@${BREAK}${name}`;
  });
  if (text.search(BARE_MASS_MENTION) < 0) return text;
  return splitAtCode(text)
    .map((part) => (part.code ? part.text : part.text.replace(BARE_MASS_MENTION, `@${BREAK}$1`)))
    .join("");
}

/** Breaks a name for Slack; people do not see it. */
const BREAK = "\u200b";

/** Also in its escaped spelling, which a renderer of Markdown turns back into the live one. */
const PINGING_TOKEN =
  /(?:<|&lt;)(?:!(channel|here|everyone|group)|!subteam\^(\w+)|@([UW]\w+))(?:\|([^<>&\n]*))?(?:>|&gt;)/gi;

/** Not in an address (`a@here.com`), not the head of another word (`@heretic`). Too many rather than too few. */
const BARE_MASS_MENTION = /(?<![\w@/])@(channel|here|everyone)\b/gi;
