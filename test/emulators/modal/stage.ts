/** What the tests of the emulated Modal start from: an account, an app with an image, and the real SDK. */
import { after, type TestContext } from "node:test";
import {
  type App,
  type Image,
  ModalClient,
  type ModalClientParams,
  type Sandbox,
  type SandboxCreateParams,
} from "modal";
import { type HandWoundClock, handWoundClock } from "../../clock.ts";
import { type ModalEmulator, type ModalOptions, modalEmulator } from "../modal.ts";
import { type BubblewrapHost, machineHost } from "./machine-host.ts";

export interface Stage {
  modal: ModalEmulator;
  client: ModalClient;
  app: App;
  image: Image;
  clock: HandWoundClock;
  /** A sandbox of the app, with the image. */
  sandbox(params?: SandboxCreateParams): Promise<Sandbox>;
}

let shared: Promise<BubblewrapHost> | null = null;
after(async () => (await shared)?.close());

/** An account of its own for each test, on the machines of the test file: those take longer to prepare than all the rest. */
export async function setStage(t: TestContext, options: Omit<ModalOptions, "host" | "machines"> = {}): Promise<Stage> {
  shared ??= machineHost();
  const clock = handWoundClock();
  const modal = await modalEmulator({ clock, host: await shared, ...options });
  t.after(() => modal.close());
  const client = clientOf(t, modal);
  const app = await client.apps.fromName("bots", { createIfMissing: true });
  const image = await client.images.fromRegistry("debian:stable").build(app);
  modal.forgetCalls();
  return { modal, client, app, image, clock, sandbox: (params) => client.sandboxes.create(app, image, params) };
}

/** The SDK takes the server's address from the environment alone, when the client is made. */
export function clientOf(t: TestContext, modal: ModalEmulator, params: ModalClientParams = {}): ModalClient {
  process.env.MODAL_SERVER_URL = modal.environment.MODAL_SERVER_URL;
  const { MODAL_TOKEN_ID: tokenId, MODAL_TOKEN_SECRET: tokenSecret } = modal.environment;
  const client = new ModalClient({ tokenId, tokenSecret, logger: SILENT, ...params });
  t.after(() => client.close());
  return client;
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** What a command says and how it ends. */
export async function outcome(sandbox: Sandbox, ...argv: string[]): Promise<{ stdout: string; exitCode: number }> {
  const process = await sandbox.exec(argv);
  const [stdout, exitCode] = await Promise.all([process.stdout.readText(), process.wait()]);
  return { stdout, exitCode };
}

/** What the SDK does for large files: the input as one stream, which goes on where it was when the connection breaks. */
export function streamInto(command: Command, bytes: Uint8Array): Promise<number> {
  return command._stdinWriteStream({
    async *readFrom(offset) {
      yield bytes.subarray(offset);
    },
  });
}

type Command = Pick<Awaited<ReturnType<Sandbox["exec"]>>, "_stdinWriteStream">;

/** The gRPC status of a failed call, or the name of the SDK's own error. */
export function failureOf(error: unknown): number | string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "number" ? error.code : error.constructor.name;
}

export const failure = (call: Promise<unknown>): Promise<number | string> => call.then(() => "no failure", failureOf);

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(items);
}
