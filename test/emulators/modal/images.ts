/** Images: built layers, addressed by their content, and snapshots of sandboxes, which expire. */
import { createHash } from "node:crypto";
import { type ByteLog, createByteLog } from "./byte-log.ts";
import { type Cloud, secretById } from "./cloud.ts";
import type { ImageFiles } from "./machine.ts";
import { Refusal } from "./refusal.ts";
import type { Message } from "./wire.ts";

export interface StoredImage {
  id: string;
  origin: { is: "layer"; key: string; from: string | null; lines: string[] } | { is: "snapshot"; sandboxId: string };
  log: ByteLog;
  state: ImageState;
  /** Resolves when it is built, or has failed to be. */
  settled: Promise<void>;
  /** Milliseconds of the emulator's clock; null for never. */
  expiresAt: number | null;
  deleted: boolean;
}

export type ImageState =
  | { is: "building" }
  | { is: "ready"; files: ImageFiles }
  | { is: "failed"; exitcode: number; exception: string };

/** The image of these commands: the one that there is, or one that is being built from now on. */
export function imageFor(cloud: Cloud, request: Message<"ImageGetOrCreateRequest">): StoredImage {
  const { image, builderVersion, forceBuild } = request;
  const [first = "", ...lines] = image?.dockerfileCommands ?? [];
  const tag = /^FROM\s+(\S+)/i.exec(first)?.[1];
  if (!image || !tag) throw new Refusal("INVALID_ARGUMENT", "an image has to begin with FROM");
  const from = image.baseImages.find((base) => base.dockerTag === tag)?.imageId ?? null;
  const base = from === null ? null : imageById(cloud, from);
  const env = Object.assign({}, ...image.secretIds.map((id) => secretById(cloud, id).env)) as Record<string, string>;
  const key = createHash("sha256")
    .update(JSON.stringify([first, lines, from, env, builderVersion]))
    .digest("hex");
  const known = cloud.images.find((one) => isUsable(cloud, one) && one.origin.is === "layer" && one.origin.key === key);
  if (known && known.state.is !== "failed" && !forceBuild) return known;
  const made: StoredImage = {
    id: cloud.ids.other("im"),
    origin: { is: "layer", key, from, lines: [first, ...lines] },
    log: createByteLog(),
    state: { is: "building" },
    settled: Promise.resolve(),
    expiresAt: null,
    deleted: false,
  };
  cloud.images.push(made);
  made.settled = build(cloud, made, { tag, base, lines, env });
  return made;
}

interface Recipe {
  tag: string;
  base: StoredImage | null;
  lines: string[];
  env: Record<string, string>;
}

async function build(cloud: Cloud, image: StoredImage, recipe: Recipe): Promise<void> {
  try {
    image.state = await builtState(cloud, image, recipe);
  } catch (error) {
    image.state = { is: "failed", exitcode: 1, exception: error instanceof Error ? error.message : String(error) };
  }
  image.log.end();
}

async function builtState(cloud: Cloud, image: StoredImage, { tag, base, lines, env }: Recipe): Promise<ImageState> {
  const log = (text: string): void => image.log.append(Buffer.from(text));
  const ordered = cloud.faults.takeBuild();
  if (ordered) {
    log(ordered.log ?? "");
    return { is: "failed", exitcode: ordered.exitcode, exception: ordered.exception };
  }
  const from = base ? await readyFiles(base) : await cloud.host.base(tag);
  if (lines.length === 0) return { is: "ready", files: from };
  const result = await cloud.host.layer({ ...from, env: { ...from.env, ...env } }, lines, log);
  if (result.is === "failed") return result;
  // Secrets are there while it is built, and must not stay in the image.
  const kept = Object.entries(result.image.env).filter(
    ([name, value]) => env[name] !== value || from.env[name] === value,
  );
  return { is: "ready", files: { ...result.image, env: Object.fromEntries(kept) } };
}

async function readyFiles(image: StoredImage): Promise<ImageFiles> {
  await image.settled;
  if (image.state.is !== "ready") throw new Refusal("FAILED_PRECONDITION", `Image ${image.id} was not built`);
  return image.state.files;
}

/** The files of an image that can be used now. */
export async function filesOf(cloud: Cloud, id: string): Promise<ImageFiles> {
  return readyFiles(imageById(cloud, id));
}

export function imageById(cloud: Cloud, id: string): StoredImage {
  const image = cloud.images.find((one) => one.id === id);
  if (!image || !isUsable(cloud, image)) throw new Refusal("NOT_FOUND", `Could not find image with ID ${id}`);
  return image;
}

export const isUsable = (cloud: Cloud, image: StoredImage): boolean =>
  !image.deleted && (image.expiresAt === null || image.expiresAt > cloud.clock.now());

export function keepSnapshot(
  cloud: Cloud,
  sandboxId: string,
  files: ImageFiles,
  ttlSeconds: number | null,
): StoredImage {
  const log = createByteLog();
  log.end();
  const image: StoredImage = {
    id: cloud.ids.other("im"),
    origin: { is: "snapshot", sandboxId },
    log,
    state: { is: "ready", files },
    settled: Promise.resolve(),
    expiresAt: ttlSeconds === null ? null : cloud.clock.now() + ttlSeconds * 1000,
    deleted: false,
  };
  cloud.images.push(image);
  return image;
}
