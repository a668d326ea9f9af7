/**
 * What a credential looks like: one table for the daemon, which blanks what leaves the sandbox, and for the bot, which blanks what it
 * posts. By its look a token is known that nobody told us of; by its value (`formsOf`) every other one, in the spellings that tools use.
 */

export const CENSOR = "[secret]";

interface Format {
  /** Whose it is. */
  name: string;
  /** How it begins; what stands at the end of a text may be the beginning of one. */
  begins: readonly string[];
  /** The whole of it, as the source of a pattern. */
  pattern: string;
}

/**
 * GitHub's: forty characters, or since 2026 for installations about 520, `ghs_<app>_<JWT>`, with the dots and dashes of base64url. So no
 * length is taken for granted, but the least.
 */
export const FORMATS: readonly Format[] = [
  {
    name: "GitHub",
    begins: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
    pattern: "gh[pousr]_[A-Za-z0-9._-]{36,}",
  },
  { name: "GitHub, fine-grained", begins: ["github_pat_"], pattern: "github_pat_[A-Za-z0-9_]{22,}" },
  { name: "Slack", begins: ["xox"], pattern: "xox[a-z](?:\\.xox[a-z])?-[A-Za-z0-9-]{10,}" },
  { name: "Slack, of the app", begins: ["xapp-"], pattern: "xapp-[A-Za-z0-9-]{10,}" },
  { name: "Slack, refreshing", begins: ["xoxe-"], pattern: "xoxe-[A-Za-z0-9-]{10,}" },
  { name: "Anthropic and OpenAI", begins: ["sk-"], pattern: "sk-[A-Za-z0-9_-]{20,}" },
  { name: "Modal", begins: ["ak-", "as-"], pattern: "a[ks]-[A-Za-z0-9]{22}(?![A-Za-z0-9_-])" },
  {
    name: "JWT",
    begins: ["eyJ"],
    pattern: "eyJ[A-Za-z0-9_-]{10,}\\.eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}",
  },
];

/** Its lines may be broken as they are, or as JSON spells that, once or twice; quotes end it, so that it never eats JSON around it. Five dashes end it too, or
 * thousands of beginnings would each be followed as far as that. */
const PEM =
  "-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY-----(?:[A-Za-z0-9+/=:, \\t\\r\\n]|-(?!----)|\\\\+[nr]){0,20000}-----END (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY-----";

/** Not inside a longer word, though a dash or an escaped line end may stand in front. */
const LOOKS = new RegExp(
  `(?:(?<![A-Za-z0-9_])|(?<=\\\\[nrt]))(?:${FORMATS.map(({ pattern }) => pattern).join("|")})|${PEM}`,
  "g",
);

/** Without everything that looks like a credential, whoever it belongs to. */
export const blankTokens = (text: string): string => text.replace(LOOKS, CENSOR);

/** The characters that a token is made of, up to the end of the text. Longer ones than this nobody gives out. */
const LAST_WORD = /(?<![A-Za-z0-9_])[A-Za-z0-9_][A-Za-z0-9._-]{0,2000}$/;

/** How many characters at the end may be the beginning of something that looks like a credential. */
export function heldForLook(text: string): number {
  const word = LAST_WORD.exec(text.slice(-2_002))?.[0] ?? "";
  return BEGINNINGS.some((begins) => word.startsWith(begins) || begins.startsWith(word)) ? word.length : 0;
}
const BEGINNINGS = FORMATS.flatMap(({ begins }) => begins);

/** Shorter spellings are found in words that have nothing to do with it. */
const SHORTEST_FORM = 8;

/**
 * A value in the spellings in which tools print it: as it is, in JSON text and in JSON inside JSON text, in a URL, in hexadecimal, and
 * in base64 at each of the three places where it can begin inside of a longer one (`user:password`, say).
 */
export function formsOf(secret: string): string[] {
  const once = JSON.stringify(secret).slice(1, -1);
  const twice = JSON.stringify(once).slice(1, -1);
  const encoded = [urlForm(secret), Buffer.from(secret).toString("hex"), ...base64Forms(secret)];
  return [...new Set([secret, once, twice, ...encoded])].filter((form) => form.length >= SHORTEST_FORM);
}

/** A value that is half of one surrogate pair cannot stand in a URL. */
function urlForm(secret: string): string {
  return encodeURIComponent(secret.toWellFormed());
}

/** Without the characters at both ends that depend on what stands beside it; in both alphabets. */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const forms = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const start = before === 0 ? 0 : before + 1;
    const end = (before + bytes.length) % 3 === 0 ? text.length : text.length - 1;
    return text.slice(start, end);
  });
  return forms.flatMap((form) => [form, form.replaceAll("+", "-").replaceAll("/", "_")]);
}

/** Longest first, so that a secret that contains another one is blanked whole. */
export function patternOf(secrets: string[]): RegExp {
  const escaped = secrets.sort((a, b) => b.length - a.length).map((s) => s.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(escaped.join("|"), "g");
}

/** Takes these values out of a text, in every spelling; undefined where there are none. */
export function blankerOf(values: readonly string[]): ((text: string) => string) | undefined {
  if (values.length === 0) return undefined;
  const pattern = patternOf(values.flatMap(formsOf));
  return (text) => text.replace(pattern, CENSOR);
}
