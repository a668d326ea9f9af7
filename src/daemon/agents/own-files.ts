/** Files that the daemon writes into folders of the agent's: keys, logins, settings. */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { join, relative } from "node:path";
import { KEY_OWNERS, KEY_VARIABLES, type KeyOwner } from "../../wire/agents.ts";
import { shellQuote } from "../shell.ts";
import type { AgentContext } from "./agent.ts";

type Place = Pick<AgentContext, "stateDir" | "keysDir">;

const keyName = (owner: KeyOwner): string => `${owner}.key`;

export const keyFile = ({ keysDir }: Pick<Place, "keysDir">, owner: KeyOwner): string => join(keysDir, keyName(owner));

/** Prints the key as it is now; for agents that ask a command for it. */
export const keyCommand = (place: Pick<Place, "keysDir">, owner: KeyOwner): string =>
  `cat ${shellQuote(keyFile(place, owner))}`;

let written: Promise<void> = Promise.resolve();

/**
 * The keys of now, each in a file that `keyCommand` prints; those that are not given any more are removed. One after the other: what is
 * written last are the newest.
 */
export function writeKeys(context: Place & Pick<AgentContext, "env">): Promise<void> {
  const writing = written.then(() => writeNow(context));
  written = writing.catch(() => {});
  return writing;
}

async function writeNow(context: Place & Pick<AgentContext, "env">): Promise<void> {
  const { stateDir, keysDir, env } = context;
  await using keys = await openFolder(stateDir, keysDir);
  for (const owner of KEY_OWNERS) {
    const key = env[KEY_VARIABLES[owner]];
    if (key) await keys.replace(keyName(owner), key);
    else await keys.remove(keyName(owner));
  }
}

const LOGIN = "login.json";

/**
 * Puts the login where the agent looks for it; without one, what an earlier one left there goes. It lies in the folder for keys, which a
 * snapshot does not have where the machine can do that; what the agent finds is a link to it.
 */
export async function placeLogin(
  { stateDir, keysDir, loginFile }: Place & Pick<AgentContext, "loginFile">,
  dir: string,
  name: string,
): Promise<void> {
  await using keys = await openFolder(stateDir, keysDir);
  await using folder = await openFolder(stateDir, dir);
  if (loginFile) {
    await keys.replace(LOGIN, await readFile(loginFile, "utf8"));
    await folder.link(name, join(keysDir, LOGIN));
  } else {
    await folder.remove(name);
    await keys.remove(LOGIN);
  }
}

export interface OpenFolder extends AsyncDisposable {
  replace(name: string, text: string): Promise<void>;
  /** The name leads there. */
  link(name: string, target: string): Promise<void>;
  remove(name: string): Promise<void>;
}

/**
 * Made when it is missing, for whoever `stateDir` belongs to. Held open meanwhile: where that is another user than ours, it can put a link
 * in the place of the folder, or of one above it, at any moment, and by its name we would write somewhere else, with more rights.
 */
export async function openFolder(stateDir: string, dir: string): Promise<OpenFolder> {
  const { uid, gid } = await stat(stateDir);
  const isAnothers = process.getuid?.() === 0 && uid !== 0;
  const give = async (opened: FileHandle) => isAnothers && (await opened.chown(uid, gid));
  const folder = isAnothers ? await descend(stateDir, dir, give) : await made(dir);
  const at = (name: string) => join(isAnothers ? heldOpen(folder) : dir, name);
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
    async link(name, target) {
      const fresh = at(`${name}.${randomUUID()}`);
      await symlink(target, fresh);
      await rename(fresh, at(name));
    },
    remove: (name) => rm(at(name), { force: true }),
    [Symbol.asyncDispose]: () => folder.close(),
  };
}

async function made(dir: string): Promise<FileHandle> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  return openItself(dir);
}

const openItself = (dir: string): Promise<FileHandle> =>
  open(dir, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);

/** Whatever stands by its name meanwhile. */
const heldOpen = ({ fd }: FileHandle): string => `/proc/self/fd/${fd}`;

/** Each folder on the way from the one before it: only what lies above `stateDir`, and above a folder that is not below it, is ours. */
async function descend(
  stateDir: string,
  dir: string,
  give: (opened: FileHandle) => Promise<unknown>,
): Promise<FileHandle> {
  const way = relative(stateDir, dir);
  const isBelow = way !== ".." && !way.startsWith("../");
  let folder = await made(isBelow ? stateDir : dir);
  await give(folder);
  for (const name of isBelow ? way.split("/").filter(Boolean) : []) {
    await using above = folder;
    const place = join(heldOpen(above), name);
    await mkdir(place, { recursive: true, mode: 0o700 });
    folder = await openItself(place);
    await give(folder);
  }
  return folder;
}
