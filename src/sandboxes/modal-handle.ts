/** What is known of a running sandbox at Modal, and how it is found again: by its name, with its tags as the proof that it is ours. */
import { type Sandbox as AtModal, ClientClosedError, type Image } from "modal";
import type { Clock } from "../clock.ts";
import { ThreadboxError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Connection } from "./modal-client.ts";
import { isRouterRefusal, orNull } from "./modal-failure.ts";
import { readTags, type Tags } from "./modal-tags.ts";
import type { ModelKeys, NamedThings } from "./modal-things.ts";
import type { StartProgress } from "./provider.ts";
import type { SandboxSettings } from "./settings.ts";

/** What everything here works with. */
export interface Ground {
  connection: Connection;
  settings: SandboxSettings;
  /** Names this bot's database: two bots may share an App. */
  instance: string;
  /** What `keepTokensOutside` keeps there. */
  models: ModelKeys;
  image: (progress?: StartProgress) => Promise<Image>;
  things: NamedThings;
  handles: Map<string, Handle>;
  clock: Clock;
  log: Log;
}

export interface Handle {
  readonly name: string;
  readonly id: string;
  tags: Tags;
  /** The SDK's object: a connection, to be dropped with `detach`. Another one when Modal refuses the token of this one. */
  atModal: AtModal;
  /** Null until somebody has asked for it. */
  reach: Reach | null;
}

/** How its daemon is spoken to from here. */
export interface Reach {
  url: string;
  headers: Record<string, string>;
  /** Null when it stays good for as long as the sandbox runs. */
  renewAt: number | null;
}

/** The life of a sandbox, as its supervisor was told it: no two sandboxes of one name have the same. */
export const lifeOf = ({ tags }: Handle): string => `${tags.since}`;

export type Found = { is: "ours"; handle: Handle } | { is: "foreign" } | { is: "none" };

/** By name. `terminated` as well as running ones: the last of that name when none runs. */
export async function lookUp(ground: Ground, name: string, which: "running" | "terminated"): Promise<Found> {
  const { connection, settings, instance } = ground;
  const { client, call, deadlines } = connection;
  const includeTerminated = which === "terminated";
  const what = { doing: `find the sandbox ${name}`, deadlineMs: deadlines.question };
  const atModal = await call(what, () =>
    client.sandboxes.fromName(settings.modal.app, name, { includeTerminated }).catch(orNull),
  );
  if (!atModal) return { is: "none" };
  const text = await call(what, () => atModal.getTags().catch(orNull));
  if (!text) return { is: "none" };
  const tags = readTags(text, instance);
  if (!tags) return { is: "foreign" };
  const handle = { name, id: atModal.sandboxId, tags, atModal, reach: null };
  return which === "running" && (await hasEnded(ground, handle)) ? { is: "none" } : { is: "ours", handle };
}

/** The sandbox of that name that runs now, if it is ours. */
export async function findRunning(ground: Ground, name: string): Promise<Handle | null> {
  const known = await stillRunning(ground, name);
  if (known) return known;
  const found = await lookUp(ground, name, "running");
  if (found.is !== "ours") return null;
  return remember(ground, found.handle);
}

/** The one that we have a handle of, when that one still runs. */
export async function stillRunning(ground: Ground, name: string): Promise<Handle | null> {
  const known = ground.handles.get(name);
  if (!known) return null;
  if (!(await hasEnded(ground, known))) return known;
  forgetHandle(ground, known);
  return null;
}

/** The handle to go on with: two who look at the same time find the same sandbox, and share one. */
export function remember({ handles }: Ground, handle: Handle): Handle {
  const known = handles.get(handle.name);
  if (known?.id === handle.id) {
    if (known !== handle) handle.atModal.detach();
    return known;
  }
  known?.atModal.detach();
  handles.set(handle.name, handle);
  return handle;
}

export function forgetHandle({ handles }: Ground, handle: Handle): void {
  handle.atModal.detach();
  if (handles.get(handle.name) === handle) handles.delete(handle.name);
}

/** The only way to know: what else fails says nothing about the sandbox, as the network between here and there fails as well. */
export async function hasEnded({ connection }: Ground, { name, atModal }: Handle): Promise<boolean> {
  const { call, deadlines } = connection;
  const what = { doing: `say whether the sandbox ${name} runs`, deadlineMs: deadlines.question };
  const exitCode = await call(what, () => atModal.poll().catch(goneIfUnknown));
  return exitCode !== null;
}

/** Modal forgets sandboxes some time after their end, and we drop our connection to them. */
const goneIfUnknown = (error: unknown): number => (error instanceof ClientClosedError ? 0 : (orNull(error) ?? 0));

/** For a question to the sandbox itself: a refused token is tried once more with another one, and a failure of one that is gone is `sandbox.lost`. */
export async function inSandbox<T>(
  ground: Ground,
  handle: Handle,
  what: { doing: string; deadlineMs: number },
  work: (atModal: AtModal) => Promise<T>,
): Promise<T> {
  const { client, call } = ground.connection;
  const used = handle.atModal;
  try {
    return await call(what, () =>
      work(used).catch(async (error: unknown) => {
        if (!isRouterRefusal(error)) throw error;
        // The old one stays connected, as somebody may hold the streams of a command that it started.
        if (handle.atModal === used) handle.atModal = await client.sandboxes.fromId(handle.id);
        return work(handle.atModal);
      }),
    );
  } catch (error) {
    // When Modal does not answer this either, the first failure is the one to tell.
    const ended = await hasEnded(ground, handle).catch(() => false);
    if (!ended) throw error;
    throw lost(handle.name, error);
  }
}

export const lost = (name: string, cause?: unknown): ThreadboxError =>
  new ThreadboxError("sandbox.lost", `The sandbox ${name} does not run any more`, { cause });
