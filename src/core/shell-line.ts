/**
 * A command line as a shell takes it apart: commands, and what joins them. Not a shell: what it does not know stays in the words, and whoever
 * asks for the outcome of one command among several gets no answer rather than a wrong one.
 */

/** A word as it was written, and without its quotes. */
export interface Word {
  raw: string;
  value: string;
}

export type Joint = "&&" | "||" | "|" | ";" | "&";

export interface ShellCommand {
  /** Without redirections. */
  words: Word[];
  /** What stands between this command and the next one; null after the last. */
  joint: Joint | null;
}

/** The commands of a line, or of several. Documents that stand in them (`<<EOF`) are not among them. */
export function commandsOf(line: string): ShellCommand[] {
  const commands: ShellCommand[] = [];
  let words: Word[] = [];
  let skipsNext = false;
  for (const token of tokensOf(withoutDocuments(line.replace(/\\\n/g, " ")))) {
    if (token.is === "word") {
      if (!skipsNext && token.raw !== "{" && token.raw !== "}") words.push({ raw: token.raw, value: token.value });
      skipsNext = false;
    } else if (token.is === "redirection") {
      skipsNext = true;
    } else {
      const last = commands.at(-1);
      if (words.length > 0) commands.push({ words, joint: token.joint });
      // Of `a; \n b` and `(a) ;` the first joint counts, unless the second one says more.
      else if (last && token.joint !== ";") last.joint = token.joint;
      words = [];
      skipsNext = false;
    }
  }
  if (words.length > 0) commands.push({ words, joint: null });
  const last = commands.at(-1);
  if (last && last.joint !== "&") last.joint = null;
  return commands;
}

type Token = { is: "word"; raw: string; value: string } | { is: "redirection" } | { is: "joint"; joint: Joint };

/** One pattern for each kind of piece, tried in this order; every character is some piece. */
const PIECE =
  /(?<space>[ \t\r]+|(?<=^|\s)#[^\n]*)|(?<redirection>\d*(?:&>>?|<<<|[<>]&|>>|>\||<>|[<>]))|(?<joint>&&|\|\||\|&|[|;&\n])|(?<paren>[()])|(?<single>'[^']*'?)|(?<double>"(?:[^"\\]|\\[\s\S])*"?)|(?<escaped>\\[\s\S])|(?<inserted>\$\((?:[^()]|\([^()]*\))*\)|`[^`]*`)|(?<plain>[^\s|;&<>()'"\\`$\d#]+|[\s\S])/g;

function* tokensOf(line: string): Generator<Token> {
  let pieces: Word[] = [];
  for (const { 0: raw, groups: piece = {} } of line.matchAll(PIECE)) {
    if (piece.space || piece.paren || piece.joint || piece.redirection) {
      if (pieces.length > 0) yield wordOf(pieces);
      pieces = [];
      if (piece.redirection) yield { is: "redirection" };
      if (piece.joint) yield { is: "joint", joint: JOINTS[piece.joint] ?? ";" };
      continue;
    }
    pieces.push({ raw, value: unquoted(raw, piece) });
  }
  if (pieces.length > 0) yield wordOf(pieces);
}

const wordOf = (pieces: Word[]): Token => ({
  is: "word",
  raw: pieces.map(({ raw }) => raw).join(""),
  value: pieces.map(({ value }) => value).join(""),
});

const JOINTS: Record<string, Joint> = { "&&": "&&", "||": "||", "|": "|", "|&": "|", "&": "&" };

function unquoted(raw: string, { single, double, escaped }: Record<string, string | undefined>): string {
  if (single) return single.slice(1, single.endsWith("'") && single.length > 1 ? -1 : undefined);
  if (double) return double.replace(/^"|"$/g, "").replace(/\\(["\\$`])/g, "$1");
  return escaped ? escaped.slice(1) : raw;
}

/** `cat > run.sh <<EOF` writes what stands below it, and does not run it. */
function withoutDocuments(line: string): string {
  const kept: string[] = [];
  let until: string | null = null;
  for (const one of line.split("\n")) {
    if (until !== null) {
      if (one.trim() === until) until = null;
      continue;
    }
    const [all, , word] = /(?<!<)<<-?\s*(['"]?)(\w+)\1/.exec(one) ?? [];
    kept.push(all ? one.replace(all, "") : one);
    until = word ?? null;
  }
  return kept.join("\n");
}
