/** Files that the daemon writes for an agent, into folders that the agent may change: settings and keys. */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";

export interface OpenFolder extends AsyncDisposable {
  replace(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
}

/**
 * Made when it is missing, for whoever `stateDir` belongs to. Held open meanwhile: where that is another user than ours, it can put a link
 * in the folder's place at any moment, and by its name we would write somewhere else, with more rights.
 */
export async function openFolder(stateDir: string, dir: string): Promise<OpenFolder> {
  const { uid, gid } = await stat(stateDir);
  const isAnothers = process.getuid?.() === 0 && uid !== 0;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const folder = await open(dir, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  const give = async (opened: FileHandle) => isAnothers && (await opened.chown(uid, gid));
  const at = (name: string) => join(isAnothers ? `/proc/self/fd/${folder.fd}` : dir, name);
  await give(folder);
  return {
    async replace(name, text) {
      const fresh = at(`${name}.${randomUUID()}`);
      const file = await open(fresh, "wx", 0o600);
      try {
        await file.writeFile(text);
        await give(file);
      } finally {
        await file.close();
      }
      await rename(fresh, at(name));
    },
    remove: (name) => rm(at(name), { force: true }),
    [Symbol.asyncDispose]: () => folder.close(),
  };
}
