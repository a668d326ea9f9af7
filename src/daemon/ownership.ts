/**
 * The account that the agent works under. Where the sandbox has a user for it, the agent cannot read the daemon's memory, files or
 * environment; where it has none, this changes nothing but the environment.
 */
import { existsSync, lchownSync } from "node:fs";
import type { AgentUser } from "./config.ts";

export interface AgentAccount {
  /** The bare environment: nothing of the daemon's own is in it. */
  env: Record<string, string>;
  wrap(command: string, args: string[]): { command: string; args: string[] };
  /** Gives a folder to the agent; what is in it keeps its owner. */
  own(folder: string): void;
}

/** By its path: the agent's PATH, which would be searched otherwise, has no folder for administrators. */
const RUNUSER = ["/usr/sbin/runuser", "/sbin/runuser"].find((path) => existsSync(path)) ?? "runuser";

export function createAgentAccount(user: AgentUser | null, baseEnv: Record<string, string>): AgentAccount {
  if (!user) return { env: baseEnv, wrap: (command, args) => ({ command, args }), own: () => {} };
  return {
    env: { ...baseEnv, HOME: user.home, USER: user.name, LOGNAME: user.name },
    wrap: (command, args) => ({ command: RUNUSER, args: ["-u", user.name, "--", command, ...args] }),
    // The folder itself: where the agent has put a link, following it would give away a file of ours.
    own: (folder) => lchownSync(folder, user.uid, user.gid),
  };
}
