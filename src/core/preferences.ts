/** What a person has chosen for themselves, on one surface: used where neither words nor place say anything else. */
export interface Preferences {
  /** Name of a repository. */
  repository: string | null;
  agent: string | null;
  model: string | null;
}

export const NO_PREFERENCES: Preferences = { repository: null, agent: null, model: null };

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
