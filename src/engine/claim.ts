/**
 * The right to work on one session. Every write of a holder goes through it, in a transaction that first looks whether the
 * session is still its own: a bot that slept through its lease is refused at its next word, and goes no further.
 */
import type { Session } from "../core/types.ts";
import type { Tx } from "../store/database.ts";
import type { Store } from "../store/store.ts";
import type { StreamPosition } from "../wire/events.ts";

/** Another bot has the session now. */
export class Fenced extends Error {}

/** Writes of whoever holds a session. Rejects with `Fenced` when that is another bot by now, and writes nothing then. */
export type Write = <T>(work: (tx: Tx, session: Session) => Promise<T>) => Promise<T>;

export interface Claim {
  session: string;
  /** Counts the claims of this session; sent along with every write. */
  epoch: number;
  /** How far its stream was read by whoever held it before. */
  stream: StreamPosition;
  write: Write;
}

/** What there is to know before a session is taken. */
interface Wanted {
  id: string;
  owner: string;
  /** Whether it is this bot's turn, asked while the session is locked. */
  isOurs(tx: Tx): Promise<boolean>;
}

/**
 * Takes the session: whatever an earlier holder writes from now on is refused. Throws `Fenced` where there is no such session, or where
 * it is not ours to take: a bot that was held still since it fetched the job would take it from whoever has it by now.
 */
export async function claimSession(
  store: Pick<Store, "claim" | "lock" | "transaction">,
  { id, owner, isOurs }: Wanted,
): Promise<Claim> {
  const { epoch, stream } = await store.transaction(async (tx) => {
    const claimed = await store.claim(tx, id, owner);
    if (!claimed || !(await isOurs(tx))) throw new Fenced();
    return claimed;
  });
  return {
    session: id,
    epoch,
    stream,
    write: (work) =>
      store.transaction(async (tx) => {
        const session = await store.lock(tx, id, epoch);
        if (!session) throw new Fenced();
        return work(tx, session);
      }),
  };
}

/** For writes of one statement, which look for themselves. Throws `Fenced` when it was not written. */
export async function fenced(written: Promise<boolean>): Promise<void> {
  if (!(await written)) throw new Fenced();
}
