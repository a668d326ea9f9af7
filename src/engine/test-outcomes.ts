/** What an answer says of tests: what the agent's commands tell, or that there was none although something was changed. */
import type { Effect } from "../core/decision.ts";
import { outcomesOf } from "../core/test-outcomes.ts";
import type { Session, TestOutcome } from "../core/types.ts";
import type { EngineDeps } from "./ports.ts";

/** Null where nothing can be said: nothing was run and nothing changed, or nobody has kept what was run. */
export async function testsOf(
  { store }: Pick<EngineDeps, "store">,
  session: Session,
  { turn, result }: Pick<Extract<Effect, { do: "answer" }>, "turn" | "result">,
): Promise<TestOutcome[] | null> {
  const runs = (await store.turn(turn))?.progress?.tests;
  if (!runs || runs.length > 0) return runs ? outcomesOf(runs) : null;
  // A session's changes are told again at the end of each turn; those of this turn have another tip.
  const isChanged = result.commit !== undefined && result.commit !== (await store.pushedBefore(session.id, turn));
  return isChanged ? [] : null;
}
