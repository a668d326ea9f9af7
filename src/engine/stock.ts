/**
 * What a session's first sandbox starts from: a warm one that waits for it, else a golden snapshot of its repository, else nothing.
 * And whoever looks after these: at the start, every minute, and whenever one was taken or is ready.
 */
import { createHash } from "node:crypto";
import { createBell } from "../bell.ts";
import { pause } from "../clock.ts";
import { chooseAgent } from "../core/agent-choice.ts";
import type { Ms } from "../core/types.ts";
import { toThreadboxError } from "../errors.ts";
import type { WakeToken } from "../sandboxes/provider.ts";
import type { KnownSandbox } from "../store/sandboxes.ts";
import { STOP_WITHIN_MS } from "../workers.ts";
import { goldenLabel, goldenToken, lookAfterGolden } from "./stock-golden.ts";
import { createKeeping, endSandbox, type Keeping, type Shelf, type StockDeps } from "./stock-keeping.ts";
import { lookAfterWarm } from "./stock-warm.ts";

/** A warm one runs, its daemon answers, and nobody else gets it. Golden files may be gone when they are started from: see `lost`. */
export type Origin =
  | { is: "warm"; name: string; url: string; endsAt: Ms | null; prepared: string }
  | { is: "golden"; token: WakeToken }
  | { is: "cold" };

export interface Stock {
  /**
   * Asked again for the same session after a crash, it is the same warm one. `repository` is the name in threadbox.yml. `worked`: the
   * session has worked in its sandbox; as long as that runs, it keeps it and what is in it, although the daemon may be silent.
   */
  take(session: string, repository: string | null, worked?: boolean): Promise<Origin>;
  /** The provider has lost what `take` gave: it is given to nobody any more, and `take` gives something else. */
  lost(origin: Origin): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

/** A minute without a warm one is what a mention may meet at worst, after the provider has ended the others. */
const LOOK_EVERY_MS = 60_000;
/** A warm daemon answers in milliseconds, through a tunnel in a tenth of a second. Somebody is waiting. */
const ANSWERS_WITHIN_MS = 3_000;

export function createStock(deps: StockDeps): Stock {
  const closing = new AbortController();
  const bell = createBell();
  const keeping = createKeeping(deps, closing.signal, bell.ring);
  let looking = Promise.resolve();
  const goOn = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await look(keeping);
      await bell.heardWithin(deps.clock, LOOK_EVERY_MS);
    }
  };
  return {
    async take(session, repository, worked = false) {
      const shelf = shelfOf(deps, repository, await deps.daemon());
      if (!shelf) return { is: "cold" };
      if (shelf.warm > 0) {
        const warm = await takeWarm(keeping, shelf, session, worked);
        bell.ring();
        if (warm) return warm;
      }
      const token = await goldenToken(deps, shelf);
      return token === null ? { is: "cold" } : { is: "golden", token };
    },
    async lost(origin) {
      if (origin.is === "golden") await deps.store.forgetToken(origin.token);
      if (origin.is === "warm") await giveUp(keeping, origin.name);
      bell.ring();
    },
    start() {
      looking = goOn();
    },
    async stop() {
      closing.abort();
      bell.ring();
      const over = looking.then(() => keeping.settled());
      // What is under way then is ended by whichever bot looks next.
      await Promise.race([over, pause(deps.clock, STOP_WITHIN_MS)]);
    },
  };
}

/** Each part by itself: a defect in one must not empty the other. */
async function look(keeping: Keeping): Promise<void> {
  const { deps } = keeping;
  for (const part of [lookAfterGolden, lookAfterWarm]) {
    try {
      await part(keeping, await shelvesOf(deps));
    } catch (thrown) {
      const { code, detail, cause } = toThreadboxError(thrown);
      deps.log.warn({ code, detail, err: cause }, "stock.look-failed");
    }
  }
}

async function shelvesOf(deps: StockDeps): Promise<Shelf[]> {
  const daemon = await deps.daemon();
  return deps.repositories.flatMap(({ name }) => shelfOf(deps, name, daemon) ?? []);
}

/** GitHub's payloads write a repository's name as it is spelled there, threadbox.yml as somebody typed it. */
function shelfOf({ repositories, sandboxes, settings }: StockDeps, name: string | null, daemon: string): Shelf | null {
  const repository = repositories.find((one) => one.name.toLowerCase() === name?.toLowerCase());
  const wanted = repository && sandboxes.repositories[repository.name];
  if (!wanted || (wanted.goldenEveryMs === null && wanted.warm === 0)) return null;
  const { url, base, setup = null } = repository;
  const { agent } = chooseAgent({ thread: {}, repository, bot: settings }, settings.agents);
  const { goldenEveryMs, warm, ...mounts } = wanted;
  // Everything that is in such a sandbox or around it from its start on. The network is: what was shut off since, is open there.
  const madeFrom = [repository.name, url, base, setup, agent?.name, daemon, sandboxes.image, sandboxes.modal, mounts];
  const prepared = createHash("sha256").update(JSON.stringify(madeFrom)).digest("hex").slice(0, 16);
  return { repository, goldenEveryMs, warm, prepared, label: goldenLabel(repository.name) };
}

async function takeWarm(keeping: Keeping, shelf: Shelf, session: string, worked: boolean): Promise<Origin | null> {
  const { deps } = keeping;
  const { prepared } = shelf;
  const wanted = { provider: deps.provider.kind, repository: shelf.repository.name, prepared };
  for (let own = worked; ; own = false) {
    const taken = await deps.store.takeWarm(session, wanted);
    if (!taken) return null;
    const { name, url, endsAt } = taken;
    const isGood = async (at: string) => (own ? runs(deps, name) : answers(deps, { name, url: at }));
    if (url !== null && (await isGood(url)))
      return { is: "warm", name, url, endsAt: endsAt?.getTime() ?? null, prepared };
    deps.log.warn({ sandbox: name, session }, "stock.dead");
    await withdraw(keeping, taken);
  }
}

/** Throws when nobody can tell: better to fail and to be asked again than to end it with somebody's work. */
const runs = async ({ provider }: StockDeps, name: string): Promise<boolean> => (await provider.find(name)) !== null;

async function answers(deps: StockDeps, sandbox: { name: string; url: string }): Promise<boolean> {
  const asked = deps.connect(sandbox).status();
  const answered = asked.then(
    () => true,
    () => false,
  );
  return Promise.race([answered, pause(deps.clock, ANSWERS_WITHIN_MS).then(() => false)]);
}

async function giveUp(keeping: Keeping, name: string): Promise<void> {
  const row = (await keeping.deps.store.knownSandboxes()).find((one) => one.name === name);
  if (row) await withdraw(keeping, row);
}

/** Whoever waits for a sandbox does not wait for the end of a dead one. */
async function withdraw(keeping: Keeping, row: KnownSandbox): Promise<void> {
  const { deps } = keeping;
  if (!(await deps.store.withdraw(row, new Date(deps.clock.now())))) return;
  keeping.begin("end", `end ${row.name}`, () => endSandbox(deps, row.name));
}
