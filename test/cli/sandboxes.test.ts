/** An operator's day with sandboxes, on the real local provider. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type ScriptedFolder, scriptedFolder } from "./scripted-folder.ts";
import { typed } from "./terminal.ts";
import { documentOf, type Ran } from "./threadbox.ts";

let world: ScriptedFolder;
before(async () => {
  world = await scriptedFolder();
});
after(() => world.close());

async function ran(...args: string[]): Promise<Ran> {
  const done = await world.folder.run(args, world.env);
  assert.equal(done.code, 0, done.stderr);
  return done;
}

interface Named {
  name?: string;
  label?: string;
  [what: string]: unknown;
}

async function listed(what: "sandboxes" | "snapshots"): Promise<Named[]> {
  return documentOf(await ran("list", "--json"))[what] as Named[];
}

describe("a day with sandboxes", { timeout: 240_000 }, () => {
  test("at first there are none", async () => {
    const { stdout } = await ran("list");
    assert.match(stdout, /^There are no sandboxes\. Start one: threadbox create\n\nThere are no snapshots\./);
  });

  test("one is created, with its progress on stderr and how to go on", async () => {
    const { stdout, stderr } = await ran("create", "--name", "base");
    assert.match(stdout, /^base is ready after \d+ s\.\nGo in with: threadbox shell base\n$/);
    assert.equal(stderr, "· starting the sandbox\n· starting the daemon\n");
  });

  test("commands run in it, with their output and exit code", async () => {
    const { code, stdout, stderr } = await world.folder.run(
      ["exec", "base", "--", "sh", "-c", "pwd; echo problem >&2; exit 3"],
      world.env,
    );
    assert.deepEqual([code, stdout.endsWith("/workspace\n"), stderr], [3, true, "problem\n"]);
  });

  test("what is piped in arrives, and the outcome can be had as JSON", async () => {
    const { code, stdout } = await typed(
      world.folder,
      'printf "one\\ntwo\\n" | $THREADBOX exec base --json -- wc -l',
      world.env,
    );
    assert.equal(code, 0);
    const command = ["wc", "-l"];
    assert.deepEqual(JSON.parse(stdout), { sandbox: "base", command, stdout: "2\n", stderr: "", exitCode: 0 });
  });

  test("a folder is copied in, and out again under another name", async () => {
    const { path } = world.folder;
    mkdirSync(join(path, "notes/deep"), { recursive: true });
    writeFileSync(join(path, "notes/deep/todo.txt"), "golden\n");
    const { stdout } = await ran("cp", "notes", "base:");
    assert.match(stdout, /^Copied notes to base:.*\/workspace\/notes \(7 B\)\.\n$/);
    await ran("cp", "base:notes", "copied");
    assert.equal(readFileSync(join(path, "copied/deep/todo.txt"), "utf8"), "golden\n");
  });

  test("its files are kept under a label, and another one starts from that", async () => {
    assert.match(
      (await ran("snapshot", "base", "--label", "golden")).stdout,
      /^base is kept as the snapshot golden\.\n/,
    );
    await ran("fork", "golden", "--name", "issue-123");
    assert.equal((await ran("exec", "issue", "--", "cat", "notes/deep/todo.txt")).stdout, "golden\n");
  });

  test("a sandbox that runs is forked as it is now, and leaves no snapshot behind", async () => {
    const { name } = documentOf(await ran("fork", "base", "--json"));
    assert.match(String(name), /^[a-z]+-[a-z]+$/);
    assert.equal((await ran("exec", String(name), "--", "cat", "notes/deep/todo.txt")).stdout, "golden\n");
    assert.deepEqual(
      (await listed("snapshots")).map(({ label }) => label),
      ["golden"],
    );
    await ran("destroy", String(name));
  });

  test("the list has all of them, and the JSON everything that is known", async () => {
    const { stdout } = await ran("list");
    assert.match(stdout, /^SANDBOX +OF +STATE +REPOSITORY +AGE +ENDS\nbase +person +running +- +now +-$/m);
    assert.match(stdout, /^SNAPSHOT +REPOSITORY +AGE +EXPIRES\ngolden +- +now +never$/m);
    const [base, issue, ...more] = await listed("sandboxes");
    assert.deepEqual(more, []);
    assert.equal(issue?.name, "issue-123");
    const { url, createdAt, ...rest } = base ?? {};
    assert.match(String(url), /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.ok(Date.parse(String(createdAt)) > 0);
    const nothing = { session: null, repository: null, prepared: null, endsAt: null };
    assert.deepEqual(rest, {
      ...{ name: "base", of: "person", state: "running", runs: true, orphan: false, provider: "local" },
      ...nothing,
    });
    const [golden] = await listed("snapshots");
    assert.deepEqual([golden?.label, golden?.expiresAt, golden?.expired], ["golden", null, false]);
  });

  test("a label is given to a newer snapshot only with --replace", async () => {
    await ran("exec", "base", "--", "sh", "-c", "echo newer >notes/deep/todo.txt");
    const refused = await world.folder.run(["snapshot", "base", "--label", "golden"], world.env);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /There is a snapshot golden already\. Choose another label, or say --replace/);
    await ran("snapshot", "base", "--label", "golden", "--replace");
    await ran("create", "--from-snapshot", "gold", "--name", "second");
    assert.equal((await ran("exec", "second", "--", "cat", "notes/deep/todo.txt")).stdout, "newer\n");
  });

  test("its daemon is looked at with a token, by the very line that is printed", async () => {
    const opened = documentOf(await ran("open", "base", "--ttl", "5", "--json"));
    assert.equal(opened.scope, "observer");
    const { stream } = opened.curl as { stream: string };
    const { stdout } = await typed(world.folder, stream.replace("&follow=1", "").replace("curl", "curl -s"));
    assert.match(stdout, /"type":"daemon\.started"/);
    const prompt = await fetch(`${opened.url}/abort`, {
      method: "POST",
      headers: { authorization: `Bearer ${opened.token}`, "content-type": "application/json" },
      body: "{}",
    });
    assert.equal(prompt.status, 403);
  });

  test("with a control token the daemon is driven by hand", async () => {
    const opened = documentOf(await ran("open", "base", "--control", "--json"));
    const { prompt } = opened.curl as { prompt: string };
    const { stdout } = await typed(world.folder, prompt);
    assert.match(stdout, /"disposition":"started"/);
  });

  test("logs shows what its daemon logged", async () => {
    assert.match((await ran("logs", "base")).stdout, /"daemon\.started"/);
  });

  test("a bare machine gets its daemon when somebody wants to see it", async () => {
    await ran("create", "--name", "bare", "--no-daemon");
    assert.equal((await ran("logs", "bare")).stdout, "The daemon has logged nothing.\n");
    await ran("open", "bare");
    assert.match((await ran("logs", "bare")).stdout, /"daemon\.started"/);
  });

  test("everything is destroyed, and then there is nothing", async () => {
    for (const name of ["base", "threadbox-issue-123", "sec", "bare"]) await ran("destroy", name);
    await ran("destroy", "--snapshot", "golden");
    assert.deepEqual([await listed("sandboxes"), await listed("snapshots")], [[], []]);
  });
});
