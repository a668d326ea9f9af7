/**
 * Which words may be repeated where. What is said in a thread is meant for those who read that thread: a session that hears of a Slack
 * channel and of a public repository must not carry the one into the other.
 */
import type { Ask, Thread } from "./types.ts";

/** May what was asked and answered in one thread be told in another? GitHub's words stand where everybody who works on the code reads them. */
export function mayBeToldIn(asked: Thread, told: Thread): boolean {
  if (asked.surface === "github") return true;
  if (asked.surface !== told.surface) return false;
  return asked.surface !== "slack" || (told.surface === "slack" && told.channel === asked.channel);
}

/** What an asker said may name a commit and a pull request: those are read on GitHub, for as long as there is the repository. */
export const mayNameWork = ({ thread }: Pick<Ask, "thread">): boolean => thread.surface !== "slack";

/** The first of what was asked that may be repeated there. */
export function mayBeRepeated(asks: Pick<Ask, "text" | "thread">[], there: Thread): { asked?: string } {
  const told = asks.find(({ thread }) => mayBeToldIn(thread, there));
  return told ? { asked: told.text } : {};
}
