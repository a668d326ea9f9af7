/**
 * A repository in a sandbox before any session has it: cloned, on its base, set up, and with nobody's secrets left behind. Golden
 * snapshots are taken of such a sandbox, and warm ones wait as one.
 */
import { every, pause } from "../clock.ts";
import type { Ms, Repository } from "../core/types.ts";
import { ThreadboxError } from "../errors.ts";
import type { Sandbox } from "../sandboxes/provider.ts";
import type { EngineDeps } from "./ports.ts";
import { credentialsFor, initFor } from "./send.ts";

type PrepareDeps = Pick<EngineDeps, "connect" | "forge" | "provider" | "settings" | "clock">;

/** The daemon gives a setup command half an hour; the clone before it takes minutes at most. */
const WITHIN_MS = 45 * 60_000;
const ASK_EVERY_MS = 2_000;
/** Enough for what a setup command said last. */
const LOG_BYTES = 2_000;

/** Throws what went wrong; the sandbox is then of no use. Ends early, with an error, when `signal` says so. */
export async function prepare(
  deps: PrepareDeps,
  sandbox: Sandbox,
  repository: Repository,
  signal: AbortSignal,
): Promise<void> {
  const located = await deps.forge.locate(repository);
  const daemon = deps.connect(sandbox);
  // Keys of models lie in files of the daemon, and nobody here needs a model. Git's are in its memory only.
  const withoutKeys = { forge: deps.forge, settings: { ...deps.settings, models: {}, logins: undefined } };
  await daemon.credentials(await credentialsFor(withoutKeys, { repository: located }));
  await daemon.init(await initFor(withoutKeys, { agent: null, model: null }, { repository: located }));
  await untilReady(deps, sandbox, located, signal);
  await daemon.credentials({ version: "1" });
}

async function untilReady(
  deps: PrepareDeps,
  sandbox: Sandbox,
  { id, name }: Repository,
  signal: AbortSignal,
): Promise<void> {
  const until = deps.clock.now() + WITHIN_MS;
  for (;;) {
    const state = await stateOf(deps, sandbox, id);
    if (state === "ready") return;
    if (state === "failed") throw await failure(sandbox, `${name} could not be prepared.`);
    if (deps.clock.now() >= until) throw await failure(sandbox, `${name} was not prepared in time.`);
    await pause(deps.clock, ASK_EVERY_MS, signal);
    if (signal.aborted) throw new ThreadboxError("sandbox.unavailable", "The bot was stopped meanwhile.");
  }
}

/** A daemon that is silent for a moment may be back; a machine that is gone is not. */
async function stateOf(deps: PrepareDeps, sandbox: Sandbox, id: string): Promise<"preparing" | "ready" | "failed"> {
  try {
    const { repositories } = await deps.connect(sandbox).status();
    return repositories.find((one) => one.id === id)?.is ?? "failed";
  } catch (cause) {
    if (await deps.provider.find(sandbox.name)) return "preparing";
    throw new ThreadboxError("sandbox.lost", "The sandbox does not run any more.", { cause });
  }
}

/** `/status` says that it failed; why, stands in the daemon's log. */
async function failure(sandbox: Sandbox, detail: string): Promise<ThreadboxError> {
  const log = (await sandbox.tail(`${sandbox.state}/daemon.log`, LOG_BYTES).catch(() => "")).trim();
  return new ThreadboxError("git.setup-failed", `${detail} The daemon's log ends with: ${log || "nothing"}`);
}

/** A row that no bot has spoken for in that time is nobody's: its bot has died. */
export const SILENT_AFTER_MS: Ms = 5 * 60_000;
const SPEAK_EVERY_MS = 60_000;

/** Speaks for the row of a sandbox while the work on it goes on. */
export async function whileBusy<T>(
  { store, clock }: Pick<EngineDeps, "store" | "clock">,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  const stop = every(clock, SPEAK_EVERY_MS, async () => {
    // A database that is away for a moment is no reason to stop: it is asked again in a minute.
    await store.stillBusy(name, new Date(clock.now())).catch(() => undefined);
  });
  try {
    return await work();
  } finally {
    stop();
  }
}
