/**
 * Makes a person's sandbox, the same for `create` and `fork`. It is written down before it is started and taken back when anything goes
 * wrong or somebody presses ctrl-c, so that no machine runs that nobody knows of.
 */
import { pause, systemClock } from "../clock.ts";
import { whileBusy } from "../engine/stock-prepare.ts";
import { ThreadboxError, toThreadboxError } from "../errors.ts";
import type { Sandbox, StartProgress } from "../sandboxes/provider.ts";
import { Interrupted, Refused } from "./failure.ts";
import { fullName, madeUpName, shortName } from "./sandbox-names.ts";
import type { OpenSandboxes } from "./sandbox-open.ts";
import { dropSnapshot, forkLabel } from "./sandbox-snapshots.ts";
import { openSteps } from "./sandbox-steps.ts";
import { onInterrupt } from "./signals.ts";

export interface Wanted {
  /** Made up when it is null. */
  name: string | null;
  from: From | null;
  /** Name of the repository that it is for. */
  repository: string | null;
  daemon: boolean;
  /** What is done with it once its daemon answers, before it counts as made. */
  prepare(sandbox: Sandbox, progress: Progress): Promise<void>;
}

/** Files to start from. */
export interface From {
  /** For people: "the snapshot golden". */
  called: string;
  /** Asked once the name of the new sandbox is its own. */
  token(name: string): Promise<string>;
  /** Started without them when the provider has lost them: nobody has asked for these very files. */
  optional?: boolean;
}

export interface Progress extends StartProgress {
  /** What a person should still see when it is over. */
  note(text: string): void;
  /** Aborted when somebody does not want it any more. */
  signal: AbortSignal;
}

export interface Made {
  /** Without the prefix, as people type it. */
  name: string;
  sandbox: Sandbox;
  tookMs: number;
}

export async function makeSandbox(sandboxes: OpenSandboxes, wanted: Wanted): Promise<Made> {
  const left = new AbortController();
  const steps = openSteps();
  const giveBack = onInterrupt(() => {
    steps.end();
    steps.note("Taking back what was started; press Ctrl-C again to leave at once.");
    left.abort();
  });
  try {
    return await makeOrTakeBack(sandboxes, wanted, { ...steps, signal: left.signal });
  } catch (thrown) {
    throw left.signal.aborted ? new Interrupted() : thrown;
  } finally {
    giveBack();
    steps.end();
  }
}

async function makeOrTakeBack(sandboxes: OpenSandboxes, wanted: Wanted, progress: Progress): Promise<Made> {
  const beganAt = Date.now();
  const name = await claimName(sandboxes, wanted);
  const machine = starting(sandboxes, name, wanted, progress);
  try {
    const preparing = whileBusy({ ...sandboxes, clock: systemClock }, name, () =>
      prepared(sandboxes, machine, wanted, progress),
    );
    const sandbox = await unlessLeft(progress, preparing);
    return { name: shortName(name), sandbox, tookMs: Date.now() - beganAt };
  } catch (thrown) {
    const { code, detail } = toThreadboxError(thrown);
    // Somebody else's machine has the name: there is nothing of ours to end.
    if (code === "sandbox.name-taken") await sandboxes.store.forgetSandbox(null, name);
    else await takeBack(sandboxes, { name, machine }, progress);
    if (code !== "sandbox.boot-timeout") throw thrown;
    throw new Refused(
      detail,
      "It was taken back. Try again; create --no-daemon starts the machine without its daemon.",
    );
  }
}

