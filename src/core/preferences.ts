/** What a person has chosen for themselves, on one surface: used where neither words nor place say anything else. */
import type { Person, Thread } from "./types.ts";

export interface Preferences {
  /** Name of a repository. */
  repository: string | null;
  agent: string | null;
  model: string | null;
}

export const NO_PREFERENCES: Preferences = { repository: null, agent: null, model: null };

/** Whose they are. A person is somebody on one surface, and in Slack of one workspace: nobody is asked who they are elsewhere. */
export interface PersonKey {
  surface: Person["surface"];
  team: string;
  person: string;
}

export const personKeyOf = (thread: Thread, { surface, id }: Pick<Person, "surface" | "id">): PersonKey => ({
  surface,
  team: thread.surface === "slack" && surface === "slack" ? thread.team : "",
  person: id,
});

/** What a session goes by where it was told nothing and its repository has nothing of its own. */
export interface Preferred {
  agent?: string;
  model?: string;
}

/** Of the person who began it; undefined where they have chosen nothing. */
export function preferredBy({ agent, model }: Preferences): Preferred | undefined {
  if (agent === null && model === null) return undefined;
  return { ...(agent === null ? {} : { agent }), ...(model === null ? {} : { model }) };
}
