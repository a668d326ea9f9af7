/** Puts the daemon together, in the order in which things need each other, and takes it apart in reverse. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { lstatSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createAdaptorServer, type ServerType } from "@hono/node-server";
import type { AgentEvent } from "../wire/events.ts";
import type { InitRequest } from "../wire/routes.ts";
import { WIRE_VERSION } from "../wire/version.ts";
import { AgentHost } from "./agent-host.ts";
import type { AgentFactory } from "./agents/agent.ts";
import { createAuthenticator } from "./auth.ts";
import type { Checkout, CheckoutSpec } from "./checkout.ts";
import { type DaemonClock, systemClock } from "./clock.ts";
import type { DaemonConfig } from "./config.ts";
import { createCredentials, type GitCredentials } from "./credentials.ts";
import { Journal } from "./journal.ts";
import { createDaemonLog, type DaemonLog, type LogSink } from "./log.ts";
import { createAgentAccount } from "./ownership.ts";
import { DaemonProblem } from "./problem.ts";
import { Questions } from "./questions.ts";
import { createRedactor, type Redactor } from "./redactor.ts";
import { createApp } from "./server.ts";
import { openStorage, type Storage } from "./storage.ts";
import { Turns } from "./turns.ts";
import { within } from "./within.ts";
import { Workspace } from "./workspace.ts";

export interface CheckoutOptions {
  credentials: GitCredentials;
  /** Values that must not be pushed, in all their spellings. */
  unpushable(): string[];
  /** A folder of the daemon's own, out of the agent's reach. */
  stateDir: string;
  /** The whole environment of git and of the repository's set-up command. */
  env: Record<string, string>;
  /** Whose the clone is to be, when not the daemon's own user's. */
  owner?: { uid: number; gid: number };
}

export interface DaemonOptions {
  config: DaemonConfig;
  /** By kind: the names that /init may choose. */
  agents: Record<string, AgentFactory>;
  checkout(spec: CheckoutSpec, options: CheckoutOptions): Checkout;
  clock?: DaemonClock;
  sink?: LogSink;
}

export interface Daemon {
  readonly log: DaemonLog;
  /** Starts to answer; resolves with where. */
  listen(): Promise<{ url: string; port: number }>;
  /** Ends the agent, the streams and the server. A turn that is cut short is told as failed. */
  close(): Promise<void>;
}

/** Prompts of before a crash wait this long for the bot to hand over git's credentials again; one started by hand has nobody who would. */
const RESUME_AFTER_MS = 30_000;
/** Who stops a sandbox waits about ten seconds before it kills. */
const CLOSE_DEADLINE_MS = 5_000;
/** For clients to read the end of their streams. */
const READERS_DEADLINE_MS = 1_000;

export function createDaemon(options: DaemonOptions): Daemon {
  const { config, clock = systemClock, sink } = options;
  const redactor = createRedactor();
  if (config.auth.is === "on") redactor.learn(config.auth.secret ?? undefined);
  const log = createDaemonLog(sink, redactor.blank);
  // Passable for the agent's user, readable for nobody else: the journal and the keys have modes of their own.
  for (const dir of [config.stateDir, config.keysDir]) makeOwn(dir, config.agentUser ? 0o711 : 0o700);
  const storage = openStorage(config.stateDir);
  const journal = new Journal(storage, { maxBytes: config.journalMaxBytes, clock, redactor });
  const ground: Ground = { options, storage, journal, redactor, clock, log };

  const { credentials, workspace, host, questions } = createWork(ground);
  const turns = new Turns({ storage, journal, clock, host, workspace, questions, redactor, log });
  const closing = new AbortController();
  const app = createApp({
    name: config.name,
    authenticator: createAuthenticator(config.auth, config.name, clock),
    journal,
    turns,
    status: () => ({ agent: host.state, repositories: workspace.repositories }),
    credentials(request) {
      credentials.replace(request);
      void host.renew();
      turns.resume();
    },
    init(request) {
      refuseUnknownAgent(request, options.agents);
      workspace.init(request, turns.running !== null);
    },
    clock,
    closing: closing.signal,
    log,
  });
  const server = createAdaptorServer({ fetch: app.fetch });

  return {
    log,
    async listen() {
      journal.append({ type: "daemon.started", version: WIRE_VERSION });
      turns.recover();
      const address = await listening(server, config);
      clock.after(RESUME_AFTER_MS, () => turns.resume());
      log.info("daemon.started", { ...address, sandbox: config.name, epoch: journal.epoch, auth: config.auth.is });
      return address;
    },
    async close() {
      const drained = turns.drain();
      await within(
        CLOSE_DEADLINE_MS,
        host
          .close()
          .then(() => drained)
          .catch((error: unknown) => log.warn("daemon.close-failed", { error })),
      );
      closing.abort();
      await closed(server);
      storage.close();
      log.info("daemon.stopped");
    },
  };
}

