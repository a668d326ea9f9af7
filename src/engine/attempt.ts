/** One attempt at one effect: done, to be tried again, or given up. */
import type { SessionEvent } from "../core/decision.ts";
import type { Session } from "../core/types.ts";
import { toThreadboxError } from "../errors.ts";
import type { PendingEffect } from "../store/effects.ts";
import { Fenced, type Write } from "./claim.ts";
import { givenUp, retryInMs } from "./give-up.ts";
import { perform } from "./perform.ts";
import type { EngineDeps } from "./ports.ts";

/** `event` is what it means for the session. */
export type Outcome = { is: "over"; event: SessionEvent | null; error: string | null } | { is: "again"; inMs: number };

/** Never rejects for what an adapter did; with `Fenced` when the session is another bot's now. */
export async function attempt(deps: EngineDeps, row: PendingEffect, session: Session, write: Write): Promise<Outcome> {
  const startedAt = deps.clock.now();
  const fields = { session: session.id, effect: row.effect.do, id: row.id, attempt: row.attempts + 1 };
  await write((tx) => deps.store.countAttempt(tx, row.id));
  deps.reached?.(`${row.effect.do}.begun`);
  try {
    const event = await perform(deps, row.effect, { session, id: row.id, again: row.attempts > 0, write });
    deps.reached?.(`${row.effect.do}.sent`);
    deps.log.info({ ...fields, outcome: "done", durationMs: deps.clock.now() - startedAt }, "effect.done");
    return { is: "over", event, error: null };
  } catch (thrown) {
    if (thrown instanceof Fenced) throw thrown;
    const error = toThreadboxError(thrown);
    const inMs = retryInMs(error, row.attempts + 1);
    deps.log.warn(
      {
        ...fields,
        outcome: inMs === null ? "given-up" : "again",
        code: error.code,
        detail: error.detail,
        retryInMs: inMs,
        err: error.cause,
      },
      "effect.failed",
    );
    if (inMs !== null) return { is: "again", inMs };
    return { is: "over", event: givenUp(row.effect, session, error), error: error.message };
  }
}
