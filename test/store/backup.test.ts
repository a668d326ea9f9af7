/** Backups as docs/operating.md tells people to make them, and what is there when somebody starts from one. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { newSession } from "../../src/core/decide.ts";
import { localProvider } from "../../src/sandboxes/local.ts";
import { backUp } from "../../src/store/backup.ts";
import { openDatabase } from "../../src/store/database.ts";
import { startEmbeddedPostgres } from "../../src/store/embedded-postgres.ts";
import { migrate } from "../../src/store/migrate.ts";
import { type OpenStore, openStore } from "../../src/store/open.ts";
import { createStore, type Store } from "../../src/store/store.ts";
import { debianPrograms, startDebianPostgres } from "../bench/debian-postgres.ts";
import { newFolder } from "../cli/threadbox.ts";
import { slackThread } from "../core/story.ts";
import { storeSession } from "../database.ts";
import { quiet } from "../quiet.ts";

const folders: string[] = [];
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

async function emptyFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "threadbox-backup-")));
  folders.push(folder);
  await chmod(folder, 0o755); // Postgres' user has to pass through
  return folder;
}

const open = (home: string): Promise<OpenStore> => openStore({ home, databaseUrl: null, log: quiet });
const KEY = "slack:thread:T1/C1/1.1";

const mint = (store: Store, id: string, key: string, token: string): Promise<void> => {
  const session = newSession(id, slackThread, "Fix the login", 0);
  return storeSession(store, { ...session, sandbox: { is: "asleep", since: 0, token } }, [key]);
};

describe("of the embedded database", async () => {
  const home = join(await emptyFolder(), ".threadbox");

  test("a stopped bot's folder, copied elsewhere: sessions, keys and a sleeping sandbox are there", async () => {
    const first = await open(home);
    const provider = localProvider({ home, log: quiet });
    const sandbox = await provider.start("threadbox-s1", { from: null });
    await sandbox.put(join(sandbox.workspace, "kept.txt"), Buffer.from("not pushed yet"));
    const token = await provider.sleep("threadbox-s1");
    await mint(createStore(first.db), "s1", KEY, token);
    const signingKey = await createStore(first.db).setting("daemon-signing-key", async () => "made once");
    await first.close();

    const copy = join(await emptyFolder(), "elsewhere");
    execFileSync("cp", ["-a", home, copy]);
    await rename(home, `${home}.away`);

    const second = await open(copy);
    const store = createStore(second.db);
    assert.equal(await store.sessionOf(KEY), "s1");
    assert.equal(await store.setting("daemon-signing-key", async () => "made anew"), signingKey);
    const there = localProvider({ home: copy, log: quiet });
    await there.start("threadbox-s1", { from: token });
    assert.equal(await readFile(join(copy, "sandboxes/threadbox-s1/workspace/kept.txt"), "utf8"), "not pushed yet");
    await there.destroy("threadbox-s1");
    await second.close();
    await rename(`${home}.away`, home);
  });

  test("a copy while it is written to has everything that was committed before, and starts by itself", async () => {
    const first = await open(home);
    const store = createStore(first.db);
    for (let n = 2; n < 50; n++) await mint(store, `s${n}`, `web:thread:${n}`, "t");
    let writing = true;
    let written = 50;
    const load = (async () => {
      for (; writing; written++) await mint(store, `s${written}`, `web:thread:${written}`, "t".repeat(5_000));
    })();
    const postgres = await startEmbeddedPostgres({ home, log: quiet });
    const copy = await emptyFolder();
    const { bytes } = await backUp(postgres, copy);
    writing = false;
    await load;
    assert.ok(bytes > 10_000_000);
    await first.close();

    const second = await open(copy);
    const sessions = await second.db.selectFrom("sessions").select("id").execute();
    const keys = await second.db.selectFrom("keys").select("session_id").execute();
    assert.ok(sessions.length >= 49 && sessions.length < written, `${sessions.length} of ${written}`);
    assert.deepEqual(keys.map((row) => row.session_id).toSorted(), sessions.map((row) => row.id).toSorted());
    // And it is one that goes on.
    await mint(createStore(second.db), "later", "web:thread:later", "t");
    await second.close();
  });

  test("`threadbox backup` makes one, and never over what is there", async (t) => {
    const folder = newFolder();
    t.after(folder.remove);
    const none = await folder.run(["backup", "copy"]);
    assert.match(none.stderr, /There is no database in .*\.threadbox/);
    const store = await open(folder.home);
    await mint(createStore(store.db), "s1", KEY, "t");
    const made = await folder.run(["backup", "copy", "--json"]);
    assert.equal(made.code, 0, made.stderr);
    assert.equal(JSON.parse(made.stdout).folder, join(folder.path, "copy"));
    // It was running for somebody else, and still is.
    assert.equal(await store.answers(), true);
    await store.close();
    const again = await folder.run(["backup", "copy"]);
    assert.deepEqual([again.code, /is not empty/.test(again.stderr)], [1, true]);
    const file = join(folder.path, "file");
    await writeFile(file, "");
    assert.match((await folder.run(["backup", "file"])).stderr, /^threadbox: .*file is a file\. Name a folder/);
    const below = await folder.run(["backup", "file/below"]);
    assert.equal(
      below.stderr,
      `threadbox: It cannot be written to ${file}/below (ENOTDIR). Name a place with room, where you may write.\n`,
    );
    const elsewhere = await folder.run(["backup", "new"], { DATABASE_URL: "postgres://u@127.0.0.1:1/d" });
    assert.match(elsewhere.stderr, /pg_dump/);
    const copied = await open(join(folder.path, "copy"));
    assert.equal(await createStore(copied.db).sessionOf(KEY), "s1");
    await copied.close();
    assert.deepEqual((await readdir(folder.path)).includes("new"), false);
  });
});

const bin = debianPrograms();
const skip =
  bin && process.getuid?.() === 0 ? false : "needs root, and the system's own PostgreSQL (apt-get install postgresql)";

test("a server of your own: pg_dump, and pg_restore into an empty database", { skip }, async () => {
  const folder = await emptyFolder();
  const server = await startDebianPostgres(bin ?? "", folder);
  const dump = join(await emptyFolder(), "threadbox.dump");
  const at = (database: string) => [`--host=${server.connection.host}`, "--username=threadbox", `--dbname=${database}`];
  const opened = (database: string) => openDatabase({ ...server.connection, database }, 2, quiet);
  const first = opened("postgres");
  try {
    await migrate(first.db);
    await mint(createStore(first.db), "s1", KEY, "t");
    execFileSync(join(bin ?? "", "pg_dump"), [...at("postgres"), "--format=custom", `--file=${dump}`]);
    execFileSync(join(bin ?? "", "createdb"), [...at("").slice(0, 2), "restored"]);
    execFileSync(join(bin ?? "", "pg_restore"), [...at("restored"), "--no-owner", "--exit-on-error", dump]);
    const second = opened("restored");
    // Brought up to date already: what was restored knows what was done to it.
    await migrate(second.db);
    assert.equal(await createStore(second.db).sessionOf(KEY), "s1");
    await mint(createStore(second.db), "s2", "web:thread:2", "t");
    await second.close();
  } finally {
    await first.close();
    await server.stop();
  }
});
