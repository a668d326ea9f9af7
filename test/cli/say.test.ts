import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { FIXED } from "../../src/cli/demo-repository.ts";
import { type ScriptedModel, scriptedModel } from "../../src/cli/scripted-model.ts";
import { type TestDatabase, testDatabase } from "../database.ts";
import { type Child, documentOf, type Env, newFolder } from "./threadbox.ts";

const folder = newFolder();
let model: ScriptedModel;
let database: TestDatabase;
let env: Env;

before(async () => {
  model = await scriptedModel([
    {
      when: /test fails/,
      steps: [{ calls: [{ tool: "write", with: { path: "src/add.js", content: FIXED } }] }, { says: "It adds now." }],
    },
    { when: /for ever/, steps: [{ calls: [{ tool: "bash", with: { command: "sleep 600" } }] }, { says: "Done." }] },
  ]);
  database = await testDatabase();
  const { host, user, database: name } = database.connection as { host: string; user: string; database: string };
  env = {
    PORT: "0",
    DATABASE_URL: `postgres:///${name}?user=${user}&host=${encodeURIComponent(host)}`,
    ANTHROPIC_API_KEY: "scripted",
    ANTHROPIC_BASE_URL: model.url,
  };
});
after(async () => {
  await folder.remove();
  await database.drop();
  await model.close();
});

const threadOf = (stdout: string): string => /say --thread (\S+) /.exec(stdout)?.[1] ?? "";

interface Listed {
  id: string;
  title: string;
  state: string;
  branch: string | null;
}

async function sessions(): Promise<Listed[]> {
  const { sessions: listed } = documentOf(await folder.run(["sessions", "--json"], env)) as { sessions: Listed[] };
  return listed;
}

const onlySession = async (title: RegExp): Promise<Listed> => {
  const [found, ...more] = (await sessions()).filter((session) => title.test(session.title));
  assert.ok(found && more.length === 0, `not one session called ${title}`);
  return found;
};

/** Listens; the variables for those who want to speak to it are `env` with its port. */
async function startBot(): Promise<{ child: Child; env: Env }> {
  const child = folder.start(["start", "--json"], env);
  const { url } = JSON.parse(await child.printed("\n}\n")) as { url: string };
  return { child, env: { ...env, PORT: new URL(url).port } };
}

async function stopBot({ child }: { child: Child }): Promise<void> {
  child.process.kill("SIGTERM");
  assert.equal((await child.ended).code, 0);
}

describe("a thread from a terminal", { timeout: 120_000 }, () => {
  let thread = "";
  let branch = "";

  test("is answered by a bot that lives as long as the turn", async () => {
    const { code, stdout, stderr } = await folder.run(["say", "the test fails, please fix it"], env);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /✓ write src\/add\.js {2}ok\n/);
    assert.match(stdout, /✓ Done\n\nIt adds now\.\n/);
    branch = /Branch +(\S+)/.exec(stdout)?.[1] ?? "";
    thread = threadOf(stdout);
    const session = await onlySession(/test fails/);
    assert.deepEqual([session.state, session.branch], ["asleep", branch]);
  });

  test("goes on by its id, in the same session", async () => {
    const ran = await folder.run(["say", "--json", "--thread", thread, "the test fails again"], env);
    assert.equal(ran.code, 0, ran.stderr);
    const { session, commit: _commit, ...heard } = documentOf(ran);
    assert.equal(session, (await onlySession(/test fails/)).id);
    assert.deepEqual(heard, {
      ...{ ok: true, thread, outcome: "done", answer: "It adds now.", failure: null, branch, pullRequest: null },
    });
    assert.match(ran.stderr, /It adds now\./);
  });

  test("goes on at a bot that was started since, in the same session", async () => {
    const bot = await startBot();
    const { code, stdout, stderr } = await folder.run(["say", "--thread", thread, "the test fails still"], bot.env);
    await stopBot(bot);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /✓ Done\n\nIt adds now\.\n/);
    assert.equal(threadOf(stdout), thread);
    assert.equal((await onlySession(/test fails/)).branch, branch);
  });

  test("can be read later, by the beginning of its session's id", async () => {
    const { id } = await onlySession(/test fails/);
    const { code, stdout } = await folder.run(["logs", id.slice(0, 6)], env);
    assert.equal(code, 0);
    assert.equal(stdout.match(/^> .*: the test fails/gm)?.length, 3);
    assert.match(stdout, /^✓ write src\/add\.js$/m);
    assert.match(stdout, new RegExp(`^↑ pushed ${branch} `, "m"));
    assert.equal(stdout.match(/^It adds now\.\n✓ done in \d+ s$|^It adds now\.$/gm)?.length, 3);
    const { entries, turns } = documentOf(await folder.run(["logs", id, "--json"], env)) as Record<string, unknown[]>;
    assert.equal(turns?.length, 3);
    assert.ok((entries?.length ?? 0) > 10);
  });

  const withoutTurn: [string, string[], number, RegExp][] = [
    ["help is help, and no failure", ["help"], 0, /`stop`, `status`, `retry`, `help`/],
    ["a repository that nobody knows is a failure", ["--repo", "acme/none", "do it"], 1, /do not know .*"acme\/none"/],
    ["an agent that nobody knows is a failure", ["agent=none", "do", "it"], 1, /There is no agent "none"/],
    ["a thread that nobody knows is a failure", ["--thread", "none", "do it"], 1, /^$/],
  ];
  for (const [name, args, code, shown] of withoutTurn) {
    test(name, async () => {
      const ran = await folder.run(["say", ...args], env);
      assert.equal(ran.code, code, ran.stdout + ran.stderr);
      assert.match(ran.stdout, shown);
    });
  }
});

