/**
 * Modal at its network boundary: the gRPC services that the real SDK talks to, on the loopback, with real machines behind them.
 * It keeps state, enforces tokens, names, lifetimes and expiry, and fails on order. Written from the wire format and Modal's documents.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Clock, systemClock } from "../../src/clock.ts";
import { accountMethods } from "./modal/account-methods.ts";
import { certificates } from "./modal/certificates.ts";
import { type Cloud, environmentOf } from "./modal/cloud.ts";
import { type AccountToken, createCredentials } from "./modal/credentials.ts";
import { createFaults, type Faults } from "./modal/faults.ts";
import { type Handlers, listen } from "./modal/grpc-server.ts";
import { createIds } from "./modal/ids.ts";
import { layerMethods } from "./modal/layer-methods.ts";
import { type BubblewrapHost, type MachineHostOptions, machineHost } from "./modal/machine-host.ts";
import { routerMethods } from "./modal/router-methods.ts";
import { finish, KILLED, OUT_OF_TIME, type Sandbox } from "./modal/sandbox.ts";
import { sandboxMethods } from "./modal/sandbox-methods.ts";
import { type SeenImage, type SeenSandbox, seenImage, seenSandbox } from "./modal/seen.ts";
import { methods, type Rpc } from "./modal/wire.ts";

export type { Fault, Faults, OrderedFault } from "./modal/faults.ts";
export type { SeenImage, SeenSandbox } from "./modal/seen.ts";

export interface ModalOptions {
  /** Lifetimes, idle timeouts, the expiry of images and the times of lists go by it. Tokens go by the wall clock, as the SDK reads them. */
  clock?: Clock;
  /** Accounts that may call. Default: one, made up. */
  tokens?: [AccountToken, ...AccountToken[]];
  /** How many sandboxes a page of a list holds. */
  listPageSize?: number;
  machines?: MachineHostOptions;
  /** Machines of somebody who closes them, such as a file of tests that shares them, or that needs more than this host can run. */
  host?: BubblewrapHost;
}

export interface ModalEmulator {
  /** What a process needs to talk to it with the SDK. The address can be given to the SDK by environment alone. */
  environment: { MODAL_SERVER_URL: string; MODAL_TOKEN_ID: string; MODAL_TOKEN_SECRET: string };
  /** The authority behind the tunnels' certificates, for child processes (`NODE_EXTRA_CA_CERTS`). This process trusts it already. */
  caFile: string;
  faults: Faults;
  /** RPCs in the order in which they came. */
  calls: readonly Rpc[];
  forgetCalls(): void;
  /** Everything that is emulated. */
  routes: readonly Rpc[];
  /** All of them, finished ones too, oldest first. */
  sandboxes(): SeenSandbox[];
  images(): SeenImage[];
  /** Named secrets are made by people, on Modal's pages. */
  createSecret(name: string, env: Record<string, string>, environment?: string): void;
  /** The machine of the running sandbox of that name dies. */
  kill(name: string): Promise<void>;
  /** Its lifetime is over, whatever the clock says. */
  reachLifetime(name: string): Promise<void>;
  /** The image cannot be used any more, as when its time to live has passed. */
  expire(imageId: string): void;
  /** Files, in all images and snapshots that are kept, that contain this text. */
  filesWith(text: string): Promise<string[]>;
  /** Connect tokens that were given out for it are refused from now on. */
  revokeConnectTokens(name: string): void;
  /** Lets sandboxes reach this loopback port of the host, as something on the internet. */
  allowHostPort(port: number): Promise<void>;
  close(): Promise<void>;
}

