/** What tests see of the emulated Modal: plain values that can be compared with what was expected. */
import type { Cloud } from "./cloud.ts";
import { isUsable, type StoredImage } from "./images.ts";
import { type Sandbox, STATUS } from "./sandbox.ts";
import type { Message } from "./wire.ts";

export interface SeenSandbox {
  id: string;
  app: string;
  name: string | null;
  tags: Record<string, string>;
  createdAtMs: number;
  state: { is: "running" } | { is: "finished"; why: keyof typeof STATUS; exitcode: number };
  imageId: string;
  entrypoint: string[];
  /** What its processes find, secrets and the image's own variables among it. */
  env: Record<string, string>;
  /** By mount path. */
  volumes: Record<string, { name: string | null; readOnly: boolean }>;
  buckets: Record<string, { bucket: string; readOnly: boolean; keyPrefix: string | undefined }>;
  /** As it was sent: resources, network, ports, outbound policy and so on. */
  definition: Message<"Sandbox">;
  /** Commands that run in it now. */
  runningExecs: number;
  /** What its own command has said so far. */
  output: string;
}

export interface SeenImage {
  id: string;
  from: string | null;
  /** The lines of its Dockerfile, or null for a snapshot. */
  lines: string[] | null;
  /** Of a snapshot: whose. */
  sandboxId: string | null;
  state: "building" | "ready" | "failed";
  log: string;
  /** Milliseconds of the emulator's clock; null for never. */
  expiresAt: number | null;
  /** Neither deleted nor expired. */
  usable: boolean;
}

export function seenSandbox(cloud: Cloud, sandbox: Sandbox): SeenSandbox {
  const { definition, execs, entrypoint } = sandbox;
  return {
    id: sandbox.id,
    app: sandbox.app.name,
    name: sandbox.name,
    tags: { ...sandbox.tags },
    createdAtMs: sandbox.createdAtMs,
    state: stateOf(sandbox),
    imageId: definition.imageId,
    entrypoint: definition.entrypointArgs,
    env: { ...sandbox.env },
    volumes: Object.fromEntries(
      definition.volumeMounts.map(({ mountPath, volumeId, readOnly }) => {
        const name = cloud.volumes.find((volume) => volume.id === volumeId)?.name ?? null;
        return [mountPath, { name, readOnly }];
      }),
    ),
    buckets: Object.fromEntries(
      definition.cloudBucketMounts.map(({ mountPath, bucketName, readOnly, keyPrefix }) => {
        return [mountPath, { bucket: bucketName, readOnly, keyPrefix }];
      }),
    ),
    definition,
    runningExecs: [...execs.values()].filter((exec) => !exec.exit).length,
    output: entrypoint.stdout.text() + entrypoint.stderr.text(),
  };
}

function stateOf({ result }: Sandbox): SeenSandbox["state"] {
  if (!result) return { is: "running" };
  const why = (Object.keys(STATUS) as (keyof typeof STATUS)[]).find((one) => STATUS[one] === result.status);
  return { is: "finished", why: why ?? "failure", exitcode: result.exitcode };
}

export function seenImage(cloud: Cloud, image: StoredImage): SeenImage {
  const { id, origin, log, state, expiresAt } = image;
  const isLayer = origin.is === "layer";
  return {
    id,
    from: isLayer ? origin.from : null,
    lines: isLayer ? origin.lines : null,
    sandboxId: isLayer ? null : origin.sandboxId,
    state: state.is,
    log: log.text(),
    expiresAt,
    usable: isUsable(cloud, image),
  };
}
