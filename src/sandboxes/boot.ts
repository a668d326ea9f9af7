/**
 * Puts the daemon into a sandbox and waits until it answers; the same for every provider. A daemon that answers already is
 * taken as it is, so that a bot that was restarted goes on with the turn that runs there.
 */
import type { JWK } from "jose";
import { type Clock, pause } from "../clock.ts";
import { ThreadboxError } from "../errors.ts";
import { HealthResponse, ROUTES } from "../wire/routes.ts";
import { WIRE_VERSION } from "../wire/version.ts";
import type { Sandbox, SandboxProvider } from "./provider.ts";

export interface BootOptions {
  /** Where the sandbox comes from: a daemon of another version is replaced by sleeping and waking it. */
  provider: SandboxProvider;
  bundle: { bytes: Uint8Array; sha256: string };
  /** The public half of the bot's signing key. */
  publicJwk: JWK;
  /** For what is mounted in a sandbox that has to be restarted: the repository that it was started for. */
  repository?: string | undefined;
  clock: Clock;
  deadlineMs?: number;
}

/** A machine under load takes a second or two; a provider that has yet to find room for the sandbox takes longer. */
const DEADLINE_MS = 60_000;
/** A daemon is up within 200 ms; asking costs it nothing. */
const POLL_EVERY_MS = 25;
/** One question to /health. Longer than a cold tunnel takes, short enough to ask again. */
const ASK_WITHIN_MS = 5_000;

/** The sandbox with its daemon answering: usually the one given, another object when it had to be restarted. */
export async function boot(sandbox: Sandbox, options: BootOptions): Promise<Sandbox> {
  const health = await askHealth(sandbox, options);
  if (health === "ours") return sandbox;
  const target = health === "another" ? await restart(sandbox, options) : sandbox;
  await launchDaemon(target, options);
  await untilHealthy(target, options);
  return target;
}

async function restart({ name }: Sandbox, { provider, repository }: BootOptions): Promise<Sandbox> {
  return provider.start(name, { from: await provider.sleep(name), repository });
}

async function launchDaemon(sandbox: Sandbox, { bundle, publicJwk }: BootOptions): Promise<void> {
  const { name, listen, workspace, state, agentUser } = sandbox;
  const program = `${state}/daemon.mjs`;
  await sandbox.launch(["node", program], {
    env: {
      SANDBOX_DAEMON_HOST: listen.host,
      SANDBOX_DAEMON_PORT: String(listen.port),
      SANDBOX_DAEMON_WORKSPACE_ROOT: workspace,
      SANDBOX_DAEMON_STATE_DIR: state,
      SANDBOX_DAEMON_ID: name,
      SANDBOX_DAEMON_JWT_ENABLED: "true",
      SANDBOX_DAEMON_JWT_PUBLIC_KEY: JSON.stringify(publicJwk),
      ...(agentUser ? OWN_MACHINE : {}),
      ...(agentUser ? { SANDBOX_DAEMON_AGENT_USER: agentUser } : {}),
    },
    logFile: logOf(sandbox),
    program: { path: program, ...bundle },
  });
}

/** Keys lie in memory there: a snapshot of the files has none. */
const OWN_MACHINE = { SANDBOX_DAEMON_AGENT_ENV: "inherit", SANDBOX_DAEMON_KEYS_DIR: "/dev/shm/threadbox" };

async function untilHealthy(sandbox: Sandbox, options: BootOptions): Promise<void> {
  const { clock, deadlineMs = DEADLINE_MS } = options;
  const until = clock.now() + deadlineMs;
  while ((await askHealth(sandbox, options)) !== "ours") {
    if (clock.now() >= until) {
      const log = (await sandbox.tail(logOf(sandbox), 1_000).catch(() => "")).trim();
      const detail = `The daemon did not answer within ${Math.round(deadlineMs / 1000)} s. `;
      throw new ThreadboxError(
        "sandbox.boot-timeout",
        detail + (log ? `Its log ends with: ${log}` : "It logged nothing."),
      );
    }
    await pause(clock, POLL_EVERY_MS);
  }
}

/** `another`: a daemon answers, but it speaks another version of the wire or belongs to another sandbox. */
async function askHealth({ name, url }: Sandbox, { provider }: BootOptions): Promise<"ours" | "another" | "silent"> {
  try {
    const response = await fetch(new URL(ROUTES.health.path, url), {
      headers: await provider.headers(name),
      signal: AbortSignal.timeout(ASK_WITHIN_MS),
      redirect: "error",
    });
    const health = HealthResponse.safeParse(await response.json());
    if (!health.success) return response.ok ? "another" : "silent"; // a proxy in front of nothing answers 502
    return health.data.wire === WIRE_VERSION && health.data.sandbox === name ? "ours" : "another";
  } catch {
    return "silent";
  }
}

const logOf = (sandbox: Sandbox) => `${sandbox.state}/daemon.log`;
