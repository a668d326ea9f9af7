/** The embedded database as a bot meets it: a first start, a crash of either side, company, and unfriendly folders. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { ThreadboxError } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/store/embedded-postgres.ts";
import { postgresFiles, postgresUser } from "../../src/store/postgres-files.ts";
import { isAlive, readPostmaster } from "../../src/store/postgres-postmaster.ts";

const log = createLog("silent");
const asRoot = process.getuid?.() === 0;
const folders: string[] = [];
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

async function emptyFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "threadbox-test-")));
  folders.push(folder);
  await chmod(folder, 0o755);
  return folder;
}

async function ask(postgres: EmbeddedPostgres, sql: string): Promise<string | undefined> {
  const client = new pg.Client(postgres.connection);
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(sql);
  await client.end();
  return rows.map((row) => Object.values(row).join(" "))[0];
}

const refused = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof ThreadboxError && error.code === code && words.test(error.detail);

describe("one database through its life", async () => {
  const home = join(await emptyFolder(), ".threadbox");
  const data = join(home, "postgres", "data");
  let postgres: EmbeddedPostgres;
  after(() => postgres.stop());

  test("the first start makes it, safe and without a port", async () => {
    postgres = await startEmbeddedPostgres({ home, log });
    assert.equal(postgres.adopted, false);
    assert.match(postgres.where, /^PostgreSQL 18\.\S+ in .*\.threadbox\/postgres$/);
    assert.match((await ask(postgres, "show server_version")) ?? "", /^18\./);
    assert.equal(await ask(postgres, "show fsync"), "on");
    assert.equal(await ask(postgres, "show max_connections"), "200");
    assert.equal(await ask(postgres, "show listen_addresses"), "");
    assert.equal(await ask(postgres, "show server_encoding"), "UTF8");
    assert.equal((await stat(postgres.connection.host)).mode & 0o777, 0o700);
    await ask(postgres, "create table kept (word text)");
    await ask(postgres, "insert into kept values ('kept')");
  });

  test("the next bot finds it running and goes on with it", async () => {
    const next = await startEmbeddedPostgres({ home, log });
    assert.equal(next.adopted, true);
    assert.equal(await ask(next, "select word from kept"), "kept");
  });

  test("it comes back with everything when it was killed", async () => {
    const before = readPostmaster(data);
    assert.ok(before);
    process.kill(before.pid, "SIGKILL");
    while (isAlive(before.pid)) await pause(5);
    await Promise.all([postgres.ensureRunning(), postgres.ensureRunning()]);
    assert.notEqual(readPostmaster(data)?.pid, before.pid);
    assert.equal(await ask(postgres, "select word from kept"), "kept");
  });

  test("it is not stopped under another bot that is connected", async () => {
    const other = new pg.Client(postgres.connection);
    await other.connect();
    await postgres.stop();
    assert.equal((await other.query("select 1 as one")).rows[0].one, 1);
    await other.end();
  });

  test("it stops when nobody uses it, and starts again", async () => {
    const before = readPostmaster(data);
    await postgres.stop();
    assert.ok(before && !isAlive(before.pid));
    postgres = await startEmbeddedPostgres({ home, log });
    assert.equal(postgres.adopted, false);
    assert.equal(await ask(postgres, "select word from kept"), "kept");
  });

  test("a postmaster.pid that names a stranger's process after a reboot is no obstacle", async () => {
    const file = join(data, "postmaster.pid");
    const lines = (await readFile(file, "utf8")).split("\n");
    await postgres.stop();
    const stranger = spawn("sleep", ["60"], { ...postgresUser(null), stdio: "ignore" });
    await writeFile(file, [stranger.pid, ...lines.slice(1)].join("\n"));
    postgres = await startEmbeddedPostgres({ home, log });
    assert.equal(await ask(postgres, "select word from kept"), "kept");
    stranger.kill();
    await once(stranger, "exit");
  });

  test("data of another major version is refused with both numbers", async () => {
    await postgres.stop();
    const file = join(data, "PG_VERSION");
    await writeFile(file, "17\n");
    await assert.rejects(startEmbeddedPostgres({ home, log }), refused("database.unavailable", /PostgreSQL 17.*18/));
    await writeFile(file, "18\n");
  });

  test("what it said itself is in the error when it does not come up", async () => {
    const file = join(data, "postgresql.auto.conf");
    await writeFile(file, "nonsense = on\n");
    await assert.rejects(startEmbeddedPostgres({ home, log }), refused("database.unavailable", /"nonsense"/));
    await writeFile(file, "");
  });
});

test("two bots that start at once on an empty folder share one database, and it outlives a kill -9 of both", async () => {
  const home = join(await emptyFolder(), ".threadbox");
  const bots = await Promise.all([startBot(home), startBot(home)]);
  for (const bot of bots) {
    bot.kill("SIGKILL");
    await once(bot, "exit");
  }
  const next = await startEmbeddedPostgres({ home, log });
  assert.equal(next.adopted, true);
  assert.equal(await ask(next, "select count(*) from bots"), "2");
  assert.deepEqual((await readdir(join(home, "postgres"))).sort(), ["data", "socket"]);
  await next.stop();
});

/** A process of its own that starts the database, writes its row and stays. */
async function startBot(home: string) {
  const bot = spawn(process.execPath, [fileURLToPath(import.meta.resolve("./bot-with-postgres.ts")), home], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(bot.stdout, "readable"); // also at its end
  assert.equal(String(bot.stdout.read()), "written\n");
  return bot;
}

test("a folder with a very long name gets its socket elsewhere", async () => {
  const home = join(await emptyFolder(), "long".repeat(25));
  const postgres = await startEmbeddedPostgres({ home, log });
  folders.push(postgres.connection.host);
  assert.ok(postgres.connection.host.startsWith(join(tmpdir(), "threadbox-")));
  assert.equal(await ask(postgres, "select 1"), "1");
  await postgres.stop();
});

describe("as root in a checkout below a closed folder", { skip: asRoot ? false : "needs root" }, () => {
  test("the data goes to /var/lib/threadbox, and a pointer tells where", async () => {
    const closed = await emptyFolder();
    await chmod(closed, 0o700);
    const home = join(closed, ".threadbox");
    const first = await startEmbeddedPostgres({ home, log });
    const where = (await readFile(join(home, "postgres", "WHERE"), "utf8")).trim();
    folders.push(where);
    assert.match(where, /^\/var\/lib\/threadbox\/[0-9a-f]{16}$/);
    assert.equal((await stat(where)).mode & 0o777, 0o700);
    await ask(first, "create table kept (word text)");
    await first.stop();

    // Opening the folder later must not make the bot look for its data in another place.
    await chmod(closed, 0o755);
    const next = await startEmbeddedPostgres({ home, log });
    assert.equal(await ask(next, "select count(*) from kept"), "0");
    await next.stop();
  });

  test("the programs are copied to where Postgres' user can run them", async () => {
    const [closed, shelter] = [await emptyFolder(), await emptyFolder()];
    const user = postgresUser(null);
    const native = join(postgresFiles(user, shelter).bin, "..");
    await cp(native, join(closed, "native"), { recursive: true, verbatimSymlinks: true });
    await chmod(closed, 0o700);
    const installed = { native: join(closed, "native"), version: "18.4.0-beta.17" };
    const files = postgresFiles(user, shelter, installed);
    assert.equal(files.bin, join(shelter, "postgres-18.4.0-beta.17", "bin"));
    assert.deepEqual(await readdir(shelter), ["postgres-18.4.0-beta.17"]);
    assert.deepEqual(postgresFiles(user, shelter, installed), files);
  });
});

test("programs that do not run here are told with a remedy", async () => {
  const folder = await emptyFolder();
  await mkdir(join(folder, "native"));
  await writeFile(join(folder, "native", "pg-symlinks.json"), "[]");
  const installed = { native: join(folder, "native"), version: "18.0.0" };
  assert.throws(() => postgresFiles(null, folder, installed), refused("database.unavailable", /does not run here/));
});
