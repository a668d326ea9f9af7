/** The files behind a local token: the folder of a sandbox, whose token is its name, or that of a snapshot. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ThreadboxError } from "../errors.ts";
import { copyFolder, removeFolder } from "./local-folder.ts";
import { whileFrozen } from "./local-freeze.ts";
import type { Ground } from "./local-ground.ts";
import { readRecord, readRunning } from "./local-record.ts";
import type { WakeToken } from "./provider.ts";

export function folderOf({ root }: Ground, name: string): string {
  if (isName(name)) return join(root, name);
  throw new ThreadboxError("internal", `This cannot be the name of a sandbox: ${name}`);
}

/** Names become folders, so none may lead out of ours. */
export const isName = (text: string): boolean => /^[a-zA-Z0-9][\w.-]{0,120}$/.test(text);

/** Null when there are none, or none any more. */
export async function sourceOf(ground: Ground, token: WakeToken): Promise<string | null> {
  const snapshot = snapshotOf(ground, token);
  if (snapshot) return existsSync(snapshot) ? snapshot : null;
  if (!isName(token)) return null;
  const folder = folderOf(ground, token);
  return (await readRecord(folder)) ? folder : null;
}

/** Works beside the sandbox's life: what it has launched stands still meanwhile, what somebody runs in it does not. */
export async function takeSnapshot(ground: Ground, name: string): Promise<WakeToken> {
  const source = await sourceOf(ground, name);
  if (!source) throw new ThreadboxError("sandbox.lost", `There is no sandbox ${name}`);
  const id = randomUUID();
  try {
    await copyStill(source, join(ground.snapshots, id));
  } catch (cause) {
    throw new ThreadboxError("sandbox.snapshot-failed", `The files of ${name} could not be copied`, { cause });
  }
  return `snapshot:${id}`;
}

/** False when the token is not one of a snapshot. */
export async function forgetSnapshot(ground: Ground, token: WakeToken): Promise<boolean> {
  const folder = snapshotOf(ground, token);
  if (folder) await removeFolder(folder);
  return folder !== null;
}

export async function copyStill(from: string, to: string): Promise<void> {
  const running = await readRunning(from);
  await whileFrozen(running?.processes ?? [], () => copyFolder(from, to));
}

function snapshotOf({ snapshots }: Ground, token: WakeToken): string | null {
  const [, id] = /^snapshot:([0-9a-f-]{36})$/.exec(token) ?? [];
  return id ? join(snapshots, id) : null;
}
