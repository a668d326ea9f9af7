/** What a person says in a terminal, as a mention. */
import { randomUUID } from "node:crypto";
import { userInfo } from "node:os";
import { threadKey, webThreadKey } from "../core/correlation.ts";
import type { CorrelationKey, NewMention, Person, Thread } from "../core/types.ts";

/** Under both names, so that a thread goes on whether a bot is running (then it is on its page) or not. */
export const keysOf = (thread: string): [CorrelationKey, CorrelationKey] => [
  threadKey({ surface: "terminal", id: thread }),
  webThreadKey(thread),
];

export function spoken(thread: string, text: string): NewMention {
  return { ...said({ surface: "terminal", id: thread }, text), keys: keysOf(thread) };
}

/** The same for a thread of any surface: an operator's word in it. */
export function said(thread: Thread, text: string): NewMention {
  const id = randomUUID();
  return {
    dedupe: `terminal:${id}`,
    keys: [threadKey(thread)],
    thread,
    author: operator(),
    text,
    addressed: true,
    at: Date.now(),
    message: id,
  };
}

/** Who has the terminal. A container's user need not have a name. */
function operator(): Person {
  const name = nameOfUser() ?? `uid ${process.getuid?.() ?? "unknown"}`;
  return { surface: "terminal", id: name, name };
}

function nameOfUser(): string | null {
  try {
    return userInfo().username;
  } catch {
    return null;
  }
}
