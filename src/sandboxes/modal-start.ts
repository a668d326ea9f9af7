/**
 * From a name to a running sandbox at Modal, whatever happened before: one that runs is taken, one that was made while nobody listened
 * is adopted, and a name never has two.
 */
import { AlreadyExistsError, type Sandbox as AtModal, type Image } from "modal";
import { pause } from "../clock.ts";
import { ThreadboxError } from "../errors.ts";
import { wholeSeconds } from "./modal-client.ts";
import { createParams, giveVolumes } from "./modal-create.ts";
import { orNull } from "./modal-failure.ts";
import { forgetHandle, type Ground, type Handle, lookUp, remember, stillRunning } from "./modal-handle.ts";
import { reachable } from "./modal-reach.ts";
import { type Tags, tagsFor } from "./modal-tags.ts";
import type { Start } from "./provider.ts";

export async function startAtModal(ground: Ground, name: string, start: Start): Promise<Handle> {
  const running = await stillRunning(ground, name);
  if (running) return awake(ground, running);
  // The App is asked for meanwhile, when this is the first that needs it.
  const [files] = await Promise.all([filesOf(ground, start), ground.connection.app()]);
  const { handle, isNew } = files
    ? await makeOrAdopt(ground, name, { ...start, image: files })
    : { handle: await adopt(ground, name), isNew: false };
  // Nothing was made, and the name has none: what it should have been woken with is gone.
  if (!handle)
    throw new ThreadboxError("sandbox.lost", `The files that ${name} should be woken with are gone at Modal`);
  try {
    await giveVolumes(ground, handle, ground.settings.repositories[start.repository ?? ""]);
    await reachable(ground, handle);
  } catch (error) {
    if (isNew) await discard(ground, handle);
    throw error;
  }
  return awake(ground, remember(ground, handle));
}

/** Null when Modal has deleted them. */
async function filesOf({ connection, image }: Ground, { from, progress }: Start): Promise<Image | null> {
  const { client, call, deadlines } = connection;
  if (from === null) {
    const built = await image(progress);
    progress?.step("starting the sandbox");
    return built;
  }
  const what = { doing: "find the files to wake it with", deadlineMs: deadlines.question };
  return call(what, () => client.images.fromId(from).catch(orNull));
}

interface Made {
  handle: Handle;
  isNew: boolean;
}

/** Modal frees a name some moments after its sandbox has ended. */
const FREE_WITHIN_TRIES = 20;
const TRY_AGAIN_AFTER_MS = 500;

async function makeOrAdopt(ground: Ground, name: string, start: Start & { image: Image }): Promise<Made> {
  for (let tries = 1; ; tries++) {
    try {
      return { handle: await make(ground, name, start), isNew: true };
    } catch (error) {
      const code = error instanceof ThreadboxError ? error.code : null;
      // It may have been made all the same, and only the answer got lost.
      if (code !== "sandbox.name-taken" && code !== "sandbox.unavailable") throw error;
      ground.things.forget();
      const handle = await adopt(ground, name);
      if (handle) return { handle, isNew: false };
      if (code !== "sandbox.name-taken" || tries === FREE_WITHIN_TRIES) throw error;
      await pause(ground.clock, TRY_AGAIN_AFTER_MS);
    }
  }
}

async function make(ground: Ground, name: string, { image, repository }: Start & { image: Image }): Promise<Handle> {
  const { connection, settings, clock } = ground;
  const { client, call, deadlines } = connection;
  const app = await connection.app();
  // From before the call: it ends a little later than we think, never earlier.
  const since = clock.now();
  const tags: Tags = { since, ends: since + wholeSeconds(settings.modal.lifetimeMs), snapshot: null };
  const params = await createParams(ground, {
    ...{ name, tags },
    repository: settings.repositories[repository ?? ""],
  });
  const late = (atModal: AtModal) => atModal.detach(); // the next start finds it by its name
  const atModal = await call({ doing: `start the sandbox ${name}`, deadlineMs: deadlines.create, late }, () =>
    client.sandboxes.create(app, image, params).catch((cause: unknown) => nameTaken(name, cause)),
  );
  return { name, id: atModal.sandboxId, tags, atModal, reach: null };
}

function nameTaken(name: string, cause: unknown): never {
  if (!(cause instanceof AlreadyExistsError)) throw cause;
  throw new ThreadboxError("sandbox.name-taken", `Another sandbox at Modal has the name ${name}`, { cause });
}

/** The running one of that name, or null when there is none. Throws when it is not ours. */
async function adopt(ground: Ground, name: string): Promise<Handle | null> {
  const found = await lookUp(ground, name, "running");
  if (found.is === "foreign") {
    const detail = `A sandbox ${name} of somebody else runs in the App ${ground.settings.modal.app}`;
    throw new ThreadboxError("sandbox.name-taken", detail);
  }
  if (found.is === "none") return null;
  ground.log.info({ sandbox: name, id: found.handle.id }, "sandbox.adopted");
  return found.handle;
}

/** Files that were kept by a sleep that was then broken off are not the newest any more, so they are not remembered any more. */
async function awake(ground: Ground, handle: Handle): Promise<Handle> {
  if (handle.tags.snapshot !== null) await tag(ground, handle, null);
  return handle;
}

export async function tag({ connection, instance }: Ground, handle: Handle, snapshot: string | null): Promise<void> {
  const { call, deadlines } = connection;
  const tags = { ...handle.tags, snapshot };
  const what = { doing: `write down what ${handle.name} sleeps as`, deadlineMs: deadlines.question };
  await call(what, () => handle.atModal.setTags(tagsFor(instance, handle.name, tags)));
  handle.tags = tags;
}

/** Made just now, and of no use: nobody else would end it before its time. */
async function discard(ground: Ground, handle: Handle): Promise<void> {
  await terminate(ground, handle).catch((error: unknown) =>
    ground.log.warn({ err: error, sandbox: handle.name }, "sandbox.left-behind"),
  );
}

/** Resolves when it is gone. */
export async function terminate(ground: Ground, handle: Handle): Promise<void> {
  const { call, deadlines } = ground.connection;
  const what = { doing: `end the sandbox ${handle.name}`, deadlineMs: deadlines.end };
  await call(what, () => handle.atModal.terminate({ wait: true }).catch(orNull));
  forgetHandle(ground, handle);
}