describe("a turn that takes for ever", { timeout: 120_000 }, () => {
  test("is stopped with Ctrl-C", async () => {
    const say = folder.start(["say", "go on for ever"], env);
    await say.printed("sleep 600");
    say.process.kill("SIGINT");
    const { code, stdout, stderr } = await say.ended;
    assert.equal(code, 1);
    assert.match(stdout, /■ Stopped by /);
    assert.match(stderr, /Saying stop; press Ctrl-C again to leave at once\./);
  });

  test("is stopped by its session's id, while others watch", async () => {
    const bot = await startBot();
    const say = folder.start(["say", "sleep for ever"], bot.env);
    await say.printed("… sleep 600");
    const { id, state } = await onlySession(/sleep for ever/);
    assert.equal(state, "working");
    const logs = folder.start(["logs", id, "--follow"], env);
    await logs.printed("> web user: sleep for ever");
    const stop = await folder.run(["stop", id], env);
    assert.deepEqual([stop.code, stop.stdout], [0, `Told ${id} to stop.\n`]);
    const [said, read] = [await say.ended, await logs.ended];
    assert.equal(said.code, 1);
    assert.match(said.stdout, /■ Stopped by /);
    assert.equal(read.code, 0);
    assert.match(read.stdout, /■ stopped in \d+ s\n$/);
    const again = await folder.run(["stop", id], env);
    assert.deepEqual([again.code, again.stdout], [0, `Nothing is running in ${id}.\n`]);
    await stopBot(bot);
  });

  test("is stopped by the next bot when its own has died", async () => {
    const bot = await startBot();
    const say = folder.start(["say", "wait for ever"], bot.env);
    await say.printed("… sleep 600");
    bot.child.process.kill("SIGKILL");
    await bot.child.ended;
    say.process.kill("SIGTERM");
    say.process.kill("SIGINT");
    assert.equal((await say.ended).code, 130);
    const { id } = await onlySession(/wait for ever/);
    const stop = documentOf(await folder.run(["stop", id, "--json"], env));
    assert.deepEqual(stop, { ok: true, session: id, stopped: true, botRunning: false });
    const next = await startBot();
    const { stdout } = await folder.run(["logs", id, "--follow"], env);
    assert.match(stdout, /■ stopped in \d+ s\n$/);
    await stopBot(next);
  });
});

describe("start", { timeout: 60_000 }, () => {
  test("prints what it runs on, and leaves a taken port alone", async () => {
    const bot = await startBot();
    const first = folder.start(["start"], { ...env, PORT: "0" });
    const shown = await first.printed("Ctrl-C stops it.");
    for (const what of ["surfaces", "provider", "agent", "model", "database", "repositories"])
      assert.match(shown, new RegExp(`^ {2}${what} {2,}\\S`, "m"));
    assert.match(shown, /^Threadbox answers at http:\/\/127\.0\.0\.1:\d+\n/);
    assert.match(shown, /There is no threadbox\.yml/);
    assert.doesNotMatch(shown, /scripted$/m);
    await stopBot({ child: first });

    const second = await folder.run(["start"], { ...bot.env, LOG_LEVEL: "warn" });
    assert.equal(second.code, 1);
    assert.match(second.stderr, /^threadbox: Port \d+ is taken\. Set PORT to another one\. .*\n$/);
    await stopBot(bot);
  });
});
