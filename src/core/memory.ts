/**
 * What the agents of a session remember of it. Their memory is files of the sandbox, so it goes with those: all of it when a sandbox
 * starts with nothing, and what came since when one is woken from older files. A life lasts from one start of a sandbox to the next. Pure.
 */
import type { Worker } from "./agent-choice.ts";
import type { SessionEvent } from "./decision.ts";
import type { Session } from "./types.ts";

export interface Memory {
  /** The life that goes on, or was the last. */
  life: number;
  /** The first that anybody remembers. */
  since: number;
  /** Those after it that nobody does. */
  lost: number[];
  /** How often something was lost: what is told of it is told anew then. */
  losses: number;
}

/** Left out until a second life begins. */
const FIRST: Memory = { life: 0, since: 0, lost: [], losses: 0 };

/** The session after that event, with what its agents remember then. `before`: as it was. */
export function remembering(before: Session, event: SessionEvent, after: Session): Session {
  const memory = memoryAfter(before, event);
  return memory ? { ...after, memory } : after;
}

/** Null where nothing changes in it. What was lost shows in what comes up next: a machine may die and leave its files behind. */
function memoryAfter({ memory = FIRST, sandbox, worker }: Session, event: SessionEvent): Memory | null {
  // Nobody has worked here who could remember anything.
  if (!worker || event.type !== "sandbox.ready" || sandbox.is !== "starting") return null;
  const life = memory.life + 1;
  if (event.kept) return { ...memory, life };
  const losses = memory.losses + 1;
  // Its own files, as they were before the last life began.
  if (event.from === "woken") return { ...memory, life, lost: [...memory.lost, memory.life], losses };
  return { life, since: life, lost: [], losses };
}

export const lifeOf = ({ memory = FIRST }: Pick<Session, "memory">): number => memory.life;

export const lossesOf = ({ memory = FIRST }: Pick<Session, "memory">): number => memory.losses;

/** Does the agent that works now remember what that one did? An agent is its name and its kind; nobody knows another one's. */
export function remembers(
  { memory = FIRST }: Pick<Session, "memory">,
  now: Pick<Worker, "agent" | "kind">,
  then: Worker,
): boolean {
  const { agent, kind, life } = then;
  return agent === now.agent && kind === now.kind && life >= memory.since && !memory.lost.includes(life);
}
