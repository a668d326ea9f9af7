/**
 * Warm sandboxes: for each repository as many as its team wants, running, with the repository in them, for the next mention. Each is
 * written down before it is started, so that all bots count the same and none is left behind by a crash.
 */
import { randomBytes } from "node:crypto";
import type { Ms } from "../core/types.ts";
import { ThreadboxError } from "../errors.ts";
import type { Sandbox } from "../sandboxes/provider.ts";
import type { KnownSandbox } from "../store/sandboxes.ts";
import { goldenToken, SETTLED_AFTER_MS } from "./stock-golden.ts";
import { endSandbox, type Keeping, type Shelf, type StockDeps } from "./stock-keeping.ts";
import { prepare, SILENT_AFTER_MS, whileBusy } from "./stock-prepare.ts";

/** Before its provider ends it, it is replaced: a session that got it later would have to be carried over at once. */
const BEFORE_END_MS = 60 * 60_000;
/** Of a life that is short itself. */
const SHARE_OF_LIFE = 0.2;
/** One that is gone so soon was not ended by its age: another one would probably go the same way. */
const GONE_EARLY_MS = 5 * 60_000;

/** Begins to end what is of no use, then to start what is missing. */
export async function lookAfterWarm(keeping: Keeping, shelves: Shelf[]): Promise<void> {
  const { store, provider } = keeping.deps;
  const rows = (await store.knownSandboxes()).filter(
    (row) => row.provider === provider.kind && row.kind !== "person" && row.takenBy === null,
  );
  await endUseless(keeping, shelves, rows);
  for (const shelf of shelves) await fillUp(keeping, shelf);
}

async function endUseless(keeping: Keeping, shelves: Shelf[], rows: KnownSandbox[]): Promise<void> {
  const { deps } = keeping;
  const running = await runningNames(deps, rows);
  for (const row of rows) {
    if (keeping.free("end") <= 0) return;
    const why = useless(row, shelves, rows, deps.clock.now()) ?? (await goneOf(deps, row, running));
    if (why === null || !(await deps.store.withdraw(row, new Date(deps.clock.now())))) continue;
    const early = row.createdAt.getTime() + GONE_EARLY_MS > deps.clock.now();
    if (why === "gone" && early && row.repository !== null) keeping.failed(warmOf(row.repository));
    deps.log.info({ sandbox: row.name, repository: row.repository, why }, "stock.withdrawn");
    keeping.begin("end", `end ${row.name}`, () => endSandbox(deps, row.name));
  }
}

type Why = "abandoned" | "out-of-date" | "old" | "too-many" | "gone";

function useless(row: KnownSandbox, shelves: Shelf[], rows: KnownSandbox[], now: Ms): Why | null {
  const age = now - row.createdAt.getTime();
  if (row.url === null) return age > SILENT_AFTER_MS ? "abandoned" : null;
  const shelf = shelves.find(({ repository }) => repository.name === row.repository);
  if (!shelf || shelf.prepared !== row.prepared) return age > SETTLED_AFTER_MS ? "out-of-date" : null;
  const ready = rows.filter((one) => one.url && one.prepared === shelf.prepared && isFresh(one, now));
  // Only when those that replace it can be had.
  if (!isFresh(row, now)) return ready.length >= shelf.warm ? "old" : null;
  return ready.indexOf(row) >= shelf.warm && age > SETTLED_AFTER_MS ? "too-many" : null;
}

function isFresh({ endsAt, createdAt }: KnownSandbox, now: Ms): boolean {
  if (endsAt === null) return true;
  const margin = Math.min(BEFORE_END_MS, (endsAt.getTime() - createdAt.getTime()) * SHARE_OF_LIFE);
  return endsAt.getTime() - margin > now;
}

/** Null when nobody can tell. */
async function runningNames({ provider }: StockDeps, rows: KnownSandbox[]): Promise<Set<string> | null> {
  if (!rows.some(({ url }) => url !== null)) return null;
  const listed = await provider.list().catch(() => null);
  return listed && new Set(listed.map(({ name }) => name));
}

/** A list may lag behind; that it is gone is believed of the sandbox itself. */
async function goneOf({ provider }: StockDeps, row: KnownSandbox, running: Set<string> | null): Promise<"gone" | null> {
  if (row.url === null || running === null || running.has(row.name)) return null;
  return (await provider.find(row.name).catch(() => "unknown")) === null ? "gone" : null;
}

const warmOf = (repository: string): string => `warm/${repository}`;

async function fillUp(keeping: Keeping, shelf: Shelf): Promise<void> {
  const { deps } = keeping;
  const { name: repository } = shelf.repository;
  const what = warmOf(repository);
  const max = keeping.free("warm");
  if (shelf.warm === 0 || max <= 0 || !keeping.mayTry(what)) return;
  const now = deps.clock.now();
  const names = await deps.store.fillUp(
    { provider: deps.provider.kind, repository, prepared: shelf.prepared },
    { count: shelf.warm, counts: (row) => isFresh(row, now), max, name: newName, now: new Date(now) },
  );
  for (const name of names) keeping.begin("warm", what, () => startWarm(keeping, shelf, name));
}

/** 50 bits, as sessions have. */
const newName = (): string => {
  const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  return `threadbox-warm-${Array.from(randomBytes(10), (byte) => alphabet[byte & 31]).join("")}`;
};

async function startWarm({ deps, signal }: Keeping, shelf: Shelf, name: string): Promise<void> {
  const { repository } = shelf;
  try {
    await whileBusy(deps, name, async () => {
      const sandbox = await deps.boot(await startFrom(deps, shelf, name), shelf.repository.name);
      await prepare(deps, sandbox, repository, signal);
      if (await deps.store.sandboxIsUp(sandbox.name, sandbox.url, sandbox.endsAt)) return;
      throw new ThreadboxError("sandbox.lost", "Another bot has taken it for abandoned.");
    });
  } catch (thrown) {
    await endSandbox(deps, name);
    throw thrown;
  }
}

async function startFrom(deps: StockDeps, shelf: Shelf, name: string): Promise<Sandbox> {
  const { provider, store } = deps;
  const { name: repository } = shelf.repository;
  const from = await goldenToken(deps, shelf);
  try {
    return await provider.start(name, { from, repository });
  } catch (thrown) {
    if (from === null || !(thrown instanceof ThreadboxError && thrown.code === "sandbox.lost")) throw thrown;
    await store.forgetToken(from);
    return provider.start(name, { from: null, repository });
  }
}
