/** The sandboxes of sessions, from an operator's side. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type ScriptedFolder, scriptedFolder } from "./scripted-folder.ts";
import { onTerminal } from "./terminal.ts";
import { type Child, documentOf, type Ran } from "./threadbox.ts";

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

async function sandboxOf(session: string): Promise<Record<string, unknown> | undefined> {
  const { sandboxes } = documentOf(await ran("list", "--json")) as { sandboxes: Record<string, unknown>[] };
  return sandboxes.find((sandbox) => sandbox.session === session);
}

describe("a session that sleeps", { timeout: 240_000 }, () => {
  let id: string;
  before(async () => {
    const said = await world.folder.run(["say", "--json", "the test fails"], world.env);
    id = String(documentOf(said).session);
  });

  test("stands in the list", async () => {
    const { state, of, runs, repository } = (await sandboxOf(id)) ?? {};
    assert.deepEqual([state, of, runs, repository], ["asleep", "session", false, "demo/calculator"]);
  });

  test("cannot be gone into, but its files can be looked at in a fork", async () => {
    const refused = await world.folder.run(["exec", id.slice(0, 6), "--", "true"], world.env);
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      new RegExp(`^threadbox: The sandbox of session ${id} sleeps\\. .*threadbox fork ${id}`),
    );
    await ran("fork", id, "--name", "look");
    const { stdout } = await ran("exec", "look", "--", "cat", "calculator/src/add.js");
    assert.match(stdout, /return a \+ b/);
    await ran("destroy", "look");
  });

  test("has its transcript under its sandbox's name, too", async () => {
    const { stdout } = await ran("logs", `threadbox-${id}`);
    assert.match(stdout, /> .*: the test fails\n/);
  });

  test("loses its files when its sandbox is destroyed", async () => {
    assert.equal((await ran("destroy", id)).stdout, `${id} is gone.\n`);
    const forked = await world.folder.run(["fork", id], world.env);
    assert.equal(forked.code, 1);
    assert.match(forked.stderr, new RegExp(`Session ${id} has no running sandbox\\.`));
    const { stdout } = await ran("sessions", "--json");
    assert.match(stdout, /"state": "no sandbox"/);
  });
});

describe("a session that works", { timeout: 240_000 }, () => {
  let say: Child;
  let id: string;
  before(async () => {
    say = world.folder.start(["say", "go on for ever"], world.env);
    await say.printed("… sleep 600");
    id = (await world.session(/for ever/)).id;
  });
  after(async () => {
    if (say.process.exitCode !== null) return;
    say.process.kill("SIGINT");
    await say.ended;
  });

  test("stands in the list as working, and commands run in its sandbox", async () => {
    const { state, runs } = (await sandboxOf(id)) ?? {};
    assert.deepEqual([state, runs], ["working", true]);
    assert.match((await ran("exec", id, "--", "ls")).stdout, /^calculator\n/);
  });

  test("is not destroyed without a word, where nobody can be asked", async () => {
    const { code, stderr } = await world.folder.run(["destroy", id], world.env);
    assert.equal(code, 1);
    const message = `A turn of session ${id} runs in ${id}. Wait, write \`stop\` in its thread, or say \`--yes\`.`;
    assert.equal(stderr, `threadbox: ${message}\n`);
  });

  test("is not destroyed when somebody is asked and says no", async () => {
    const { code, stdout } = await onTerminal(world.folder, `$THREADBOX destroy ${id}`, {
      keys: "n\n",
      env: world.env,
    });
    assert.equal(code, 1);
    assert.match(stdout, /Destroy it all the same\? \[y\/N\]/);
    assert.match(stdout, /Nothing was destroyed\./);
    assert.equal((await sandboxOf(id))?.state, "working");
  });

  test("is not destroyed when somebody presses ctrl-c instead of an answer", async () => {
    const { code, stdout } = await onTerminal(world.folder, `$THREADBOX destroy ${id}`, {
      keys: "\u0003",
      after: "[y/N]",
      env: world.env,
    });
    assert.equal(code, 130);
    assert.match(stdout, /threadbox: Interrupted\. Nothing was done\./);
    assert.equal((await sandboxOf(id))?.state, "working");
  });

  test("is watched until ctrl-c", async () => {
    const logs = world.folder.start(["logs", id, "--follow"], world.env);
    await logs.printed("go on for ever");
    logs.process.kill("SIGINT");
    assert.equal((await logs.ended).code, 130);
  });

  test("is destroyed with --yes", async () => {
    assert.equal((await ran("destroy", id, "--yes")).stdout, `${id} is gone.\n`);
  });

  test("then its turn is over, which its thread says, and nothing is left of its sandbox", async () => {
    const { stdout } = await say.ended;
    assert.match(stdout, /[Ss]topped by .*, who destroyed the sandbox/);
    assert.deepEqual(await sandboxOf(id), undefined);
  });
});
