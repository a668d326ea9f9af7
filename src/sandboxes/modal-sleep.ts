/**
 * Keeping a sandbox's files, with and without ending it. Putting to sleep goes in an order in which nothing is lost wherever it is
 * broken off: the daemon ends, the files are kept, their name is written on the sandbox, the sandbox is terminated.
 */
import { ThreadboxError } from "../errors.ts";
import { wholeSeconds } from "./modal-client.ts";
import { mustRun } from "./modal-exec.ts";
import { orNull } from "./modal-failure.ts";
import { findRunning, type Ground, type Handle, hasEnded, inSandbox, lifeOf, lookUp, lost } from "./modal-handle.ts";
import { tag, terminate } from "./modal-start.ts";
import { restCommand, resumeCommand } from "./modal-supervise.ts";
import type { WakeToken } from "./provider.ts";

export async function sleepAtModal(ground: Ground, name: string): Promise<WakeToken> {
  const handle = await findRunning(ground, name);
  if (!handle) return tokenOfEnded(ground, name);
  await rest(ground, handle);
  const token = await keepAndWrite(ground, handle).catch((error: unknown) => runOn(ground, handle, error));
  await terminate(ground, handle);
  return token;
}

export async function snapshotAtModal(ground: Ground, name: string): Promise<WakeToken> {
  const handle = await findRunning(ground, name);
  if (!handle) throw lost(name);
  await aside(ground, handle, "write its files", ["sync"]);
  return keepFiles(ground, handle);
}

export async function forgetFiles({ connection }: Ground, token: WakeToken): Promise<void> {
  const { client, call, deadlines } = connection;
  const what = { doing: "delete files that nobody needs", deadlineMs: deadlines.question };
  await call(what, () => client.images.delete(token).catch(orNull));
}

/** The token is on the sandbox before that ends, where it is found by whoever goes on after an interruption. */
async function keepAndWrite(ground: Ground, handle: Handle): Promise<WakeToken> {
  const token = await keepFiles(ground, handle);
  await tag(ground, handle, token);
  return token;
}

/** It slept before, and somebody asks again. */
async function tokenOfEnded(ground: Ground, name: string): Promise<WakeToken> {
  const found = await lookUp(ground, name, "terminated");
  if (found.is !== "ours") throw lost(name);
  const { snapshot } = found.handle.tags;
  found.handle.atModal.detach();
  if (snapshot !== null) return snapshot;
  throw new ThreadboxError("sandbox.lost", `The sandbox ${name} ended before its files were kept`);
}

/** The SDK gives up by itself then; the call gets a little longer, so that its words are the ones that are told. */
const GRACE_MS = 10_000;

async function keepFiles(ground: Ground, handle: Handle): Promise<WakeToken> {
  const timeoutMs = wholeSeconds(ground.connection.deadlines.snapshot);
  const { keepsFilesMs } = ground.settings.modal;
  const ttlMs = keepsFilesMs === null ? null : wholeSeconds(keepsFilesMs);
  const what = { doing: `keep the files of ${handle.name}`, deadlineMs: timeoutMs + GRACE_MS };
  try {
    const image = await inSandbox(ground, handle, what, (atModal) => atModal.snapshotFilesystem({ timeoutMs, ttlMs }));
    return image.imageId;
  } catch (error) {
    if (!(error instanceof ThreadboxError) || error.code !== "sandbox.unavailable") throw error;
    throw new ThreadboxError("sandbox.snapshot-failed", error.detail, { cause: error });
  }
}

/**
 * Ends the daemon and all that it started. It is a command, too, which a sandbox that was just woken may need to have had before its
 * files can be kept. Without it the files are kept all the same, as after a crash.
 */
function rest(ground: Ground, handle: Handle): Promise<void> {
  return aside(ground, handle, "end its daemon", restCommand(lifeOf(handle)));
}

/** And so has its daemon to; where that fails too, the next boot starts one. */
async function runOn(ground: Ground, handle: Handle, error: unknown): Promise<never> {
  const ended = await hasEnded(ground, handle).catch(() => true);
  if (!ended) await aside(ground, handle, "start its daemon again", resumeCommand(lifeOf(handle)));
  throw error;
}

/** Something that is good to have done, and that may fail. */
async function aside(ground: Ground, handle: Handle, doing: string, argv: string[]): Promise<void> {
  const deadlineMs = ground.connection.deadlines.stop;
  await mustRun(ground, handle, { argv, doing, deadlineMs }).catch((error: unknown) =>
    ground.log.warn({ err: error, sandbox: handle.name }, "sandbox.did-not"),
  );
}
