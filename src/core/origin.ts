/** Where a session comes from, and where it went: what each of `fork.ts`, `change.ts`, `preferences.ts` and `breaker.ts` has to know of it later. */
import type { Worker } from "./agent-choice.ts";
import type { ByBots } from "./breaker.ts";
import type { Memory } from "./memory.ts";
import type { Preferred } from "./preferences.ts";
import type { Mention } from "./types.ts";

export interface Origin {
  /** The session that it goes on from. */
  forkOf?: string;
  /** Of whoever began it, where neither the session nor the repository says anything. */
  preferred?: Preferred;
  /** Its branch stands on the remote. */
  pushed?: true;
  /** Commits that its daemon pushed there, the last one last: what happens to another one on the same branch is somebody else's. */
  heads?: string[];
  /** Who worked here last. */
  worker?: Worker;
  /** See `memory.ts`. */
  memory?: Memory;
  /** See `breaker.ts`. */
  byBots?: ByBots;
  /** What is asked here goes on in another session of the thread, on that repository: somebody chose it there. */
  moved?: { mention: Mention; repository: string };
}