export async function modalEmulator(options: ModalOptions = {}): Promise<ModalEmulator> {
  const account = { id: `ak-${randomBytes(8).toString("hex")}`, secret: `as-${randomBytes(8).toString("hex")}` };
  const tokens = options.tokens ?? [account];
  const folder = await mkdtemp(join(tmpdir(), "modal-emulator-"));
  const host = options.host ?? (await machineHost(options.machines));
  const cloud = await emptyCloud(options, host, tokens);
  const calls: Rpc[] = [];
  const server = await listen({
    faults: cloud.faults,
    onCall: (rpc) => void calls.push(rpc),
    admit(method, call) {
      const isOpen = method.rpc === "AuthTokenGet" || method.service === ROUTER;
      if (!isOpen) cloud.credentials.checkAuthToken(call.header("x-modal-auth-token"));
    },
    handlers: handlersOf(cloud),
  });
  cloud.routerUrl = `https://127.0.0.1:${server.port}`;
  const caFile = join(folder, "ca.pem");
  await writeFile(caFile, cloud.certificates.ca);
  return {
    environment: {
      MODAL_SERVER_URL: `http://127.0.0.1:${server.port}`,
      MODAL_TOKEN_ID: tokens[0].id,
      MODAL_TOKEN_SECRET: tokens[0].secret,
    },
    caFile,
    faults: cloud.faults,
    calls,
    forgetCalls: () => void calls.splice(0),
    routes: methods.map((method) => method.rpc),
    ...looking(cloud),
    ...acting(cloud),
    allowHostPort: (port) => host.allow(port),
    async close() {
      await server.close();
      // Only now: what waits on order sees that its caller is gone, and does not begin after all.
      cloud.faults.releaseAll();
      await Promise.all(cloud.sandboxes.map((sandbox) => finish(sandbox, KILLED)));
      if (!options.host) await host.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Its calls carry a sandbox's token instead of the account's; each of them checks it. */
const ROUTER = "modal.task_command_router.TaskCommandRouter";

async function emptyCloud(options: ModalOptions, host: BubblewrapHost, tokens: AccountToken[]): Promise<Cloud> {
  return {
    clock: options.clock ?? systemClock,
    host,
    ids: createIds(),
    faults: createFaults(),
    credentials: createCredentials(tokens),
    certificates: await certificates(),
    routerUrl: "",
    listPageSize: options.listPageSize ?? 10,
    apps: [],
    secrets: [],
    volumes: [],
    images: [],
    sandboxes: [],
    creations: new Map(),
    namesTaken: new Set(),
    lastCreatedAtMs: 0,
  };
}

function handlersOf(cloud: Cloud): Handlers {
  return { ...accountMethods(cloud), ...layerMethods(cloud), ...sandboxMethods(cloud), ...routerMethods(cloud) };
}

function looking(cloud: Cloud) {
  return {
    sandboxes: () => cloud.sandboxes.map((sandbox) => seenSandbox(cloud, sandbox)),
    images: () => cloud.images.map((image) => seenImage(cloud, image)),
  };
}

function acting(cloud: Cloud) {
  const running = (name: string): Sandbox => {
    const sandbox = cloud.sandboxes.find((one) => one.name === name && !one.result);
    if (!sandbox) throw new Error(`no sandbox ${name} is running`);
    return sandbox;
  };
  return {
    createSecret(name: string, env: Record<string, string>, environment = "") {
      cloud.secrets.push({ id: cloud.ids.other("st"), name, environment: environmentOf(environment), env });
    },
    kill: (name: string) => finish(running(name), KILLED),
    reachLifetime: (name: string) => finish(running(name), OUT_OF_TIME),
    expire(imageId: string) {
      const image = cloud.images.find((one) => one.id === imageId);
      if (!image) throw new Error(`there is no image ${imageId}`);
      image.expiresAt = cloud.clock.now();
    },
    async filesWith(text: string) {
      const folders = cloud.images.flatMap(({ state }) => (state.is === "ready" ? [state.files.folder] : []));
      const found = await promisify(execFile)("grep", ["-rlF", "-D", "skip", "--", text, ...folders], {
        maxBuffer: 64 * 1024 * 1024,
      }).catch((error: { stdout: string; code: number }) => {
        if (error.code !== 1) throw error; // 1: nothing was found
        return { stdout: "" };
      });
      return found.stdout.split("\n").filter(Boolean);
    },
    revokeConnectTokens: (name: string) => running(name).gate.revokeAll(),
  };
}
