/** One sandbox from its creation to its end: terminated, out of time, idle for too long, or its command has finished. */
import { type App, type Cloud, mergedEnv } from "./cloud.ts";
import { type ConnectGate, createConnectGate } from "./connect-gate.ts";
import { type Exec, type Exit, followProcess } from "./exec.ts";
import { createIdle, type Idle } from "./idle.ts";
import { filesOf } from "./images.ts";
import type { ImageFiles, Machine, MachineSpec } from "./machine.ts";
import { Refusal } from "./refusal.ts";
import { openTunnel, type Tunnel } from "./tunnels.ts";
import type { Message } from "./wire.ts";

/** `GenericResult.status`. */
export const STATUS = { success: 1, failure: 2, terminated: 3, timeout: 4, idle: 7 } as const;

export interface Result {
  status: (typeof STATUS)[keyof typeof STATUS];
  exitcode: number;
  exception: string;
}

export interface Sandbox {
  id: string;
  taskId: string;
  app: App;
  name: string | null;
  tags: Record<string, string>;
  /** As it was sent. */
  definition: Message<"Sandbox">;
  env: Record<string, string>;
  workdir: string;
  image: ImageFiles;
  /** Distinct from that of every other sandbox: lists are paged by it. */
  createdAtMs: number;
  machine: Machine;
  entrypoint: Exec;
  execs: Map<string, Exec>;
  /** Snapshots by the id that the client gave them, so that a repeated call makes no second one. */
  snapshots: Map<string, Promise<string>>;
  tunnels: Tunnel[];
  gate: ConnectGate;
  idle: Idle;
  result: Result | null;
  /** Fires when it has a result. */
  over: AbortController;
  /** Resolves when nothing of it runs any more. */
  gone: Promise<void>;
}

const DAY_SECONDS = 24 * 3600;
const DEFAULT_LIFETIME_SECONDS = 300;

export async function createSandbox(cloud: Cloud, request: Message<"SandboxCreateV2Request">): Promise<Sandbox> {
  const { definition } = request;
  const app = cloud.apps.find((one) => one.id === request.appId);
  if (!definition || !app) throw new Refusal("NOT_FOUND", `App ${request.appId} not found`);
  if (definition.timeoutSecs > DAY_SECONDS) throw new Refusal("INVALID_ARGUMENT", "timeout must be at most 24 hours");
  const free = takeName(cloud, app, definition.name);
  try {
    return await start(cloud, app, request, definition);
  } finally {
    free();
  }
}

/** A name belongs to one running sandbox of the app at a time. */
function takeName(cloud: Cloud, app: App, name: string | undefined): () => void {
  if (!name) return () => {};
  const key = `${app.id}/${name}`;
  const running = cloud.sandboxes.some((one) => one.app === app && one.name === name && !one.result);
  if (running || cloud.namesTaken.has(key))
    throw new Refusal("ALREADY_EXISTS", `Sandbox with name '${name}' already exists in App '${app.name}'`);
  cloud.namesTaken.add(key);
  return () => cloud.namesTaken.delete(key);
}

async function start(
  cloud: Cloud,
  app: App,
  request: Message<"SandboxCreateV2Request">,
  definition: Message<"Sandbox">,
): Promise<Sandbox> {
  const image = await filesOf(cloud, definition.imageId);
  const id = cloud.ids.sandbox();
  const env = { ...image.env, ...sentEnv(cloud, request, definition) };
  const workdir = definition.workdir || image.workdir;
  const machine = await cloud.host.start({
    id,
    image,
    entrypoint: definition.entrypointArgs.length > 0 ? definition.entrypointArgs : ["sleep", "infinity"],
    env,
    workdir,
    volumes: volumesOf(cloud, definition),
    network: isBlocked(definition) ? "blocked" : "open",
  });
  const sandbox: Sandbox = {
    id,
    taskId: cloud.ids.task(),
    app,
    name: definition.name || null,
    tags: tagsOf(request.tags),
    definition,
    env,
    workdir,
    image,
    createdAtMs: nextMoment(cloud),
    machine,
    entrypoint: followProcess(machine.entrypoint),
    execs: new Map(),
    snapshots: new Map(),
    tunnels: [],
    gate: await createConnectGate(machine),
    idle: createIdle(cloud.clock, idleAfterMs(definition), () => void finish(sandbox, IDLE)),
    result: null,
    over: new AbortController(),
    gone: Promise.resolve(),
  };
  const ports = definition.openPorts?.ports ?? [];
  sandbox.tunnels = await Promise.all(ports.map((port) => openTunnel(cloud.certificates, port, sandbox)));
  endInTime(cloud, sandbox);
  cloud.sandboxes.push(sandbox);
  return sandbox;
}

