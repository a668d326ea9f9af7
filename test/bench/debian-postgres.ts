/** The Postgres that the system's own package brought, started beside the embedded one, as another user than root and on a unix socket alone. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, globSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import type { EmbeddedPostgres } from "../../src/store/embedded-postgres.ts";
import { asUser, postgresUser } from "../../src/store/postgres-files.ts";
import { check } from "./measure.ts";

export interface DebianPostgres {
  connection: EmbeddedPostgres["connection"];
  stop(): Promise<void>;
}

/** The newest one that is installed; null when there is none. */
export function debianPrograms(): string | null {
  const found = globSync("/usr/lib/postgresql/*/bin").filter((bin) => existsSync(join(bin, "initdb")));
  return found.sort((a, b) => majorOf(a) - majorOf(b)).at(-1) ?? null;
}

const majorOf = (bin: string): number => Number(bin.split("/").at(-2));

const READY_WITHIN_MS = 30_000;

export async function startDebianPostgres(bin: string, folder: string): Promise<DebianPostgres> {
  const user = postgresUser(null);
  const [home, data] = [join(folder, "debian"), join(folder, "debian", "data")];
  mkdirSync(home);
  if (user) chownSync(home, user.uid, user.gid);
  const wanted = ["-D", data, "-U", "threadbox", "-A", "trust", "--no-instructions", "--locale=C", "--encoding=UTF8"];
  const made = spawnSync(join(bin, "initdb"), wanted, { ...asUser(user), encoding: "utf8" });
  check(made.status === 0, `initdb of ${bin}: ${made.error ?? made.stderr}`);
  // What the embedded one is given; everything else as the package has it.
  const settings = ["listen_addresses=", "max_connections=200", "shared_buffers=64MB", "unix_socket_permissions=0700"];
  const command = ["-D", data, "-k", home, ...settings.flatMap((setting) => ["-c", setting])];
  const server = spawn(join(bin, "postgres"), command, { ...asUser(user), stdio: "ignore" });
  const connection = { host: home, port: 5432, user: "threadbox", database: "postgres" };
  await answering(connection, server);
  return {
    connection,
    async stop() {
      if (server.exitCode !== null || server.signalCode !== null) return;
      const ended = once(server, "exit");
      server.kill("SIGINT"); // "fast"
      await ended;
    },
  };
}

async function answering(connection: DebianPostgres["connection"], server: ChildProcess): Promise<void> {
  for (const until = performance.now() + READY_WITHIN_MS; ; await pause(50)) {
    const client = new pg.Client(connection);
    client.on("error", () => {});
    try {
      await client.connect();
      return;
    } catch (thrown) {
      check(server.exitCode === null, `Debian's Postgres ended with ${server.exitCode}`);
      check(performance.now() < until, `Debian's Postgres does not come up: ${thrown}`);
    } finally {
      await client.end().catch(() => {});
    }
  }
}
