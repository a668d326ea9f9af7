/** What cannot be done is told in one line, with its cause and what to do; and nothing of it stays. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type GitRemote, serveGit } from "../../src/cli/demo-git.ts";
import { DEMO_NAME, makeDemoRepository } from "../../src/cli/demo-repository.ts";
import { localProvider } from "../../src/sandboxes/local.ts";
import { openDatabase } from "../../src/store/database.ts";
import { sandboxQuestions } from "../../src/store/sandboxes.ts";
import { until } from "../contracts/provider.ts";
import { quiet } from "../quiet.ts";
import { type ScriptedFolder, scriptedFolder } from "./scripted-folder.ts";
import { documentOf, type Ran } from "./threadbox.ts";

let world: ScriptedFolder;
let remote: GitRemote;
before(async () => {
  world = await scriptedFolder();
  const root = join(world.folder.path, "git");
  makeDemoRepository(root);
  remote = await serveGit(root);
  const repository = (name: string, setup: string) =>
    `  - { name: ${name}, url: "${remote.url}/${DEMO_NAME}.git", base: main, setup: "${setup}" }\n`;
  const listed = [repository("acme/ready", "echo prepared >prepared.txt"), repository("acme/slow", "sleep 600")];
  const broken = [repository("acme/broken", "echo no such thing >&2; exit 3")];
  writeFileSync(join(world.folder.path, "threadbox.yml"), `repositories:\n${[...listed, ...broken].join("")}`);
  await ran("create", "--name", "calm-otter");
  await ran("create", "--name", "calm-heron");
  await ran("snapshot", "calm-otter", "--label", "golden");
  await withStore(async (store) => {
    const of = { provider: "local", repository: null, prepared: null };
    await store.addSnapshot({
      ...of,
      label: "old",
      token: "snapshot:old",
      expiresAt: new Date("2020-01-01T00:00:00Z"),
    });
    await store.addSnapshot({ ...of, label: "lost", token: "snapshot:lost", expiresAt: null });
    await store.addSnapshot({ ...of, label: "far", provider: "modal", token: "im-1", expiresAt: null });
    await store.addSandbox({ ...of, name: "threadbox-ended", kind: "person" });
  });
});
after(async () => {
  await remote.close();
  await world.close();
});

async function withStore(work: (store: ReturnType<typeof sandboxQuestions>) => Promise<unknown>): Promise<void> {
  const { db, close } = openDatabase({ connectionString: world.env.DATABASE_URL ?? "" }, 1, quiet);
  await work(sandboxQuestions(db));
  await close();
}

async function ran(...args: string[]): Promise<Ran> {
  const done = await world.folder.run(args, world.env);
  assert.equal(done.code, 0, done.stderr);
  return done;
}

const KNOWN = ["calm-otter", "calm-heron", "ended"];

async function names(): Promise<string[]> {
  const { sandboxes } = documentOf(await ran("list", "--sandboxes", "--json")) as { sandboxes: { name: string }[] };
  return sandboxes.map(({ name }) => name);
}

describe("a refusal", { timeout: 240_000, concurrency: 3 }, () => {
  const SHOWS = "`threadbox list` shows the sandboxes and snapshots that there are.";
  const refusals: [string, string[], string][] = [
    ["an unknown sandbox", ["exec", "nobody", "--", "true"], `There is no sandbox "nobody". ${SHOWS}`],
    ["an unknown snapshot", ["create", "--from-snapshot", "none"], `There is no snapshot "none". ${SHOWS}`],
    ["nothing to fork", ["fork", "none"], `There is no snapshot and no sandbox "none". ${SHOWS}`],
    [
      "a name that can mean two",
      ["exec", "calm", "--", "true"],
      '"calm" can mean calm-otter, calm-heron. Type more of the name; `threadbox list` shows them.',
    ],
    [
      "a name that is taken",
      ["create", "--name", "calm-otter"],
      "There is a sandbox calm-otter. Choose another name, or destroy that one first: `threadbox destroy`.",
    ],
    [
      "a name that none can have",
      ["fork", "golden", "--name", "../x"],
      '"../x" cannot be the name of a sandbox. Use small letters, digits and - between them, at most 40.',
    ],
    [
      "a label that is taken",
      ["snapshot", "calm-otter", "--label", "golden"],
      "There is a snapshot golden already. Choose another label, or say --replace to give the label to the new one.",
    ],
    [
      "an expired snapshot",
      ["fork", "old"],
      "The snapshot old expired on 2020-01-01T00:00:00.000Z. The files were deleted, by somebody or by the provider after `modal.snapshotDays` (threadbox.yml). Make the snapshot anew.",
    ],
    [
      "a snapshot whose files are gone",
      ["fork", "lost", "--name", "issue-1"],
      "The files of the snapshot lost are gone. The files were deleted, by somebody or by the provider after `modal.snapshotDays` (threadbox.yml). Make the snapshot anew.",
    ],
    [
      "another provider's snapshot",
      ["fork", "far"],
      "The snapshot far is one of the provider modal, and local is set. Set THREADBOX_PROVIDER=modal.",
    ],
    [
      "a sandbox that has ended",
      ["exec", "ended", "--", "true"],
      "The sandbox ended does not run any more. Start another from what it has left, if that is still there: `threadbox fork ended`; or forget it: `threadbox destroy ended`.",
    ],
    [
      "an unknown repository",
      ["create", "--repo", "acme/none"],
      "No repository is called acme/none; there are: acme/ready, acme/slow, acme/broken. Name one with `repo=owner/name`, or add it to threadbox.yml.",
    ],
    [
      "a shell without a terminal",
      ["shell", "calm-otter"],
      "This is no terminal, and a shell needs one. Use: threadbox exec calm-otter -- COMMAND",
    ],
    [
      "a copy between two places here",
      ["cp", "a", "./b:c"],
      "Neither side is in a sandbox. One of them is SANDBOX:PATH, the other a path here.",
    ],
    ["a copy of nothing", ["cp", "none", "calm-otter:"], "There is no none here. Check the path."],
    [
      "a copy of nothing in there",
      ["cp", "calm-otter:/none", "."],
      "It could not be read there: there is no /none. Check the path in the sandbox.",
    ],
    [
      "a control token for ever",
      ["open", "calm-otter", "--control", "--ttl", "90"],
      "A control token always lives 10 minutes. Leave --ttl out.",
    ],
  ];
  for (const [name, args, message] of refusals) {
    test(`of ${name} says why and what to do`, async () => {
      const { code, stdout, stderr } = await world.folder.run(args, world.env);
      const told = stderr.split("\n").filter((line) => line !== "" && !line.startsWith("· "));
      assert.deepEqual([code, stdout, told], [1, "", [`threadbox: ${message}`]]);
    });
  }
});

describe("after refusals", { timeout: 240_000 }, () => {
  test("one is one document with --json", async () => {
    const refused = await world.folder.run(["destroy", "nobody", "--json"], world.env);
    const { ok, error } = documentOf(refused) as { ok: boolean; error: { code: string } };
    assert.deepEqual([refused.code, ok, error.code], [1, false, "sandbox.unknown"]);
  });

  test("nothing is left behind", async () => {
    assert.deepEqual(await names(), KNOWN);
    assert.deepEqual(machines(), ["threadbox-calm-heron", "threadbox-calm-otter"]);
  });

  test("a sandbox that does not run any more goes on in a fork", async () => {
    await ran("create", "--name", "rebooted");
    await ran("exec", "rebooted", "--", "sh", "-c", "echo mine >file");
    await localProvider({ home: world.folder.home, log: quiet }).sleep("threadbox-rebooted");
    assert.equal((await world.folder.run(["exec", "rebooted", "--", "true"], world.env)).code, 1);
    await ran("fork", "rebooted", "--name", "again");
    assert.equal((await ran("exec", "again", "--", "cat", "file")).stdout, "mine\n");
    for (const name of ["rebooted", "again"]) await ran("destroy", name);
  });

  test("a sandbox that is destroyed in the middle of a command says so", async () => {
    await ran("create", "--name", "short-lived");
    const exec = world.folder.start(["exec", "short-lived", "--", "sh", "-c", "echo begun; sleep 600"], world.env);
    await exec.printed("begun");
    await ran("destroy", "short-lived");
    const { code, stderr } = await exec.ended;
    assert.equal(code, 1);
    assert.match(stderr, /^threadbox: .*short-lived.* It was ended meanwhile; `threadbox list` shows what runs\.\n$/);
  });
});

/** Folders of the local provider. */
const machines = (): string[] =>
  readdirSync(join(world.folder.home, "sandboxes"))
    .filter((name) => name.startsWith("threadbox-"))
    .sort();

