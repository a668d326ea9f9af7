/**
 * Sandboxes at Modal. Everything of one bot is in one App, told from other bots' by a tag; asleep means: a snapshot of its files, and
 * no sandbox. A snapshot's id is its token.
 */
import { type Clock, systemClock } from "../clock.ts";
import type { Log } from "../log.ts";
import { connectModal, DEADLINES, type Deadlines, type ModalTokens, wholeSeconds } from "./modal-client.ts";
import { findRunning, type Ground } from "./modal-handle.ts";
import { type ImageParts, imageBuilder } from "./modal-image.ts";
import { listAtModal, type Names } from "./modal-list.ts";
import { keysSecret } from "./modal-outside.ts";
import { headersFor, reachAnew, reachable, reachWarning } from "./modal-reach.ts";
import { sandboxAtModal } from "./modal-sandbox.ts";
import { forgetFiles, sleepAtModal, snapshotAtModal } from "./modal-sleep.ts";
import { startAtModal, terminate } from "./modal-start.ts";
import { type ModelKeys, namedThings } from "./modal-things.ts";
import type { SandboxProvider } from "./provider.ts";
import type { SandboxSettings } from "./settings.ts";
import { turnsByName } from "./turns-by-name.ts";

export interface ModalOptions {
  tokens: ModalTokens;
  settings: SandboxSettings;
  /** Names this bot's database: what another one made is left alone. */
  instance: string;
  daemon: ImageParts["daemon"];
  agents: ImageParts["agents"];
  /** Used for `keepTokensOutside` alone. */
  models: ModelKeys;
  log: Log;
  clock?: Clock;
  deadlines?: Partial<Deadlines>;
}

/** The address of Modal's servers comes from the environment alone (`MODAL_SERVER_URL`), which the SDK reads here. */
export function modalProvider(options: ModalOptions): SandboxProvider {
  const ground = groundOf(options);
  const { log, settings } = ground;
  const names: Names = new Map();
  const inTurn = turnsByName();
  const { keepsFilesMs } = settings.modal;
  return {
    kind: "modal",
    askEveryMs: 30_000, // one RPC; a stream that breaks is asked about at once
    keepsFilesMs: keepsFilesMs === null ? null : wholeSeconds(keepsFilesMs),
    start: (name, start) =>
      inTurn(name, async () => {
        const handle = await startAtModal(ground, name, start);
        const sandbox = sandboxAtModal(ground, handle, await reachable(ground, handle));
        log.info({ sandbox: name, id: handle.id, url: sandbox.url }, "sandbox.made");
        return sandbox;
      }),
    async find(name) {
      const handle = await findRunning(ground, name);
      return handle && sandboxAtModal(ground, handle, await reachAnew(ground, handle));
    },
    headers: (name) => headersFor(ground, name),
    sleep: (name) =>
      inTurn(name, async () => {
        const token = await sleepAtModal(ground, name);
        log.info({ sandbox: name, image: token }, "sandbox.asleep");
        return token;
      }),
    snapshot: (name) => inTurn(name, () => snapshotAtModal(ground, name)),
    forget: (token) => forgetFiles(ground, token),
    destroy: (name) =>
      inTurn(name, async () => {
        const handle = await findRunning(ground, name);
        if (!handle) return;
        await terminate(ground, handle);
        log.info({ sandbox: name }, "sandbox.destroyed");
      }),
    list: () => listAtModal(ground, names),
    warning: async () => reachWarning(ground),
  };
}

function groundOf(options: ModalOptions): Ground {
  const { tokens, settings, instance, models, log, clock = systemClock } = options;
  const deadlines = { ...DEADLINES, ...options.deadlines };
  const connection = connectModal({ tokens, settings: settings.modal, clock, log, deadlines });
  return {
    ...{ connection, settings, instance, models, clock, log },
    image: imageBuilder(connection, { settings: settings.image, daemon: options.daemon, agents: options.agents }, log),
    things: namedThings(connection, () => keysSecret(connection, instance, models)),
    handles: new Map(),
  };
}
