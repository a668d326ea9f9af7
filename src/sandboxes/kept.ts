/** What is made of files takes a while, and is the same as long as they are: kept beside them, and made anew when one has changed. */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

export interface Made {
  text: string;
  /** Absolute paths of everything that it was made of. */
  of: string[];
}

/**
 * What `make` gives, or gave for files with the very same contents. `how` names everything else that it depends on.
 * A folder that cannot be written keeps nothing, and it is made each time.
 */
export async function kept(file: string, how: string, make: () => Promise<Made>): Promise<string> {
  const before = await readFile(file, "utf8").catch(() => null);
  const [head = "", text] = before === null ? [] : cut(before);
  const of = text === undefined ? [] : filesIn(head);
  if (text !== undefined && of.length > 0 && (await headOf(how, of).catch(() => null)) === head) return text;
  const made = await make();
  await keep(file, how, made).catch(() => undefined);
  return made.text;
}

/** The first line says what it was made of. */
function cut(content: string): [string, string] {
  const end = content.indexOf("\n");
  return [content.slice(0, end), content.slice(end + 1)];
}

async function headOf(how: string, of: string[]): Promise<string> {
  const hash = createHash("sha256").update(how);
  for (const bytes of await Promise.all(of.map((path) => readFile(path))))
    hash.update(createHash("sha256").update(bytes).digest());
  return JSON.stringify({ sha256: hash.digest("hex"), of });
}

function filesIn(head: string): string[] {
  try {
    const { of }: { of?: unknown } = JSON.parse(head);
    return Array.isArray(of) && of.every((path) => typeof path === "string") ? of : [];
  } catch {
    return [];
  }
}

/** Whoever reads meanwhile, in another process too, sees the one before or this one, whole. */
async function keep(file: string, how: string, { text, of }: Made): Promise<void> {
  const head = await headOf(how, of);
  await mkdir(dirname(file), { recursive: true });
  const next = `${file}.${process.pid}`;
  await writeFile(next, `${head}\n${text}`);
  await rename(next, file);
}
