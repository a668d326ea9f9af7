/** What the daemon remembers of a clone beside git's own files, where the agent cannot change it. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import type { Repository } from "./git-repository.ts";

export interface Memory {
  /** Tips of the remote's branches that the clone's own have taken in. One that does not contain them any more was force-pushed. */
  seen: Record<string, string>;
  /** The commit with the base's agent configuration, and the one that it stands on. */
  veil: { made: string; on: string } | null;
  /** The newest commit of the fork that the branch has. */
  fork: string | null;
  /** Branches that we have begun in this clone; null in one of before this was remembered. */
  begun: string[] | null;
}

const NOTHING: Memory = { seen: {}, veil: null, fork: null, begun: null };

const fileOf = ({ linkDir }: Pick<Repository, "linkDir">): string => `${linkDir}.memory.json`;

export async function recall(repository: Pick<Repository, "linkDir">): Promise<Memory> {
  const text = await readFile(fileOf(repository), "utf8").catch(() => null);
  return text === null ? NOTHING : { ...NOTHING, ...(JSON.parse(text) as Partial<Memory>) };
}

/** Written beside and renamed: a crash leaves the old or the new, never half. */
export async function remember(repository: Pick<Repository, "linkDir">, change: Partial<Memory>): Promise<void> {
  const file = fileOf(repository);
  await writeFile(`${file}.new`, JSON.stringify({ ...(await recall(repository)), ...change }), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** The clone is made anew. */
export const forget = (repository: Pick<Repository, "linkDir">): Promise<void> =>
  rm(fileOf(repository), { force: true });
