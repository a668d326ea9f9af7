/**
 * Takes credentials out of what is written to the journal and to the log: every value that the daemon was ever given, in every spelling,
 * and whatever looks like one (`wire/secrets.ts`).
 */
import { blankTokens, CENSOR, formsOf, heldForLook, patternOf } from "../wire/secrets.ts";

/** Shorter values ("main", "8080") would blank ordinary words. */
const SHORTEST_SECRET = 8;
/** A password such as `password` would hold up every push; what is given out by machines is longer. */
const SHORTEST_UNPUSHABLE = 16;
/** Two tokens an hour at most; the old ones may still turn up in what a tool prints. */
const MAX_SECRETS = 100;
/** So few first characters of a secret tell nothing, and holding text back for them would only make the stream jerky. */
const SHORTEST_HELD = 4;

export interface Redactor {
  learn(secret: string | undefined): void;
  blank(text: string): string;
  /** How many characters at the end may be the beginning of a secret whose rest has not come yet. */
  heldTail(text: string): number;
  /** Every spelling of every value that must not be pushed. */
  unpushable(): string[];
}

export function createRedactor(): Redactor {
  const secrets = new Map<string, string[]>();
  let pattern: RegExp | null = null;
  return {
    learn(secret) {
      if (secret === undefined || secret.length < SHORTEST_SECRET) return;
      const known = secrets.get(secret);
      // Said again it is in use, and not the first to be forgotten: a model's key is older than a hundred tokens.
      secrets.delete(secret);
      secrets.set(secret, known ?? formsOf(secret));
      if (known) return;
      const [oldest] = secrets.keys();
      if (secrets.size > MAX_SECRETS && oldest !== undefined) secrets.delete(oldest);
      pattern = patternOf([...secrets.values()].flat());
    },
    blank: (text) => blankTokens(pattern ? text.replace(pattern, CENSOR) : text),
    heldTail: (text) =>
      Math.max(heldForLook(text), ...[...secrets.values()].flat().map((secret) => overlap(text, secret))),
    unpushable: () => [...secrets].flatMap(([secret, forms]) => (secret.length >= SHORTEST_UNPUSHABLE ? forms : [])),
  };
}

/** Length of the longest end of `text` that is a true beginning of `secret`. */
function overlap(text: string, secret: string): number {
  const last = text.at(-1);
  for (let length = Math.min(text.length, secret.length - 1); length >= SHORTEST_HELD; length--) {
    if (secret[length - 1] === last && text.endsWith(secret.slice(0, length))) return length;
  }
  return 0;
}
