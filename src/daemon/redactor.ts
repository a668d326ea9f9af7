/** Takes every credential value that the daemon was ever given out of what is written to the journal and to the log. */

const CENSOR = "[secret]";
/** Shorter values ("main", "8080") would blank ordinary words. */
const SHORTEST_SECRET = 8;
/** Tokens are replaced about hourly; the old ones may still turn up in what a tool prints. */
const MAX_SECRETS = 500;
/** So few first characters of a secret tell nothing, and holding text back for them would only make the stream jerky. */
const SHORTEST_HELD = 4;

export interface Redactor {
  learn(secret: string | undefined): void;
  blank(text: string): string;
  /** How many characters at the end may be the beginning of a secret whose rest has not come yet. */
  heldTail(text: string): number;
}

export function createRedactor(): Redactor {
  const secrets = new Set<string>();
  let pattern: RegExp | null = null;
  return {
    learn(secret) {
      if (secret === undefined || secret.length < SHORTEST_SECRET) return;
      for (const form of formsOf(secret)) secrets.add(form);
      const [oldest] = secrets;
      if (secrets.size > MAX_SECRETS && oldest !== undefined) secrets.delete(oldest);
      pattern = patternOf([...secrets]);
    },
    blank: (text) => (pattern ? text.replace(pattern, CENSOR) : text),
    heldTail: (text) => Math.max(0, ...[...secrets].map((secret) => overlap(text, secret))),
  };
}

/** As it is, and as it stands in JSON text (our events) and in JSON inside JSON text (the input of a tool in our events). */
function formsOf(secret: string): string[] {
  const once = JSON.stringify(secret).slice(1, -1);
  const twice = JSON.stringify(once).slice(1, -1);
  return [secret, once, twice];
}

/** Longest first, so that a secret that contains another one is blanked whole. */
function patternOf(secrets: string[]): RegExp {
  const escaped = secrets.sort((a, b) => b.length - a.length).map((s) => s.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(escaped.join("|"), "g");
}

/** Length of the longest end of `text` that is a true beginning of `secret`. */
function overlap(text: string, secret: string): number {
  for (let length = Math.min(text.length, secret.length - 1); length >= SHORTEST_HELD; length--) {
    if (text.endsWith(secret.slice(0, length))) return length;
  }
  return 0;
}