/** Where everybody may make folders (/dev/shm), somebody else may have made this one, and would read what we put there. */
function makeOwn(dir: string, mode: number): void {
  mkdirSync(dir, { recursive: true, mode });
  if (lstatSync(dir).uid !== process.getuid?.()) throw new Error(`${dir} belongs to another user; remove it.`);
}

/** What everything else stands on. */
interface Ground {
  options: DaemonOptions;
  storage: Storage;
  journal: Journal;
  redactor: Redactor;
  clock: DaemonClock;
  log: DaemonLog;
}

/** The parts that do the work of a turn: credentials, clone, agent. */
function createWork({ options, storage, journal, redactor, clock, log }: Ground) {
  const { config, agents } = options;
  const credentials = createCredentials({ dir: join(config.keysDir, "daemon"), initial: config.llm, redactor, clock });
  const account = createAgentAccount(config.agentUser, config.agentBaseEnv);
  const append = (event: AgentEvent) => journal.append(event);
  const checkout = (spec: CheckoutSpec) =>
    options.checkout(spec, {
      credentials,
      unpushable: redactor.unpushable,
      stateDir: config.stateDir,
      env: { ...account.env, ...credentials.extraEnv() },
      ...(config.agentUser ? { owner: { uid: config.agentUser.uid, gid: config.agentUser.gid } } : {}),
    });
  const workspace = new Workspace({ root: config.workspaceRoot, checkout, storage, account, append, log });
  const questions = new Questions({ journal, redactor, clock, log, deadlineMs: config.questionDeadlineMs });
  const host = new AgentHost({
    agents,
    choice: () => workspace.agent ?? { kind: config.agentKind },
    sessionId: sessionIdOf(storage),
    stateDir: join(config.stateDir, "agents"),
    keysDir: join(config.keysDir, "agents"),
    cwd: () => workspace.cwd,
    account,
    credentials,
    append,
    questions,
    redactor,
    clock,
    log,
  });
  return { credentials, workspace, host, questions };
}

/** One conversation per sandbox, whatever process holds it. */
function sessionIdOf(storage: Storage): string {
  const known = storage.fact("session");
  if (known) return known;
  const fresh = randomUUID();
  storage.setFact("session", fresh);
  return fresh;
}

function refuseUnknownAgent({ agent }: InitRequest, agents: Record<string, AgentFactory>): void {
  if (!agent || Object.hasOwn(agents, agent.kind)) return;
  const kinds = Object.keys(agents).join(", ");
  throw new DaemonProblem("invalid", `agent.kind: there is no "${agent.kind}"; choose one of ${kinds}.`);
}

async function listening(
  server: ServerType,
  { host, port, listenFd }: DaemonConfig,
): Promise<{ url: string; port: number }> {
  if (listenFd === undefined) server.listen(port, host);
  else server.listen({ fd: listenFd });
  await once(server, "listening");
  const address = server.address();
  const actual = typeof address === "object" && address ? address.port : port;
  return { url: `http://${host.includes(":") ? `[${host}]` : host}:${actual}`, port: actual };
}

/** Streams have been told to end; a client that does not read does not get to keep us. */
async function closed(server: ServerType): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  // Connections that a client keeps for later become idle only when their stream has been read to its end.
  const sweep = setInterval(() => "closeIdleConnections" in server && server.closeIdleConnections(), 20);
  await within(READERS_DEADLINE_MS, promise);
  clearInterval(sweep);
  if ("closeAllConnections" in server) server.closeAllConnections();
}
