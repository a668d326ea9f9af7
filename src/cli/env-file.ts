/**
 * Writes variables into `.env` as a careful person would: every other line stays what and where it is, nobody but the owner may read it,
 * and it is the old file or the new one, never half of one.
 */
import { randomBytes } from "node:crypto";
import { lstat, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseEnv } from "node:util";
import { Refused } from "./failure.ts";

const OWNER_ONLY = 0o600;

/** What stands in the file. An absent one is empty. Throws where it is no plain file: then nobody knows what would be written to. */
export async function readEnvFile(path: string): Promise<Record<string, string | undefined>> {
  return parseEnv(await textOf(path));
}

/** Replaces what these are set to, and adds those that are missing. */
export async function writeEnvFile(path: string, values: Record<string, string>): Promise<void> {
  const before = await textOf(path);
  const after = withValues(before, values);
  const owner = await lstat(path).catch(() => null);
  const draft = join(dirname(path), `.env.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const file = await open(draft, "wx", OWNER_ONLY);
    try {
      // Somebody with more rights than the bot may set it up for the bot.
      if (owner && process.getuid?.() === 0) await file.chown(owner.uid, owner.gid);
      await file.writeFile(after);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (thrown) {
    await rm(draft, { force: true });
    const why = thrown instanceof Error && "code" in thrown ? ` (${String(thrown.code)})` : "";
    throw new Refused(`${path} cannot be written${why}.`, "Make its folder writable, or use --print.");
  }
}

async function textOf(path: string): Promise<string> {
  const found = await lstat(path).catch(() => null);
  if (!found) return "";
  if (found.isSymbolicLink())
    throw new Refused(
      `${path} is a link to another file, which is not written to.`,
      "Use --print, and put them there yourself.",
    );
  if (!found.isFile()) throw new Refused(`${path} is no file.`, "Use --print.");
  return readFile(path, "utf8");
}

/** One assignment with all its lines, whatever the quotes; what is left of its last line goes with it. */
const ASSIGNMENT = /[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(?:"[^"]*"|'[^']*'|`[^`]*`)?[^\n]*(?:\n|$)/y;
const LINE = /[^\n]*(?:\n|$)/y;

/** The text of a file with these values in it. Pure. */
export function withValues(text: string, values: Record<string, string>): string {
  const missing = new Map(Object.entries(values));
  const kept = piecesOf(text).flatMap(({ name, piece }) => {
    if (name === null || !Object.hasOwn(values, name)) return [piece];
    const value = missing.get(name);
    if (value === undefined) return []; // a second line for the same thing would win over ours
    missing.delete(name);
    return [lineOf(name, value)];
  });
  const added = [...missing].map(([name, value]) => lineOf(name, value));
  const above = kept.join("");
  const gap = above === "" || above.endsWith("\n") ? "" : "\n";
  const after = `${above}${added.length > 0 ? gap : ""}${added.join("")}`;
  verify(text, after, values);
  return after;
}

function piecesOf(text: string): { name: string | null; piece: string }[] {
  const pieces: { name: string | null; piece: string }[] = [];
  let at = 0;
  while (at < text.length) {
    ASSIGNMENT.lastIndex = at;
    LINE.lastIndex = at;
    const found = ASSIGNMENT.exec(text);
    const piece = found?.[0] ?? LINE.exec(text)?.[0] ?? "";
    pieces.push({ name: found?.[1] ?? null, piece });
    at += piece.length;
  }
  return pieces;
}

const lineOf = (name: string, value: string): string => `${name}=${quoted(value.replaceAll("\n", "\\n"))}\n`;

const quoted = (value: string): string => (/^[\w.:/@+-]*$/.test(value) ? value : `"${value}"`);

/** Files of this kind have no grammar that all readers share, so what comes out is read again before anything is written. */
function verify(before: string, after: string, values: Record<string, string>): void {
  const [old, read] = [parseEnv(before), parseEnv(after)];
  const plain = (value: string | undefined): string | undefined => value?.replaceAll("\\n", "\n");
  const isRight =
    Object.entries(values).every(([name, value]) => plain(read[name]) === plain(value)) &&
    Object.entries(old).every(([name, value]) => Object.hasOwn(values, name) || read[name] === value);
  if (!isRight)
    throw new Refused("The .env cannot be changed without changing more than was wanted.", "Use --print instead.");
}
