import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type ScriptedFolder, scriptedFolder } from "./scripted-folder.ts";
import { documentOf } from "./threadbox.ts";

let world: ScriptedFolder;
before(async () => {
  world = await scriptedFolder();
});
after(() => world.close());

const threadOf = (stdout: string): string => /say --thread (\S+) /.exec(stdout)?.[1] ?? "";

describe("a thread from a terminal", { timeout: 240_000 }, () => {
  let thread = "";
  let branch = "";

  test("is answered by a bot that lives as long as the turn", async () => {
    const { code, stdout, stderr } = await world.folder.run(["say", "the test fails, please fix it"], world.env);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /✓ write src\/add\.js {2}ok\n/);
    assert.match(stdout, /✓ Done\n\nIt adds now\.\n/);
    branch = /Branch +(\S+)/.exec(stdout)?.[1] ?? "";
    thread = threadOf(stdout);
    const session = await world.session(/test fails/);
    assert.deepEqual([session.state, session.branch], ["asleep", branch]);
  });

  test("has the repository for trying out also where threadbox.yml names agents and limits alone", async () => {
    const file = join(world.folder.path, "threadbox.yml");
    writeFileSync(file, "agents: [{ name: pi }]\nlimits: { dollarsPerDay: 5 }\n");
    const { code, stdout, stderr } = await world.folder.run(["say", "what is this?"], world.env);
    rmSync(file);
    assert.equal(code, 0, stdout + stderr);
  });

  test("goes on by its id, in the same session", async () => {
    const ran = await world.folder.run(["say", "--json", "--thread", thread, "the test fails again"], world.env);
    assert.equal(ran.code, 0, ran.stderr);
    const { session, commit: _commit, ...heard } = documentOf(ran);
    assert.equal(session, (await world.session(/test fails/)).id);
    assert.deepEqual(heard, {
      ...{ ok: true, thread, outcome: "done", answer: "It adds now.", failure: null, branch, pullRequest: null },
    });
    assert.match(ran.stderr, /It adds now\./);
  });

  test("goes on at a bot that was started since, in the same session", async () => {
    const bot = await world.startBot();
    const { code, stdout, stderr } = await world.folder.run(
      ["say", "--thread", thread, "the test fails still"],
      bot.env,
    );
    await bot.stop();
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /✓ Done\n\nIt adds now\.\n/);
    assert.equal(threadOf(stdout), thread);
    assert.equal((await world.session(/test fails/)).branch, branch);
  });

  test("can be read later, by the beginning of its session's id", async () => {
    const { id } = await world.session(/test fails/);
    const { code, stdout } = await world.folder.run(["logs", id.slice(0, 6)], world.env);
    assert.equal(code, 0);
    assert.equal(stdout.match(/^> .*: the test fails/gm)?.length, 3);
    assert.match(stdout, /^✓ write src\/add\.js$/m);
    assert.match(stdout, new RegExp(`^↑ pushed ${branch} `, "m"));
    assert.equal(stdout.match(/^✓ done in \d+ s$/gm)?.length, 3);
    const { entries, turns } = documentOf(await world.folder.run(["logs", id, "--json"], world.env));
    assert.ok(Array.isArray(turns) && Array.isArray(entries));
    assert.equal(turns.length, 3);
    assert.equal(entries.filter(({ event }) => event.type === "turn.ended").length, 3);
    assert.equal(entries.filter(({ event }) => event.type === "agent.raw").length, 0);
  });

  test("can be read in the agent's own words, from any place on", async () => {
    const { id } = await world.session(/test fails/);
    const logs = (...more: string[]) => world.folder.run(["logs", id, ...more], world.env);
    const types = ({ stdout }: { stdout: string }): unknown[] =>
      stdout.split("\n").flatMap((line) => (line ? [JSON.parse(line).type] : []));
    const raw = await logs("--raw");
    assert.equal(raw.code, 0, raw.stderr);
    const all = types(raw);
    assert.equal(all.filter((type) => type === "agent_settled").length, 3);
    assert.ok(all.includes("tool_execution_end"));
    const whole = documentOf(await logs("--raw", "--json"));
    const entries = whole.entries as { cursor: number; event: { type: string } }[];
    assert.equal(entries.filter(({ event }) => event.type === "agent.raw").length, all.length);
    const end = raw.stderr.match(/^To go on from here: --from (\d+)$/m)?.[1];
    assert.equal(Number(end), entries.at(-1)?.cursor);
    assert.equal(whole.cursor, Number(end));
    assert.deepEqual(types(await logs("--raw", "--from", `${end}`)), []);
    const middle = entries.findIndex(({ event }) => event.type === "turn.ended");
    const rest = documentOf(await logs("--raw", "--json", "--from", `${entries[middle]?.cursor}`));
    assert.deepEqual(rest.entries, entries.slice(middle + 1));
    assert.match((await logs("--from", "x")).stderr, /a whole number/);
  });
});

describe("words that start no turn", { timeout: 240_000 }, () => {
  const words: [string, string[], number, RegExp, RegExp][] = [
    ["help is help, and no failure", ["help"], 0, /`stop`, `status`, `retry`, `help`/, /^$/],
    ["an unknown repository is a failure", ["--repo", "a/b", "do it"], 1, /do not know the repository "a\/b"/, /^$/],
    ["an unknown thread is a failure", ["--thread", "none", "do it"], 1, /^$/, /There is no thread none\./],
    ["nothing is nothing to say", [" "], 1, /^$/, /There is nothing to say\./],
  ];
  for (const [name, args, code, shown, told] of words) {
    test(name, async () => {
      const ran = await world.folder.run(["say", ...args], world.env);
      assert.equal(ran.code, code, ran.stdout + ran.stderr);
      assert.match(ran.stdout, shown);
      assert.match(ran.stderr, told);
    });
  }

  test("are not lost when a bot that cannot be found at its port answers them", async () => {
    const bot = await world.startBot();
    const help = await world.folder.run(["say", "help"], world.env);
    const unknown = await world.folder.run(["say", "--repo", "a/b", "do it"], world.env);
    await bot.stop();
    assert.match(help.stdout, /`stop`, `status`, `retry`, `help`/);
    assert.match(unknown.stdout, /do not know the repository "a\/b"/);
  });

  test("a running bot answers them just so", async () => {
    const bot = await world.startBot();
    const help = await world.folder.run(["say", "help"], bot.env);
    const unknown = await world.folder.run(["say", "--repo", "a/b", "do it"], bot.env);
    const nowhere = await world.folder.run(["say", "--thread", "none", "do it"], bot.env);
    await bot.stop();
    assert.deepEqual([help.code, unknown.code, nowhere.code], [0, 1, 1]);
    assert.match(help.stdout, /stop, status, retry, help/);
    assert.match(unknown.stdout, /do not know the repository "a\/b"/);
    assert.match(nowhere.stderr, /There is no thread none\./);
  });
});
