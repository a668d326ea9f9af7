/**
 * Golden snapshots: for each repository that wants one, files of a sandbox in which it is cloned and set up, for sessions and warm
 * ones to start from. Made anew on a schedule, and when what it was made from has changed. One bot makes one at a time: whoever has
 * written down its sandbox.
 */
import { createHash } from "node:crypto";
import { text } from "node:stream/consumers";
import { ThreadboxError, toThreadboxError } from "../errors.ts";
import type { Sandbox, WakeToken } from "../sandboxes/provider.ts";
import { endSandbox, type Keeping, type Shelf, type StockDeps } from "./stock-keeping.ts";
import { prepare, whileBusy } from "./stock-prepare.ts";

/** Labels that people give have no such beginning, because a repository's name follows. */
const PREFIX = "golden/";
export const goldenLabel = (repository: string): string => `${PREFIX}${repository}`;

/**
 * Two versions of the bot beside each other, as during an update, each find what the other has made out of date. Without this they
 * would take turns in making it anew, without end.
 */
export const SETTLED_AFTER_MS = 10 * 60_000;
/** Before the provider deletes it, so that there is always one. */
const BEFORE_EXPIRY_MS = 60 * 60_000;

/** The files to start from, when there are some that are made from what the repository is now. */
export async function goldenToken({ store, provider, clock }: StockDeps, shelf: Shelf): Promise<WakeToken | null> {
  if (shelf.goldenEveryMs === null) return null;
  const golden = await store.snapshotOf(shelf.label);
  if (!golden || golden.provider !== provider.kind || golden.prepared !== shelf.prepared) return null;
  return golden.expiresAt && golden.expiresAt.getTime() <= clock.now() ? null : golden.token;
}

/** Begins what is due. */
export async function lookAfterGolden(keeping: Keeping, shelves: Shelf[]): Promise<void> {
  const { store, provider, clock } = keeping.deps;
  const snapshots = (await store.knownSnapshots()).filter((one) => one.provider === provider.kind);
  for (const shelf of shelves) await lookAfter(keeping, shelf);
  const wanted = new Set(shelves.flatMap(({ goldenEveryMs, label }) => (goldenEveryMs === null ? [] : [label])));
  for (const { label, token, createdAt } of snapshots) {
    const settled = createdAt.getTime() + SETTLED_AFTER_MS <= clock.now();
    if (!label.startsWith(PREFIX) || wanted.has(label) || !settled) continue;
    await store.forgetSnapshot(label);
    await forget(keeping.deps, token);
  }
}

async function lookAfter(keeping: Keeping, shelf: Shelf): Promise<void> {
  const { deps } = keeping;
  const { name: repository } = shelf.repository;
  const what = goldenLabel(repository);
  if (keeping.free("golden") === 0 || !keeping.mayTry(what) || !(await isDue(deps, shelf))) return;
  const name = sandboxFor(repository);
  const row = { name, provider: deps.provider.kind, kind: "golden", repository, prepared: shelf.prepared } as const;
  if (!(await deps.store.addSandbox({ ...row, createdAt: new Date(deps.clock.now()) }))) return;
  keeping.begin("golden", what, async () => {
    try {
      // Another bot may have finished it between the look and the row.
      if (await isDue(deps, shelf)) await whileBusy(deps, name, () => make(keeping, shelf, name));
    } finally {
      await endSandbox(deps, name);
    }
  });
}

async function isDue({ store, provider, clock }: StockDeps, shelf: Shelf): Promise<boolean> {
  if (shelf.goldenEveryMs === null) return false;
  const golden = await store.snapshotOf(shelf.label);
  if (!golden || golden.provider !== provider.kind) return true;
  const now = clock.now();
  const { prepared, createdAt, expiresAt } = golden;
  if (createdAt.getTime() + SETTLED_AFTER_MS > now) return false;
  const old = createdAt.getTime() + shelf.goldenEveryMs <= now;
  const ending = expiresAt !== null && expiresAt.getTime() - BEFORE_EXPIRY_MS <= now;
  return old || ending || prepared !== shelf.prepared;
}

/** One for each repository, so that nobody makes two at once. Repositories' names have characters that no provider allows. */
const sandboxFor = (repository: string): string =>
  `threadbox-golden-${createHash("sha256").update(repository).digest("hex").slice(0, 10)}`;

async function make({ deps, signal }: Keeping, shelf: Shelf, name: string): Promise<void> {
  const { provider, store, clock } = deps;
  const { repository, label, prepared } = shelf;
  // What was left by a bot that died is not gone on with: nobody knows how far it came.
  await provider.destroy(name);
  const started = await provider.start(name, { from: null, repository: repository.name });
  const sandbox = await deps.boot(started, repository.name);
  await prepare(deps, sandbox, repository, signal);
  await forgetItsPast(sandbox);
  const token = await provider.snapshot(name);
  const now = clock.now();
  const { keepsFilesMs } = provider;
  const before = await store.replaceSnapshot({
    label,
    provider: provider.kind,
    token,
    repository: repository.name,
    prepared,
    createdAt: new Date(now),
    expiresAt: keepsFilesMs === null ? null : new Date(now + keepsFilesMs),
  });
  if (before !== null && before !== token) await forget(deps, before);
}

/**
 * The daemon's journal, with the names of its history and of the agent's conversation: every sandbox that starts from the snapshot
 * has to begin its own. With one history for all, a reader who comes from another sandbox would skip as many events as it read there.
 * The daemon goes on with the file until it ends; a new one makes a new file.
 */
async function forgetItsPast(sandbox: Sandbox): Promise<void> {
  const remove = ["/bin/sh", "-c", 'rm -f "$1"/journal.db*', "sh", sandbox.state];
  const { stdin, stdout, stderr, exitCode } = await sandbox.exec(remove, { root: true });
  const complaint = text(stderr);
  const read = stdout.pipeTo(new WritableStream());
  // It may have ended before.
  await stdin.close().catch(() => undefined);
  const [code] = await Promise.all([exitCode, read]);
  if (code === 0) return;
  const detail = `The daemon's journal cannot be removed: ${(await complaint).trim()}`;
  throw new ThreadboxError("sandbox.snapshot-failed", detail);
}

/** Sessions that start from it right now find it gone, and start from the next one. */
async function forget({ provider, log }: StockDeps, token: WakeToken): Promise<void> {
  try {
    await provider.forget(token);
  } catch (thrown) {
    const { code, detail } = toThreadboxError(thrown);
    log.warn({ code, detail }, "stock.files-not-forgotten");
  }
}
