/**
 * Whom a message speaks to. A mention counts where it was meant: not in code, not in a quote, and not when the message begins by speaking
 * to somebody else. Works on Slack's mrkdwn, where a mention is `<@U123>` or `<@U123|name>` and `>` is written `&gt;`.
 */
import { plainText } from "../../src/surfaces/slack-text.ts";

export interface Address {
  /** `quoted`: our name stands only where it speaks to nobody. */
  us: "mentioned" | "quoted" | "absent";
  /** It begins with the name of another person or bot. */
  toSomebodyElse: boolean;
  /** As the person saw it, our name taken out. */
  text: string;
}

export function addressOf(mrkdwn: string, us: { userId: string; name: string }): Address {
  const ours = new RegExp(`<@${us.userId}(?:\\|[^>]*)?>`, "g");
  const inText = blanked(mrkdwn, CODE);
  const spoken = QUOTES.reduce(blanked, inText);
  // Typed without choosing us from the list, it is mere text to Slack; whoever begins a message so means us all the same.
  const typed = new RegExp(`^\\s*@${escaped(us.name)}(?![\\w-]|\\.\\w)`, "i").exec(spoken)?.[0] ?? "";
  const isMentioned = typed !== "" || spoken.match(ours) !== null;
  const first = /^\s*<@([UW]\w+)/.exec(spoken)?.[1];
  return {
    us: isMentioned ? "mentioned" : mrkdwn.match(ours) ? "quoted" : "absent",
    toSomebodyElse: first !== undefined && first !== us.userId,
    text: withoutName(mrkdwn, inText, { ours, typedChars: typed.length }),
  };
}

const CODE = /```[\s\S]*?```|`[^`\n]+`/g;
/** `>>>` quotes everything that follows. */
const QUOTES = [/^&gt;&gt;&gt;[\s\S]*/gm, /^&gt;.*$/gm];

/** Spaces instead, so that every offset stays where it is. */
const blanked = (text: string, what: RegExp): string => text.replace(what, (found) => found.replace(/[^\n]/g, " "));

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Where the blanks begin that end at `end`. A pattern looks at every run of blanks anew: minutes, for a message that was made so. */
function endOfWords(text: string, end: number): number {
  let at = end;
  while (text[at - 1] === " " || text[at - 1] === "\t") at--;
  return at;
}

function withoutName(mrkdwn: string, inText: string, what: { ours: RegExp; typedChars: number }): string {
  let text = mrkdwn;
  for (const { index, 0: token } of [...inText.matchAll(what.ours)].reverse()) {
    const before = text.slice(0, endOfWords(text, index));
    const after = text.slice(index + token.length);
    // "ask <@us> to fix" loses one of its two spaces; "<@us>: fix" loses the colon too.
    text = before === "" ? after.replace(/^[ \t]*[,:;]?[ \t]*/, "") : before + after;
  }
  return plainText(text.slice(what.typedChars).replace(what.typedChars > 0 ? /^[,:;]?\s*/ : /^\s*/, "")).trim();
}
