/** The program that runs inside the sandbox: environment in, one HTTP server out. Bundled alone to one file. */
import { agentFactories } from "./agents/registry.ts";
import { ConfigProblems, type DaemonConfig, readDaemonConfig } from "./config.ts";
import { createDaemon, type Daemon } from "./daemon.ts";
import { createGitCheckout } from "./git.ts";
import { StorageBusy } from "./storage.ts";

const config = orExplain(() => readDaemonConfig(Object.keys(agentFactories)));
const daemon = orExplain(() => createDaemon({ config, agents: agentFactories, checkout: createGitCheckout }));

// Whatever nobody caught: the journal is on disk, so ending is safe; going on with half a state is not.
process.on("uncaughtException", (error) => {
  daemon.log.error("daemon.broke", { error });
  process.exit(1);
});
// Whoever started it may be gone, and the other end of its log with it: no reason to end a turn.
process.stderr.on("error", () => {});
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop(daemon));

await listen(daemon, config);

async function listen({ listen }: Daemon, { host, port }: DaemonConfig): Promise<void> {
  try {
    await listen();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    explain(`Cannot listen on ${host}:${port} (${code}): choose another SANDBOX_DAEMON_HOST or SANDBOX_DAEMON_PORT.`);
  }
}

async function stop({ close }: Daemon): Promise<void> {
  await close();
  process.exit(0);
}

/** A problem that a person has to solve is shown as a sentence, not as a stack. */
function orExplain<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof ConfigProblems || error instanceof StorageBusy) return explain(error.message);
    throw error;
  }
}

function explain(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