/** A row of its own for the name: whoever comes second is refused, and nothing was started yet. */
async function claimName({ store, provider, open }: OpenSandboxes, wanted: Wanted): Promise<string> {
  for (let tries = 0; tries < MADE_UP_TRIES; tries++) {
    const name = fullName(wanted.name ?? madeUpName());
    const { repository } = wanted;
    const session = await open.db
      .selectFrom("sessions")
      .select("id")
      .where("id", "=", shortName(name))
      .executeTakeFirst();
    // A machine that runs under that name would be taken for the new one, with whatever is in it.
    const free = !session && !(await provider.find(name));
    const row = { name, provider: provider.kind, kind: "person", repository, prepared: null } as const;
    if (free && (await store.addSandbox(row))) return name;
    if (wanted.name !== null) throw new ThreadboxError("sandbox.name-taken", `There is a sandbox ${shortName(name)}.`);
  }
  throw new ThreadboxError("sandbox.name-taken", "Every name that was made up is taken.");
}

/** Of a thousand names; whoever has that many sandboxes gives names of their own. */
const MADE_UP_TRIES = 20;

async function starting(sandboxes: OpenSandboxes, name: string, wanted: Wanted, progress: Progress): Promise<Sandbox> {
  const { step, note, signal } = progress;
  signal.throwIfAborted();
  const { provider } = sandboxes;
  const start = (from: string | null): Promise<Sandbox> =>
    provider.start(name, { from, progress, repository: wanted.repository ?? undefined });
  const { from } = wanted;
  step(from ? `starting the sandbox from ${from.called}` : STARTING[provider.kind]);
  if (!from) return start(null);
  try {
    const token = await from.token(name);
    signal.throwIfAborted();
    return await start(token).catch((thrown: unknown) => {
      if (toThreadboxError(thrown).code !== "sandbox.lost") throw thrown;
      if (!from.optional)
        throw new ThreadboxError("sandbox.expired", `The files of ${from.called} are gone.`, { cause: thrown });
      note(`The files of ${from.called} are gone; it starts without them.`);
      return start(null);
    });
  } finally {
    const label = forkLabel(name);
    await dropSnapshot(sandboxes, label).catch(() => note(`The snapshot ${label} could not be dropped.`));
  }
}

const STARTING = {
  local: "starting the sandbox",
  // Which it does in a second; one that has changed is built first.
  modal: "looking for the image",
} as const;

async function prepared(
  { boot, store }: OpenSandboxes,
  machine: Promise<Sandbox>,
  { daemon, prepare }: Wanted,
  progress: Progress,
): Promise<Sandbox> {
  const started = await machine;
  progress.signal.throwIfAborted();
  if (daemon) progress.step("starting the daemon");
  const sandbox = daemon ? await boot(started) : started;
  progress.signal.throwIfAborted();
  if (!(await store.sandboxIsUp(sandbox.name, sandbox.url, sandbox.endsAt)))
    throw new Refused("Somebody has destroyed it meanwhile.", "Run it again when you want it.");
  if (daemon) await prepare(sandbox, progress);
  return sandbox;
}

/** Most steps cannot be called off: what they come to is of no interest then. */
function unlessLeft<T>({ signal }: Progress, work: Promise<T>): Promise<T> {
  const left = new Promise<never>((_, reject) => {
    const stop = (): void => reject(new Refused("Interrupted.", ""));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
  });
  return Promise.race([work, left]);
}

/** A machine that is still being started when it is destroyed could come up afterwards, so it is waited for first. */
const SETTLED_WITHIN_MS = 30_000;

async function takeBack(
  { provider, store }: OpenSandboxes,
  { name, machine }: { name: string; machine: Promise<Sandbox> },
  { note }: Progress,
): Promise<void> {
  let settled = false;
  const ended = machine.then(
    () => undefined,
    () => undefined,
  );
  const settling = ended.then(() => {
    settled = true;
  });
  await Promise.race([settling, pause(systemClock, SETTLED_WITHIN_MS)]);
  try {
    await provider.destroy(name);
    // The row of one that may still come up stays: the bot and `destroy` find it by that.
    if (settled) return await store.forgetSandbox(null, name);
    note(`The provider has not answered yet. Make sure of it with: threadbox destroy ${shortName(name)}`);
  } catch (thrown) {
    const { detail } = toThreadboxError(thrown);
    note(`It could not be taken back: ${detail} Do so with: threadbox destroy ${shortName(name)}`);
  }
}