function endInTime(cloud: Cloud, sandbox: Sandbox): void {
  const callOff = cloud.clock.after((sandbox.definition.timeoutSecs || DEFAULT_LIFETIME_SECONDS) * 1000, () => {
    void finish(sandbox, OUT_OF_TIME);
  });
  sandbox.over.signal.addEventListener("abort", callOff);
  void sandbox.entrypoint.exited.then((exit) => finish(sandbox, resultOf(exit)));
  void sandbox.machine.ended.then(() => finish(sandbox, KILLED));
}

export const TERMINATED: Result = { status: STATUS.terminated, exitcode: 137, exception: "" };
export const OUT_OF_TIME: Result = { status: STATUS.timeout, exitcode: 124, exception: "Sandbox timed out" };
/** The machine under it died, as when it runs out of memory. */
export const KILLED: Result = { status: STATUS.failure, exitcode: 137, exception: "Sandbox was killed" };
/** The SDK shows an idle one by its exit code, which is 0: like one whose command has finished well. */
const IDLE: Result = { status: STATUS.idle, exitcode: 0, exception: "Sandbox was idle" };

function resultOf(exit: Exit): Result {
  const exitcode = "code" in exit ? exit.code : 128 + exit.signal;
  return { status: exitcode === 0 ? STATUS.success : STATUS.failure, exitcode, exception: "" };
}

/** Ends it with that result, unless it has one; resolves when nothing of it runs any more. */
export function finish(sandbox: Sandbox, result: Result): Promise<void> {
  if (sandbox.result) return sandbox.gone;
  sandbox.result = result;
  sandbox.idle.stop();
  sandbox.gone = end(sandbox);
  sandbox.over.abort();
  return sandbox.gone;
}

async function end(sandbox: Sandbox): Promise<void> {
  await Promise.all([...sandbox.tunnels.map((tunnel) => tunnel.close()), sandbox.gate.close(), sandbox.machine.kill()]);
}

export const tagsOf = (tags: Message<"SandboxTag">[]): Record<string, string> =>
  Object.fromEntries(tags.map(({ tagName, tagValue }) => [tagName, tagValue]));

function nextMoment(cloud: Cloud): number {
  cloud.lastCreatedAtMs = Math.max(cloud.clock.now(), cloud.lastCreatedAtMs + 1);
  return cloud.lastCreatedAtMs;
}

function idleAfterMs({ idleTimeoutSecs }: Message<"Sandbox">): number | null {
  return idleTimeoutSecs ? idleTimeoutSecs * 1000 : null;
}

function sentEnv(
  cloud: Cloud,
  { ephemeralSecrets, secretSources }: Message<"SandboxCreateV2Request">,
  { secretIds, environmentVariables }: Message<"Sandbox">,
): Record<string, string> {
  const plain = [ephemeralSecrets, environmentVariables].map((env) => ({ secretId: undefined, env }));
  const named = secretIds.map((secretId) => ({ secretId, env: null }));
  return mergedEnv(cloud, [...named, ...plain, ...secretSources]);
}

function volumesOf(cloud: Cloud, { volumeMounts }: Message<"Sandbox">): MachineSpec["volumes"] {
  return volumeMounts.map(({ volumeId, mountPath, readOnly }) => {
    if (!cloud.volumes.some((volume) => volume.id === volumeId))
      throw new Refusal("NOT_FOUND", `Volume ${volumeId} not found`);
    return { id: volumeId, path: mountPath, readOnly };
  });
}

export const NETWORK = { blocked: 2, allowlist: 3 } as const;

/** An allowlist with nothing on it blocks everything, too. */
function isBlocked({ networkAccess, blockNetwork }: Message<"Sandbox">): boolean {
  if (!networkAccess) return blockNetwork;
  const { networkAccessType, allowedCidrs, allowedDomains } = networkAccess;
  const allowsNothing = allowedCidrs.length === 0 && allowedDomains.length === 0;
  return networkAccessType === NETWORK.blocked || (networkAccessType === NETWORK.allowlist && allowsNothing);
}
