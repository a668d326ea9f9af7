/** Snapshots by their labels: found, refused when they are over, and written down. */
import { ThreadboxError } from "../errors.ts";
import type { KnownSnapshot } from "../store/sandboxes.ts";
import { Refused } from "./failure.ts";
import { type Found, repositoryOf } from "./sandbox-find.ts";
import { pick, shortName } from "./sandbox-names.ts";
import type { OpenSandboxes } from "./sandbox-open.ts";

/** The snapshot of that label, of the only label that begins so, or with that token; null when there is none. Throws `sandbox.ambiguous`. */
export async function lookForSnapshot({ store }: OpenSandboxes, wanted: string): Promise<KnownSnapshot | null> {
  const snapshots = await store.knownSnapshots();
  return snapshots.find(({ token }) => token === wanted) ?? pick(wanted, snapshots, ({ label }) => [label]);
}

/** Throws where nothing can be started from it, before anything is started. */
export function mustBeUsable({ provider }: OpenSandboxes, { label, provider: kind, expiresAt }: KnownSnapshot): void {
  if (kind !== provider.kind)
    throw new Refused(
      `The snapshot ${label} is one of the provider ${kind}, and ${provider.kind} is set.`,
      `Set THREADBOX_PROVIDER=${kind}.`,
    );
  if (isOver({ expiresAt }))
    throw new ThreadboxError("sandbox.expired", `The snapshot ${label} expired on ${expiresAt?.toISOString() ?? ""}.`);
}

export const isOver = ({ expiresAt }: Pick<KnownSnapshot, "expiresAt">): boolean =>
  expiresAt !== null && expiresAt.getTime() <= Date.now();

export async function mustBeFree({ store }: OpenSandboxes, label: string): Promise<void> {
  const snapshots = await store.knownSnapshots();
  if (snapshots.some((one) => one.label === label)) throw labelTaken(label);
}

const labelTaken = (label: string): Refused =>
  new Refused(
    `There is a snapshot ${label} already.`,
    "Choose another label, or say --replace to give the label to the new one.",
  );

/** Takes a snapshot of a running sandbox and writes it down. Files under a label that is taken meanwhile are given up again. */
export async function keepSnapshot(
  { provider, store, log }: OpenSandboxes,
  found: Found,
  { label, replace }: { label: string; replace: boolean },
): Promise<{ token: string; expiresAt: Date | null }> {
  const token = await provider.snapshot(found.name);
  const { keepsFilesMs, kind } = provider;
  const expiresAt = keepsFilesMs === null ? null : new Date(Date.now() + keepsFilesMs);
  const row = { label, provider: kind, token, repository: repositoryOf(found), prepared: null, expiresAt };
  try {
    if (!replace && !(await store.addSnapshot(row))) throw labelTaken(label);
    const before = replace ? await store.replaceSnapshot(row) : null;
    if (before !== null)
      await provider.forget(before).catch((error: unknown) => log.warn({ err: error, label }, "snapshot.left-behind"));
    return { token, expiresAt };
  } catch (thrown) {
    await provider.forget(token).catch(() => undefined);
    throw thrown;
  }
}

export async function dropSnapshot({ provider, store }: OpenSandboxes, label: string): Promise<void> {
  const snapshot = (await store.knownSnapshots()).find((one) => one.label === label);
  if (!snapshot) return;
  if (snapshot.provider === provider.kind) await provider.forget(snapshot.token);
  await store.forgetSnapshot(label);
}

/** Under which a fork's own snapshot stands until the fork has its files. */
export const forkLabel = (name: string): string => `fork/${shortName(name)}`;