describe("a sandbox with a repository", { timeout: 240_000 }, () => {
  test("is ready when its setup command has run, on a branch of its own", async () => {
    const { stderr } = await ran("create", "--name", "issue-7", "--repo", "ready");
    const steps = ["starting the sandbox", "starting the daemon", "repository acme/ready"];
    const inside = ["cloning acme/ready", "running the setup command of acme/ready"];
    assert.equal(stderr, [...steps, ...inside].map((step) => `· ${step}\n`).join(""));
    const { stdout } = await ran(
      "exec",
      "issue-7",
      "--",
      "sh",
      "-c",
      "cd ready; cat prepared.txt; git branch --show-current",
    );
    assert.equal(stdout, "prepared\nthreadbox/issue-7\n");
    await ran("destroy", "issue-7");
  });

  test("whose setup command fails is taken back, and the command's words are told", async () => {
    const { code, stderr } = await world.folder.run(["create", "--name", "bad", "--repo", "acme/broken"], world.env);
    assert.equal(code, 1);
    assert.match(stderr, /^threadbox: acme\/broken: It ended with code 3: no such thing\. /m);
    assert.deepEqual([await names(), machines().includes("threadbox-bad")], [KNOWN, false]);
  });

  test("that is interrupted with ctrl-c is taken back", async () => {
    const create = world.folder.start(["create", "--name", "slow", "--repo", "acme/slow"], world.env);
    await until(async () => (await world.folder.run(["exec", "slow", "--", "ls", "slow"], world.env)).stdout !== "");
    create.process.kill("SIGINT");
    const { code, stdout, stderr } = await create.ended;
    assert.deepEqual([code, stdout], [130, ""]);
    assert.match(stderr, /^Taking back what was started; press Ctrl-C again to leave at once\.$/m);
    assert.match(stderr, /^threadbox: Interrupted\. Run it again when you want it\.$/m);
    assert.deepEqual([await names(), machines().includes("threadbox-slow")], [KNOWN, false]);
  });

  test("that nobody could take back stands in the list, and can be destroyed", async () => {
    const create = world.folder.start(["create", "--name", "slow", "--repo", "acme/slow"], world.env);
    await until(async () => (await world.folder.run(["exec", "slow", "--", "ls", "slow"], world.env)).stdout !== "");
    create.process.kill("SIGKILL");
    await once(create.process, "close");
    assert.deepEqual(await names(), [...KNOWN, "slow"]);
    await ran("destroy", "slow");
    assert.deepEqual([await names(), machines().includes("threadbox-slow")], [KNOWN, false]);
  });

  test("that runs and that nobody knows is marked, and can be destroyed", async () => {
    await withStore((store) => store.forgetSandbox(null, "threadbox-calm-heron"));
    const { stdout } = await ran("list", "--sandboxes");
    assert.match(stdout, /^calm-heron ! +- +running .*$/m);
    assert.match(stdout, /^! runs, and belongs to nobody\./m);
    const taken = await world.folder.run(["create", "--name", "calm-heron"], world.env);
    assert.match(taken.stderr, /There is a sandbox calm-heron\./);
    await ran("destroy", "calm-heron");
    assert.deepEqual(machines(), ["threadbox-calm-otter"]);
  });
});
