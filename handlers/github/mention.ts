/**
 * Is this comment addressed to us, and what does it ask? `@threadbox`, `@slug` and `@slug[bot]` count in plain words only, so that nobody
 * starts work by quoting somebody; so does `/threadbox` at the start of a line, as a command (`slash-command.ts`).
 */
import { isInLink, type Piece, plainWords } from "./plain-words.ts";
import { anyOf, commandText, slashPattern, startsLine } from "./slash-command.ts";

/** The whole comment without our name, or what its `/threadbox` asks; null when it names us nowhere. `names` come without the `@`. */
export function findMention(body: string, names: readonly string[]): { text: string } | null {
  const [name, slash] = [namePattern(names), slashPattern(names)];
  if (body.search(name) < 0 && body.search(slash) < 0) return null;
  const words = plainWords(body);
  const named = occurrences(body, name, words).filter(({ start }) => !isInLink(body, start));
  const commands = occurrences(body, slash, words).filter(({ start }) => startsLine(body, start));
  const found = [...named, ...commands].sort((a, b) => a.start - b.start);
  if (found.length === 0) return null;
  const whole = withoutPieces(body, found);
  const [command] = commands;
  if (!command) return { text: whole };
  const part = (from: number, to: number): string =>
    withoutPieces(
      body.slice(from, to),
      found.filter((one) => one.start >= from && one.end <= to).map((one) => moved(one, -from)),
    );
  return { text: commandText({ whole, above: part(0, command.start), said: part(command.end, body.length) }) };
}

/**
 * Before the name nothing that makes it an address, a path or an escape; after it nothing that makes it another name
 * (`@threadbox-dev`, `@threadbox/team`, `@threadbox.dev`). A comma or colon behind it belongs to the salutation. Words of scripts
 * without spaces may stand right beside it.
 */
function namePattern(names: readonly string[]): RegExp {
  const any = anyOf(names);
  const letter = "\\p{sc=Latin}\\p{sc=Cyrillic}\\p{sc=Greek}0-9";
  return new RegExp(
    `(?<![${letter}@/\\\\=])@(?:${any})(?:\\[bot\\])?(?![${letter}/]|[-_.][A-Za-z0-9]|\\[bot)[,:]?[ \\t]*`,
    "giu",
  );
}

/** The letter before a piece counts as well: `foo`@threadbox is a word of its own only for the parser. Once through the text: pieces may be thousands. */
function occurrences(body: string, pattern: RegExp, words: Piece[]): Piece[] {
  const found: Piece[] = [];
  let piece = 0;
  for (const { index: start, 0: said } of body.matchAll(pattern)) {
    while ((words[piece]?.end ?? Number.POSITIVE_INFINITY) <= start) piece += 1;
    if ((words[piece]?.start ?? Number.POSITIVE_INFINITY) <= start) found.push({ start, end: start + said.length });
  }
  return found;
}

const moved = ({ start, end }: Piece, by: number): Piece => ({ start: start + by, end: end + by });

function withoutPieces(body: string, pieces: Piece[]): string {
  let text = "";
  let from = 0;
  for (const piece of pieces) {
    text += body.slice(from, piece.start);
    from = piece.end;
  }
  // Only where such a run begins: tried at each of 65,000 spaces in a row, it took a minute.
  return (text + body.slice(from)).replace(/(?<![ \t])[ \t]+$/gm, "").trim();
}
