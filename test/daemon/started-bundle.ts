/** The bundle as people start it: alone in an empty folder, with nothing but its environment. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { daemonBundle } from "../../src/sandboxes/bundle.ts";

export interface StartedBundle {
  url: string;
  /** Everything it wrote to stderr. */
  log(): string;
  stop(): Promise<number | null>;
}

/** `runtime`: the program, and what stands between it and the file. Rejects with what the daemon said when it does not come up. */
export async function startBundle(
  t: TestContext,
  folder: string,
  env: Record<string, string>,
  runtime: string[] = [process.execPath],
): Promise<StartedBundle> {
  const home = join(folder, "empty");
  mkdirSync(home, { recursive: true });
  const file = join(home, "daemon.mjs");
  writeFileSync(file, (await daemonBundle()).bytes);
  const [command = "", ...args] = runtime;
  const child = spawn(command, [...args, file], {
    cwd: home,
    env: { PATH: "/usr/bin:/bin", HOME: home, SANDBOX_DAEMON_PORT: "0", ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = once(child, "exit").then(([code]) => code as number | null);
  t.after(() => child.kill("SIGKILL"));
  let log = "";
  const { promise: started, resolve, reject } = Promise.withResolvers<string>();
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    log += chunk;
    const line = log.split("\n").find((candidate) => candidate.includes('"what":"daemon.started"'));
    if (line) resolve(JSON.parse(line).url);
  });
  child.stderr.on("end", () => reject(new Error(`The daemon did not start:\n${log}`)));
  const url = await started;
  return {
    url,
    log: () => log,
    stop() {
      child.kill("SIGTERM");
      return exited;
    },
  };
}
