/** A bot reduced to its database, as a process that a test can kill. */
import pg from "pg";
import { createLog } from "../../src/log.ts";
import { startEmbeddedPostgres } from "../../src/store/embedded-postgres.ts";

const postgres = await startEmbeddedPostgres({ home: process.argv[2] ?? "", log: createLog("silent") });
const client = new pg.Client(postgres.connection);
await client.connect();
await client.query("select pg_advisory_lock(1)");
await client.query("create table if not exists bots (pid int)");
await client.query("insert into bots values ($1)", [process.pid]);
await client.query("select pg_advisory_unlock(1)");
process.stdout.write("written\n");
setInterval(() => {}, 1_000);
