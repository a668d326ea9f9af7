/** Leave to push (`publish: "ask"`): what a turn has done is committed first, and pushed only when somebody says that it may be. */
import type { PublishRequest } from "../wire/routes.ts";
import type { Checkout, Published } from "./checkout.ts";
import type { Journal } from "./journal.ts";
import type { RunningTurn } from "./turn.ts";

/** `no`: why, for the end of the turn. `stopped`: the turn was, before anybody said anything. */
export type Leave =
  | { is: "given"; published: Published | null }
  | { is: "no"; failure: { code: string; detail: string } }
  | { is: "stopped" };

export async function publishWithLeave(
  turn: RunningTurn,
  { checkout, subject, journal }: { checkout: Checkout; subject: string; journal: Pick<Journal, "append"> },
): Promise<Leave> {
  const committed = await checkout.commit(subject);
  if (!committed) return { is: "given", published: null };
  if (!committed.unpushed) return { is: "given", published: await checkout.publish(subject, committed.commit) };
  const said = await askFor(turn, checkout, journal);
  if (!said || turn.stop.signal.aborted) return { is: "stopped" };
  if (!said.allowed) return { is: "no", failure: { code: said.code, detail: said.detail } };
  const { git = [], verified } = said;
  const published = await checkout.publish(subject, committed.commit, { logins: git, ...(verified && { verified }) });
  return { is: "given", published };
}

/** Waits as long as the turn lasts. */
async function askFor(
  turn: RunningTurn,
  { spec }: Checkout,
  journal: Pick<Journal, "append">,
): Promise<PublishRequest | null> {
  const { signal } = turn.stop;
  if (signal.aborted) return null;
  const leave = Promise.withResolvers<PublishRequest | null>();
  const onStop = () => leave.resolve(null);
  signal.addEventListener("abort", onStop, { once: true });
  turn.leave = leave.resolve;
  journal.append({ type: "push.asked", turn: turn.id, repository: spec.id, branch: spec.branch ?? "" });
  try {
    return await leave.promise;
  } finally {
    turn.leave = null;
    signal.removeEventListener("abort", onStop);
  }
}
