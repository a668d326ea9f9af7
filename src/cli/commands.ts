/** The table of commands. */
import type { Command } from "commander";

/** Loaded when they are asked for: what a bot is made of takes half a second, and most commands only look at the database. */
export const COMMANDS: Record<string, () => Promise<Command>> = {
  start: () => import("./start.ts").then(({ startCommand }) => startCommand()),
  demo: () => import("./demo.ts").then(({ demoCommand }) => demoCommand()),
  say: () => import("./say.ts").then(({ sayCommand }) => sayCommand()),
  sessions: () => import("./sessions.ts").then(({ sessionsCommand }) => sessionsCommand()),
  logs: () => import("./logs.ts").then(({ logsCommand }) => logsCommand()),
  costs: () => import("./costs.ts").then(({ costsCommand }) => costsCommand()),
  why: () => import("./why.ts").then(({ whyCommand }) => whyCommand()),
  stop: () => import("./stop.ts").then(({ stopCommand }) => stopCommand()),
  create: () => import("./create.ts").then(({ createCommand }) => createCommand()),
  fork: () => import("./fork.ts").then(({ forkCommand }) => forkCommand()),
  list: () => import("./list.ts").then(({ listCommand }) => listCommand()),
  shell: () => import("./shell.ts").then(({ shellCommand }) => shellCommand()),
  exec: () => import("./exec.ts").then(({ execCommand }) => execCommand()),
  cp: () => import("./cp.ts").then(({ cpCommand }) => cpCommand()),
  open: () => import("./open.ts").then(({ openCommand }) => openCommand()),
  snapshot: () => import("./snapshot.ts").then(({ snapshotCommand }) => snapshotCommand()),
  destroy: () => import("./destroy.ts").then(({ destroyCommand }) => destroyCommand()),
  backup: () => import("./backup.ts").then(({ backupCommand }) => backupCommand()),
  agents: () => import("./agents.ts").then(({ agentsCommand }) => agentsCommand()),
  github: () => import("./github.ts").then(({ githubCommand }) => githubCommand()),
  doctor: () => import("./doctor.ts").then(({ doctorCommand }) => doctorCommand()),
};
