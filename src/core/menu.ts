/** The menu under the question which repository: whoever chooses in it closes it, and it says what was chosen. */
import { type Plan, plan } from "./plan.ts";
import type { Mention, Person, Session } from "./types.ts";

/** What was chosen in a menu, and by whom. */
export interface Chosen {
  repository: string;
  by: string;
}

/** A menu that stayed would change the repository of what has begun. `before` it was chosen something waited for that; no other menu stands in the thread then. */
export function menuClosed(before: Session, after: Session, { mention, by }: { mention: Mention; by: Person }): Plan {
  if (!mention.pressed || !before.undecided || !after.work) return plan(after);
  const { thread, message } = mention;
  const chosen = { repository: after.work.repository.name, by: by.name };
  return plan(after, { do: "acknowledge", thread, message, chosen });
}
