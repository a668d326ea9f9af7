/** What a person decides about the thread itself: that it hears of something else, too, or that it is done with this session. */
import { threadKey } from "./correlation.ts";
import { stop } from "./decide-turn.ts";
import type { LinkOrder } from "./link-order.ts";
import { type Plan, plan, then } from "./plan.ts";
import type { Mention, Ms, Person, Session, Thread } from "./types.ts";

/** What is said there comes here from now on: a person wants it so, whoever had it before. */
export function linked(session: Session, thread: Thread, link: LinkOrder): Plan {
  if (link.is === "unknown") return plan(session, { do: "say", thread, text: link.detail });
  const { work } = session;
  if (work && work.repository.id !== link.repository)
    return plan(session, { do: "say", thread, text: elsewhere(link.name, work.repository.name) });
  const text = `Linked: what is said on ${link.name} comes to this session.`;
  // A branch of the session's own gets a pull request of its own.
  const pullRequest = session.pullRequest ?? (work?.own === false ? link.pullRequest : null);
  return plan(
    { ...session, pullRequest },
    ...([
      { do: "claim", key: link.key, takes: true },
      { do: "say", thread, text },
    ] as const),
  );
}

/** Whoever may write there would give orders here, and nobody has asked whether they may. */
const elsewhere = (name: string, repository: string): string =>
  `This thread works on \`${repository}\`, so I leave ${name} where it is. Write \`link\` in a thread that works on that repository, or in a new one.`;

/** What runs here is stopped: nobody would be told any more how to stop it. Its branch and its sandbox stay what they are. */
export function leave(session: Session, going: { mention: Mention; by: Person; anew: string }, now: Ms): Plan {
  const { mention, by, anew } = going;
  const { thread, at } = mention;
  const isHere = (other: Thread): boolean => threadKey(other) === threadKey(thread);
  const runsHere = session.turn !== null && isHere(session.turn.thread);
  const stopped = runsHere ? stop(session, { thread, by, at }, now) : plan(session);
  return then(stopped, (current) =>
    plan(
      { ...current, threads: current.threads.filter((other) => !isHere(other)) },
      ...(anew === "" ? [{ do: "say", thread, text: LEFT } as const] : []),
      { do: "leave", mention, anew },
    ),
  );
}

const LEFT =
  "This thread and I are no longer connected. Mention me here again, and I begin anew: in a new sandbox, on a new branch.";
