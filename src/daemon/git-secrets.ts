/**
 * Looks for credentials in what a push would send: every object that the remote has not, byte by byte, so in contents (binary ones too),
 * in names of files, in messages and in names of people. It finds values that the daemon knows, in the spellings of `wire/secrets.ts`;
 * what an agent has encrypted or compressed it does not find.
 */
import type { Repository } from "./git-repository.ts";

/** More than a million objects are listed in that; nobody's turn makes so many. */
const MAX_LISTING_CHARS = 64 * 1024 * 1024;

/** Where the first ones were found: paths of files, or what else it was. Empty: nowhere. */
export async function findSecrets({ link, must, unpushable, failure }: Repository, commit: string): Promise<string[]> {
  const values = [...new Set(unpushable())].map((value) => Buffer.from(value));
  if (values.length === 0) return [];
  const outgoing = ["rev-list", "--objects", commit, "--not", "--remotes=origin"];
  const listing = await link(outgoing, { maxChars: MAX_LISTING_CHARS });
  if (listing.cut)
    throw failure("git.push-refused", "These are more objects than can be looked through for credentials.");
  const names = new Map((await must(Promise.resolve(listing))).split("\n").filter(Boolean).map(nameOf));
  const found = new Set<string>();
  const scanner = scan(values, (id) => found.add(names.get(id) || "a commit"));
  const read = await link(["cat-file", "--batch"], { stdin: [...names.keys()].join("\n"), onBytes: scanner.take });
  if (read.code !== 0 || !scanner.isDone())
    throw failure("git.push-refused", "What would be pushed could not be read.");
  return [...found];
}

/** `<id>`, a space and the path, which commits and the tree at the top do not have. */
const nameOf = (line: string): [id: string, name: string] => [line.slice(0, 40), line.slice(41)];

interface Scanner {
  take(bytes: Buffer): void;
  /** Whether it ended where an object ends. */
  isDone(): boolean;
}

/**
 * Reads `cat-file --batch`: `<id> <type> <size>`, a line end, that many bytes, a line end. Of an object that comes in pieces the end is
 * kept, as long as the longest value, so that none is missed across a seam.
 */
export function scan(values: Buffer[], found: (id: string) => void): Scanner {
  const longest = Math.max(0, ...values.map(({ length }) => length));
  let head: Buffer = Buffer.alloc(0);
  let id = "";
  let left = -1;
  let tail: Buffer = Buffer.alloc(0);

  return {
    take(bytes) {
      let rest = bytes;
      while (rest.length > 0) rest = left < 0 ? header(rest) : body(rest);
    },
    isDone: () => left < 0 && head.length === 0,
  };

  function header(bytes: Buffer): Buffer {
    const end = bytes.indexOf(10);
    head = Buffer.concat([head, end < 0 ? bytes : bytes.subarray(0, end)]);
    if (end < 0) return Buffer.alloc(0);
    const [name = "", , size = ""] = head.toString("latin1").split(" ");
    id = name;
    // One that is missing has no body; git says so in the place of its kind.
    left = /^\d+$/.test(size) ? Number(size) + 1 : -1;
    [head, tail] = [Buffer.alloc(0), Buffer.alloc(0)];
    return bytes.subarray(end + 1);
  }

  function body(bytes: Buffer): Buffer {
    const piece = bytes.subarray(0, left);
    const seen = tail.length > 0 ? Buffer.concat([tail, piece]) : piece;
    if (values.some((value) => seen.includes(value))) found(id);
    tail = Buffer.from(seen.subarray(Math.max(0, seen.length - longest + 1)));
    left -= piece.length;
    if (left === 0) left = -1;
    return bytes.subarray(piece.length);
  }
}
