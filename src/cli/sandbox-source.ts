/** What a new sandbox can start from: a label, a snapshot's own id, or another sandbox as it is now. */
import { ThreadboxError, toThreadboxError } from "../errors.ts";
import type { From } from "./sandbox-create.ts";
import { type Found, lookFor, namesOf, repositoryOf, runningOne } from "./sandbox-find.ts";
import { shortName } from "./sandbox-names.ts";
import type { OpenSandboxes } from "./sandbox-open.ts";
import { forkLabel, isOver, keepSnapshot, lookForSnapshot, mustBeUsable } from "./sandbox-snapshots.ts";

export interface Source {
  from: From;
  /** Name of the repository that those files are of. */
  repository: string | null;
}

/** Throws `sandbox.unknown`, `sandbox.ambiguous` and `sandbox.expired`. */
export async function snapshotSource(sandboxes: OpenSandboxes, wanted: string): Promise<Source> {
  const source = await lookForSource(sandboxes, wanted);
  if (source) return source;
  throw new ThreadboxError("sandbox.unknown", `There is no snapshot ${JSON.stringify(wanted)}.`);
}

async function lookForSource(sandboxes: OpenSandboxes, wanted: string): Promise<Source | null> {
  const snapshot = await lookForSnapshot(sandboxes, wanted);
  if (!snapshot) return null;
  mustBeUsable(sandboxes, snapshot);
  const { token, label, repository } = snapshot;
  return { from: { called: `the snapshot ${label}`, token: async () => token }, repository };
}

/** The prepared snapshot of a repository, while there is one. */
export async function goldenSource({ store, provider }: OpenSandboxes, repository: string): Promise<Source | null> {
  const label = `golden/${repository}`;
  const golden = (await store.knownSnapshots()).find((one) => one.label === label);
  if (!golden || golden.provider !== provider.kind || isOver(golden)) return null;
  const { token } = golden;
  const called = `the prepared snapshot ${label}`;
  return { from: { called, token: async () => token, optional: true }, repository };
}

/** Whatever `fork` takes. Of a sandbox that runs, a snapshot is taken for this one start. */
export async function anySource(sandboxes: OpenSandboxes, wanted: string): Promise<Source> {
  const snapshots = await sandboxes.store.knownSnapshots();
  // A label that is typed in full is that label, whatever else begins so; else a sandbox and a label may both be meant.
  const exact = snapshots.some(({ label, token }) => label === wanted || token === wanted);
  const found = exact ? null : await lookFor(sandboxes, wanted);
  if (!found) {
    const source = await lookForSource(sandboxes, wanted);
    if (source) return source;
    throw new ThreadboxError("sandbox.unknown", `There is no snapshot and no sandbox ${JSON.stringify(wanted)}.`);
  }
  const begun = snapshots.filter(({ label }) => label.startsWith(wanted)).map(({ label }) => label);
  if (begun.length > 0 && !namesOf(found).includes(shortName(wanted))) {
    const meant = [...begun.map((label) => `the snapshot ${label}`), `the sandbox ${shortName(found.name)}`];
    throw new ThreadboxError("sandbox.ambiguous", `${JSON.stringify(wanted)} can mean ${meant.join(", ")}.`);
  }
  return sandboxSource(sandboxes, found);
}

async function sandboxSource(sandboxes: OpenSandboxes, found: Found): Promise<Source> {
  const repository = repositoryOf(found);
  const { session } = found;
  // Of one that sleeps there are files already.
  if (session?.sandbox.is === "asleep") {
    const { token } = session.sandbox;
    return { from: { called: `session ${session.id}`, token: async () => token }, repository };
  }
  const left = found.is === "person" ? await leftFiles(sandboxes, found) : null;
  if (left !== null)
    return { from: { called: `what ${shortName(found.name)} has left`, token: async () => left }, repository };
  await runningOne(sandboxes, found);
  const token = async (name: string): Promise<string> => {
    const label = forkLabel(name);
    const kept = await keepSnapshot(sandboxes, found, { label, replace: true });
    return kept.token;
  };
  return { from: { called: `the sandbox ${shortName(found.name)} as it is now`, token }, repository };
}

/** Of one that does not run any more, where its provider still has them: after this machine was started anew, say. */
async function leftFiles({ provider }: OpenSandboxes, { name, row }: Found): Promise<string | null> {
  if (row?.provider !== provider.kind || (await provider.find(name))) return null;
  return provider.sleep(name).catch((thrown: unknown) => {
    if (toThreadboxError(thrown).code === "sandbox.lost") return null;
    throw thrown;
  });
}
