/** Which thread each mention is in: every thread once or more, in an order that is no pattern and yet the same in every run. */
import { repeatable } from "./measure.ts";

export function spreadOver(threads: number, mentions: number): number[] {
  const random = repeatable(7);
  const chosen = Array.from({ length: mentions }, (_, n) => (n < threads ? n : Math.floor(random() * threads)));
  for (let last = chosen.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [chosen[last], chosen[other]] = [chosen[other] ?? 0, chosen[last] ?? 0];
  }
  return chosen;
}
