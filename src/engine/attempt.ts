/** One attempt at one effect: done, to be tried again, or given up. */
import type { SessionEvent } from "../core/decision.ts";
import type { Session } from "../core/types.ts";
import { toThreadboxError } from "../errors.ts";
import type { PendingEffect } from "../store/effects.ts";
import { type Claim, Fenced, fenced } from "./claim.ts";
import { givenUp, retryInMs } from "./give-up.ts";
import { belongsTo } from "./happenings.ts";
import { perform } from "./perform.ts";
import type { EngineDeps } from "./ports.ts";

/** `event` is what it means for the session. */
export type Outcome = { is: "over"; event: SessionEvent | null; error: string | null } | { is: "again"; inMs: number };

/** Never rejects for what the outside did; with `Fenced` when the session is another bot's now. */
export async function attempt(deps: EngineDeps, row: PendingEffect, session: Session, claim: Claim): Promise<Outcome> {
  const startedAt = deps.clock.now();
  const told = () => ({
    ...{ at: deps.clock.now(), bot: deps.settings.owner, durationMs: deps.clock.now() - startedAt },
    ...{ ...belongsTo(row.effect, session), effect: row.effect.do, id: row.id, attempt: row.attempts + 1 },
  });
  await fenced(deps.store.countAttempt(claim, row.id));
  deps.reached?.(`${row.effect.do}.begun`);
  try {
    const doing = { session, id: row.id, again: row.attempts > 0, write: claim.write };
    const event = await perform(deps, row.effect, doing);
    deps.reached?.(`${row.effect.do}.sent`);
    deps.tell?.({ type: "effect.done", ...told() });
    return { is: "over", event, error: null };
  } catch (thrown) {
    if (thrown instanceof Fenced) throw thrown;
    const error = toThreadboxError(thrown);
    const retryMs = retryInMs(error, row.attempts + 1, row.effect.do);
    const { code, detail, cause } = error;
    const outcome = retryMs === null ? "given-up" : "again";
    deps.tell?.({ type: "effect.failed", ...told(), outcome, code, detail, retryInMs: retryMs, cause });
    if (retryMs !== null) return { is: "again", inMs: retryMs };
    return { is: "over", event: givenUp(row.effect, session, error), error: error.message };
  }
}
