/** An emulated Modal with a bot's provider in front of it, as the tests of the provider need it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, type TestContext } from "node:test";
import { AT_MODAL, installationsOf } from "../../src/agent-packages.ts";
import { type ErrorCode, ThreadboxError } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import { type ModalOptions, modalProvider } from "../../src/sandboxes/modal.ts";
import type { SandboxProvider } from "../../src/sandboxes/provider.ts";
import type { ModalSettings, SandboxSettings } from "../../src/sandboxes/settings.ts";
import { PI_ALONE } from "../../src/team-agents.ts";
import { defaultSandboxes } from "../../src/team-sandboxes.ts";
import { available } from "../emulators/modal/machine-available.ts";
import { type ModalEmulator, modalEmulator, type SeenSandbox } from "../emulators/modal.ts";

/** Why there can be no machines here; null when there can. */
export const noMachines = await available();

export function daemonOf(text: string) {
  const bytes = Buffer.from(text);
  return async () => ({ bytes, sha256: createHash("sha256").update(bytes).digest("hex") });
}

const MODAL: ModalSettings = {
  ...defaultSandboxes.modal,
  lifetimeMs: 3_600_000,
  idleTimeoutMs: 600_000,
  keepsFilesMs: 86_400_000,
};

/** For `assert.rejects`. */
export function isCode(code: ErrorCode, detail = /./): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ThreadboxError, String(error));
    assert.equal(error.code, code, error.detail);
    assert.match(error.detail, detail);
    return true;
  };
}

export interface Bench {
  modal: ModalEmulator;
  /** A bot; called again, the same one after a restart, or another one. */
  bot(options?: Partial<ModalOptions>): SandboxProvider;
  settings(modal?: Partial<ModalSettings>, rest?: Partial<SandboxSettings>): SandboxSettings;
  /** Those of this bench, finished ones too. */
  sandboxes(): SeenSandbox[];
}

let apps = 0;

/** Everything is in an App of its own, so that tests that share an emulator do not meet. Its images they share, built once. */
export function benchOn(modal: ModalEmulator): Bench {
  const app = `app-${++apps}`;
  const settings: Bench["settings"] = (own = {}, rest = {}) => ({
    ...defaultSandboxes,
    ...rest,
    modal: { ...MODAL, app, ...own },
  });
  const { MODAL_SERVER_URL, MODAL_TOKEN_ID: id, MODAL_TOKEN_SECRET: secret } = modal.environment;
  return {
    modal,
    settings,
    sandboxes: () => modal.sandboxes().filter((sandbox) => sandbox.app === app),
    bot(options = {}) {
      // The SDK reads it when its client is made, and from nowhere else.
      process.env.MODAL_SERVER_URL = MODAL_SERVER_URL;
      return modalProvider({
        tokens: { id, secret },
        settings: settings(),
        instance: "this-bot",
        // Enough of one for tests that never start it.
        daemon: daemonOf("// nothing\n"),
        agents: installationsOf(PI_ALONE, AT_MODAL),
        models: {},
        log: createLog("silent"),
        ...options,
      });
    },
  };
}

let shared: Promise<ModalEmulator> | null = null;

/** On the one emulator of the test file, which nothing else uses meanwhile and which ends with it. */
export async function openBench(t: TestContext): Promise<Bench> {
  shared ??= modalEmulator();
  const modal = await shared;
  modal.forgetCalls();
  const bench = benchOn(modal);
  t.after(async () => {
    for (const { name, state } of bench.sandboxes()) if (name && state.is === "running") await modal.kill(name);
    assert.deepEqual(modal.faults.pending(), [], "a fault that nobody met");
  });
  return bench;
}

after(async () => (await shared)?.close());
