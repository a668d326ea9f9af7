/** Everything that the emulated Modal knows. The handlers of both services work on this. */
import type { Clock } from "../../../src/clock.ts";
import type { Certificates } from "./certificates.ts";
import type { Credentials } from "./credentials.ts";
import type { FaultBook } from "./faults.ts";
import type { Ids } from "./ids.ts";
import type { StoredImage } from "./images.ts";
import type { MachineHost } from "./machine.ts";
import { Refusal } from "./refusal.ts";
import type { Sandbox } from "./sandbox.ts";

export interface Cloud {
  clock: Clock;
  host: MachineHost;
  ids: Ids;
  faults: FaultBook;
  credentials: Credentials;
  certificates: Certificates;
  /** What the SDK is told; it must begin with https, and is dialled in plaintext all the same when the server is on the loopback. */
  routerUrl: string;
  listPageSize: number;
  apps: App[];
  secrets: Secret[];
  volumes: Volume[];
  images: StoredImage[];
  /** Finished ones too, oldest first. */
  sandboxes: Sandbox[];
  /** Creations by idempotency key, so that a repeated call gets the same sandbox. */
  creations: Map<string, Promise<Sandbox>>;
  /** Names whose sandbox is being made. */
  namesTaken: Set<string>;
  lastCreatedAtMs: number;
}

export interface App {
  id: string;
  name: string;
  environment: string;
}

export interface Secret {
  id: string;
  /** Null for one that came from an object. */
  name: string | null;
  environment: string;
  env: Record<string, string>;
}

export interface Volume {
  id: string;
  name: string | null;
  environment: string;
  version: number;
}

/** What a client that names none gets. */
export const environmentOf = (name: string): string => name || "main";

export function secretById(cloud: Cloud, id: string): Secret {
  const secret = cloud.secrets.find((one) => one.id === id);
  if (!secret) throw new Refusal("NOT_FOUND", `Secret ${id} not found`);
  return secret;
}

export function sandboxById(cloud: Cloud, id: string | undefined): Sandbox {
  const sandbox = cloud.sandboxes.find((one) => one.id === id);
  if (!sandbox) throw new Refusal("NOT_FOUND", `Sandbox ${id} not found`);
  return sandbox;
}

/** A later source wins over an earlier one. */
export function mergedEnv(
  cloud: Cloud,
  sources: { secretId: string | undefined; env: { contents: Record<string, string> } | null }[],
): Record<string, string> {
  return Object.assign(
    {},
    ...sources.map(({ secretId, env }) => (secretId ? secretById(cloud, secretId).env : (env?.contents ?? {}))),
  );
}
